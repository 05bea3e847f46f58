"""The frame of a page: which state of the archive it shows, and who runs this archive.

`render_page` reads one frame for every page. It never looks at what the page itself shows.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlmodel import Session

from api.pages.formatting import name_code
from archive.reading import read_data_as_of
from archive.reading.as_of.moment import Moment
from archive.reading.sources.overview import count_days_crawled
from archive.store.realm import read_operator_kind, read_realm
from config.settings import DeploymentKind, Realm, Settings

DAYS_SHOWN = 28
"""The as-of line counts on how many of these last days this archive crawled a source."""

OPINION = (
    "It has no power over ads, advertisers or platforms: what it writes about an ad is its opinion, "
    "with reasons, and it can pass a case on to an authority."
)
MAY_DECIDE = {
    DeploymentKind.DEMO: "Nothing decided here has any effect: it shows how such an archive works.",
    DeploymentKind.CIVIL_SOCIETY: OPINION,
    DeploymentKind.NEWSROOM: OPINION,
    DeploymentKind.RESEARCH: OPINION,
    DeploymentKind.AUTHORITY: (
        "It decides under the laws that each decision names, and each decision says how to appeal. "
        "This site itself removes no ad anywhere."
    ),
}


@dataclass(frozen=True)
class PageFrame:
    """What the top and the bottom of a page say."""

    is_fictional: bool
    known_at: datetime | None
    """When the newest run of a source ended; `None`: this archive has not crawled yet."""
    moment: Moment
    """The moment the reader asked for."""
    at: dict[str, str | None]
    """The same as addresses carry it, field by field."""
    days_crawled: int
    days_due: int
    operator_name: str
    operator_kind: str
    operator_contact: str
    may_decide: str
    public_url: str
    cited_path: str
    """The page's permanent path, with the time it is cited for where the page can show that time."""

    @property
    def cited_at(self) -> datetime | None:
        """The time a citation of this page names."""
        return self.moment.as_of or self.known_at


def read_page_frame(
    session: Session,
    settings: Settings,
    path: str,
    now: datetime,
    moment: Moment,
    *,
    keeps_history: bool,
) -> PageFrame:
    """The frame of the page at `path`, for the archive as it is now.

    A page that can show an earlier time is cited for this very instant.
    """
    known_at = read_data_as_of(session)
    kind = read_operator_kind(session, settings)
    cited = moment
    if keeps_history and moment.as_of is None:
        cited = replace(moment, as_of=now)
    first_on = (now - timedelta(days=DAYS_SHOWN - 1)).date()
    return PageFrame(
        is_fictional=read_realm(session) is Realm.FICTIONAL,
        known_at=known_at,
        moment=moment,
        at=write_moment(moment),
        days_crawled=count_days_crawled(session, first_on, now.date()),
        days_due=DAYS_SHOWN,
        operator_name=settings.operator_name,
        operator_kind=name_code(kind),
        operator_contact=settings.operator_contact,
        may_decide=MAY_DECIDE[kind],
        public_url=settings.public_url.rstrip("/"),
        cited_path=set_query(path, **write_moment(cited)),
    )


def write_moment(moment: Moment) -> dict[str, str | None]:
    """The query fields of an address that ask for a moment; `None` takes a field away."""
    return {
        "as_of": write_time(moment.as_of) if moment.as_of else None,
        "valid_at": write_time(moment.valid_at) if moment.valid_at else None,
    }


def write_time(value: datetime) -> str:
    """An instant as addresses carry it: `2026-11-23T07:20:00Z`."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def set_query(path: str, **values: object) -> str:
    """The address with these query fields set anew; `None` takes a field away."""
    parts = urlsplit(path)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in values]
    added = [(name, str(value)) for name, value in values.items() if value is not None]
    return parts._replace(query=urlencode(kept + added)).geturl()
