"""docs/architecture.md names every room, and what it says of their order is what is enforced."""

from __future__ import annotations

import re
import tomllib

from tests.cli.program import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([\w.]+)/?` \|", PAGE, re.MULTILINE)


def test_every_room_is_in_the_table() -> None:
    rooms = {path.parent.name for path in (ROOT / "simulator").glob("*/__init__.py")}
    assert set(ROWS) == rooms


def test_the_rooms_stand_in_the_order_that_is_enforced() -> None:
    (contract,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    enforced = [re.findall(r"simulator\.(\w+)", layer) for layer in reversed(contract["layers"])]
    rank = {room: height for height, layer in enumerate(enforced) for room in layer}
    ranks = [rank[row] for row in ROWS]
    assert ranks == sorted(ranks)


def test_every_file_that_is_named_exists() -> None:
    for name in re.findall(r"`([a-z_]+/[a-z_]+\.py)`", PAGE):
        assert (ROOT / "simulator" / name).exists(), name
