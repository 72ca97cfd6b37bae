"""``python -m tests.gallery.refresh [SCENARIO ...]`` keeps today's summaries of the gallery as the expected ones.

A change of them is a change of the event stream: it belongs into the change log.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.gallery.summaries import gallery, golden_file, run_scenario, write_golden


def main() -> None:
    """Run the scenarios that the call names, or all, and keep what came out."""
    for name in sys.argv[1:] or gallery():
        before = golden_file(name).read_text(encoding="utf-8") if golden_file(name).exists() else ""
        try:
            with tempfile.TemporaryDirectory() as folder:
                write_golden(name, run_scenario(name, Path(folder)).summary)
        except pytest.skip.Exception as reason:
            print(f"{name}: skipped, {reason}")
            continue
        changed = golden_file(name).read_text(encoding="utf-8") != before
        print(f"{name}: {'changed' if changed else 'as before'}")
    for path in golden_file("x").parent.glob("*.json"):
        if path.stem not in gallery():
            path.unlink()
            print(f"{path.stem}: removed")


if __name__ == "__main__":
    main()
