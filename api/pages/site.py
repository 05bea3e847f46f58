"""What all pages share: the archive they read, the templates, and the frame around every page.

Each page module takes a `Site` from the application and answers with `render_page`. It never writes.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages.bands import draw_band, find_scale
from api.pages.frame import Frame
from api.pages.words import FILTERS
from archive.identity import ad_path
from archive.money import format_bounds

PACKAGE_DIR = Path(__file__).parent.parent
STATIC_DIR = PACKAGE_DIR / "static"

NAVIGATION = (
    ("/search", "Ads"),
    ("/spend", "Spending"),
    ("/rules", "Rules"),
    ("/decisions", "Decisions"),
    ("/sources", "Sources"),
    ("/report", "Report an ad"),
)


@dataclass(frozen=True)
class Page:
    """What one page is called, where it stays, and where its data is."""

    title: str
    path: str
    """Permanent path with its query, percent-encoded."""
    section: str = ""
    """The entry of the navigation it belongs to."""
    json: str | None = None
    csv: str | None = None
    keeps_history: bool = False
    """The page can be asked for as of an earlier time."""


def make_environment() -> Environment:
    """The templates: everything escaped, a name nobody set is an error."""
    environment = Environment(
        loader=FileSystemLoader(PACKAGE_DIR / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    environment.globals |= {
        "navigation": NAVIGATION,
        "stylesheet": locate_static("site.css"),
        "icon": locate_static("icon.svg"),
        "band": draw_band,
        "scale_of": find_scale,
        "bounds": format_bounds,
        "ad_path": ad_path,
        "with_query": set_query,
    }
    return environment


def locate_static(name: str) -> str:
    """Address of a static file, with a hash of its content so that it may be kept for ever."""
    digest = hashlib.sha256((STATIC_DIR / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def set_query(path: str, **values: object) -> str:
    """The address with these query fields set anew; `None` takes a field away."""
    parts = urlsplit(path)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in values]
    added = [(name, str(value)) for name, value in values.items() if value is not None]
    return parts._replace(query=urlencode(kept + added)).geturl()
