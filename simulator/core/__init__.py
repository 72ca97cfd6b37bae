"""What every room stands on and no domain belongs to: errors and exit codes, reproducible numerics, random
streams, identifiers, interruption, distributions, virtual time, serving on a socket. Each is a module of its own;
import from those."""

__all__ = [
    "distributions",
    "errors",
    "identifiers",
    "interruption",
    "numerics",
    "randomness",
    "serving",
    "simtime",
]
