"""What all pages share: the archive they read, the templates, and the way a page is rendered.

Each page module asks for the `Rooms` of the application and answers with `render_page`. Nothing here
writes.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlmodel import Session

from api.dependencies import Rooms
from api.errors import HEADERS_OF
from api.pages.formatting import FILTERS
from api.pages.page_frame import read_page_frame, set_query, write_moment
from api.pages.range_bar import draw_range_bar, find_scale
from api.root import lead_links
from archive.errors import cut_echo
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.corrections import KINDS, tell_both
from archive.records.identity import ad_path, split_public_id
from archive.records.money import format_bounds, format_units

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
class PageHead:
    """What one page is called, where it stays, and where its data is."""

    title: str
    path: str
    """Permanent path with its query, percent-encoded."""
    section: str = ""
    """The entry of the navigation it belongs to."""
    json: str | None = None
    """The API's address of what it shows; `None`: it shows no data."""
    rows: str | None = None
    """The address of all of it as CSV, where that is another one."""
    keeps_history: bool = False
    """The page can be asked for as of an earlier time."""
    moment: Moment = NOW
    """The moment it was asked for."""

    @property
    def csv(self) -> str | None:
        """The same for a spreadsheet: every address of data answers as CSV too."""
        return self.rows or (set_query(self.json, format="csv") if self.json else None)


def render_page(
    rooms: Rooms,
    session: Session,
    page: PageHead,
    template: str,
    status: int = 200,
    **shown: object,
) -> HTMLResponse:
    """The page as HTML; `shown` is what its template names."""
    frame = read_page_frame(
        session,
        rooms.settings,
        page.path,
        rooms.now(),
        page.moment,
        keeps_history=page.keeps_history,
    )
    body = TEMPLATES.get_template(template).render(page=page, frame=frame, status=status, **shown)
    return HTMLResponse(lead_links(body), status, HEADERS_OF.get(status))


def set_moment(path: str, moment: Moment) -> str:
    """The address of the same thing at a moment."""
    return set_query(path, **write_moment(moment))


def locate_static(name: str) -> str:
    """Address of a static file, with a hash of its content so that it may be kept for ever."""
    digest = hashlib.sha256((STATIC_DIR / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def id_path(public_id: str) -> str:
    """Permanent link of the ad with this id."""
    return ad_path(*split_public_id(public_id))


def advertiser_path(advertiser_id: str) -> str:
    """Permanent link of an advertiser within the site, percent-encoded once."""
    return f"/advertisers/{quote(advertiser_id, safe='')}"


def split_query(path: str) -> list[tuple[str, str]]:
    """The query fields of an address without its moment, for the form that sets that."""
    moment = write_moment(NOW)
    return [(name, value) for name, value in parse_qsl(urlsplit(path).query) if name not in moment]


def split_path(path: str) -> str:
    """The address without its query."""
    return urlsplit(path).path


def _make_environment() -> Environment:
    """The templates: everything escaped, a name nobody set is an error."""
    environment = Environment(
        loader=FileSystemLoader(PACKAGE_DIR / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS | {
        "address_path": split_path,
        "address_fields": split_query,
        "cut_echo": cut_echo,
    }
    environment.globals |= {
        "navigation": NAVIGATION,
        "stylesheet": locate_static("site.css"),
        "icon": locate_static("icon.svg"),
        "band": draw_range_bar,
        "correction_kinds": KINDS,
        "tell_both": tell_both,
        "scale_of": find_scale,
        "bounds": format_bounds,
        "ad_path": ad_path,
        "advertiser_path": advertiser_path,
        "id_path": id_path,
        "units": format_units,
        "with_query": set_query,
    }
    return environment


TEMPLATES = _make_environment()
