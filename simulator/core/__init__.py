"""What every room stands on and no domain belongs to: errors and exit codes, reproducible numerics, random
streams, identifiers, interruption, distributions, virtual time, lines of text, serving on a socket. Each is a
module of its own; import from those."""

__all__ = [
    "distributions",
    "errors",
    "identifiers",
    "interruption",
    "lines",
    "numerics",
    "randomness",
    "serving",
    "simtime",
]
