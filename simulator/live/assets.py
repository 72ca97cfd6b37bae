"""The files that the browser gets: our own page, and Leaflet from an installed package (the extra ``live``).

Leaflet is neither committed nor fetched: NiceGUI's wheel carries it as one ES module with its style sheet, and only
those two files are read from there. NiceGUI itself is never imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from simulator.core.errors import UsageError

PAGE = Path(__file__).parent / "page"
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
PACKAGE = "nicegui"
LEAFLET = {
    "leaflet.js": "nicegui/elements/leaflet/dist/index.js",
    "leaflet.css": "nicegui/elements/leaflet/dist/leaflet/leaflet.css",
}
EXTRA = "install the extra with it: pip install 'journeysim[live]'"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served: where it lies, and its content type."""

    path: Path
    content_type: str


def page_assets() -> dict[str, Asset]:
    """The page's own files by name (``index.html``, ``main.js``, ...); nothing else of the folder is served."""
    return {path.name: _asset(path) for path in sorted(PAGE.iterdir()) if path.suffix in CONTENT_TYPES}


def leaflet_assets() -> dict[str, Asset]:
    """``leaflet.js`` (an ES module that exports ``leaflet``) and ``leaflet.css``; UsageError where they are missing."""
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError as error:
        raise UsageError(f"the live map draws with Leaflet; {EXTRA}") from error
    found = {name: Path(str(package.locate_file(place))) for name, place in LEAFLET.items()}
    for path in found.values():
        if not path.is_file():
            raise UsageError(
                f"Leaflet is not where {PACKAGE} {package.version} should have it ({path}); {EXTRA}"
            )
    return {name: _asset(path) for name, path in found.items()}


def _asset(path: Path) -> Asset:
    return Asset(path, CONTENT_TYPES[path.suffix])
