"""``python -m simulator`` is ``journeysim``."""

from simulator.cli import main

if __name__ == "__main__":
    main()
