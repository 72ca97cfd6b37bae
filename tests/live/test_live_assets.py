"""Where the page's files and Leaflet's lie, and what is said when Leaflet is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from simulator.core.errors import UsageError
from simulator.live import assets


def test_leaflet_lies_where_the_installed_package_should_have_it() -> None:
    found = assets.leaflet_assets()
    script = found["leaflet.js"].path.read_text(encoding="utf-8")
    assert re.search(r"Leaflet 1\.9\.\d", script[:200])
    assert re.search(r"export\s*\{\s*\w+ as leaflet\s*\}", script)
    assert ".leaflet-container" in found["leaflet.css"].path.read_text(encoding="utf-8")
    assert found["leaflet.js"].content_type.startswith("text/javascript")


def test_leaflet_needs_nothing_from_elsewhere() -> None:
    script = leaflet()
    assert not re.search(r"^\s*import\b|\bimport\(", script, re.MULTILINE)
    assert "eval(" not in script
    assert "new Function" not in script


def leaflet() -> str:
    return assets.leaflet_assets()["leaflet.js"].path.read_text(encoding="utf-8")


def test_a_missing_package_is_answered_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "PACKAGE", "a-package-that-nobody-has")
    with pytest.raises(UsageError, match=r"pip install 'journeysim\[live\]'"):
        assets.leaflet_assets()


def test_a_package_without_the_files_is_answered_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "LEAFLET", {"leaflet.js": "nicegui/nowhere/index.js"})
    with pytest.raises(UsageError, match=re.escape(metadata.version("nicegui"))):
        assets.leaflet_assets()


def test_the_package_itself_is_never_imported() -> None:
    program = "import sys, simulator.live.assets as a; a.leaflet_assets(); sys.exit('nicegui' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_file_of_the_page_is_served_and_nothing_else() -> None:
    served = {asset.path for asset in assets.page_assets().values()}
    assert served == {path for path in assets.PAGE.iterdir() if not path.name.startswith(".")}
    assert all(asset.path.parent == assets.PAGE for asset in assets.page_assets().values())


def test_the_page_names_no_other_host_and_holds_no_inline_code() -> None:
    for name, asset in assets.page_assets().items():
        text = asset.path.read_text(encoding="utf-8")
        outside = set(re.findall(r"https?://[^\s\"'`)]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not outside, name
        if name.endswith(".js"):
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text), (
                name
            )
            assert not re.search(r"setAttribute\(\"style\"|\bstyle: ", text), name
        if name.endswith(".html"):
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text), name


def test_every_module_that_the_page_imports_is_there() -> None:
    files = assets.page_assets()
    for name, asset in files.items():
        text = asset.path.read_text(encoding="utf-8")
        for wanted in re.findall(r"from \"\./([^\"]+)\"", text):
            assert wanted in files, f"{name} imports {wanted}"
        for wanted in re.findall(r"\"/page/([^\"]+)\"", text):
            assert wanted in files, f"{name} names {wanted}"


def test_the_folder_of_the_page_is_part_of_the_package() -> None:
    assert Path(assets.__file__).parent == assets.PAGE.parent
