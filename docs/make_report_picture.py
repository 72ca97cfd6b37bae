"""Draws docs/images/report.png, the picture of a report: a real run whose rule has a wrong letter. Needs Chromium."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from simulator.checks import overview, read_record
from simulator.report import write_page
from simulator.run import RunOptions, prepare, run

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "scenarios" / "coupon_at_the_door.yaml"
PICTURE = ROOT / "docs" / "images" / "report.png"
WINDOW = (1040, 1125)
SCALE = 0.8


def make_page(folder: Path) -> Path:
    """The report of a run of the scenario with `POIDetail` for `poiDetail`."""
    text = SCENARIO.read_text(encoding="utf-8")
    wrong = text.replace("poiDetail.name}, ", "POIDetail.name}, ")
    assert wrong != text  # noqa: S101
    scenario = folder / SCENARIO.name
    scenario.write_text(wrong, encoding="utf-8")
    run(prepare(scenario), RunOptions(out=folder / "run"))
    page = folder / "report.html"
    write_page(overview(read_record(folder / "run")), page)
    return page


def main() -> None:
    """Draw the picture."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("needs Chromium")
    with tempfile.TemporaryDirectory() as folder:
        page = make_page(Path(folder))
        subprocess.run(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                f"--user-data-dir={folder}/profile",
                f"--window-size={WINDOW[0]},{WINDOW[1]}",
                f"--force-device-scale-factor={SCALE}",
                *(f"--screenshot={PICTURE}", page.as_uri()),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
