"""Fetches ads' pictures, videos and pages where their source's terms allow, and keeps what came.

`paidforby media fetch` and the worker call `fetch_media`. A source whose terms say nothing is left alone.
Addresses of an archive of invented data lead nowhere and are asked only at a replica (`base_url`). What
was kept is never fetched again, and nothing of it is opened but to measure it (`archive/media/pictures.py`).
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Event

from sqlalchemy import Engine

from archive.media.files import (
    FetchOutcome,
    list_due,
    list_due_again,
)
from archive.media.terms import MediaTermsScope, list_terms_scopes, write_parts
from archive.records import Allowance, QuarantineStage
from archive.records.identity import public_id
from archive.runs.crawling_stops import CrawlingStoppedError, require_crawling
from archive.runs.fence import run_fenced
from archive.runs.tries import take_alone
from archive.store.database import read, write
from archive.store.realm import claim_realm, read_realm
from archive.terminal import note
from config.settings import Realm, Settings
from scrapers.fetching.budget import Pace
from scrapers.intake.pages import Clock
from scrapers.media.download import Limits
from scrapers.media.fetcher import MediaFetcher, Pause, SourceBusyError
from scrapers.media.machine_text import Meanwhile, read_kept
from scrapers.spiders import find_spiders

ADS_PER_ROUND = 20
"""Ads of each source in one round of the worker: crawls must not wait for pictures."""

PICTURES_PER_ROUND = 20
"""Pictures in which one round of the worker reads words: each takes a second or so."""


@dataclass(frozen=True)
class MediaOrder:
    """What to fetch: which sources, at most how many ads of each, and where a replica stands in."""

    sources: frozenset[str] | None = None
    """`None`: every source."""
    most_ads: int = 100
    base_url: str = ""
    """Asked in place of every host: `https://host/path` becomes `<base_url>/host/path`."""
    again: frozenset[str] | None = None
    """Permanent ids of ads that were put aside, to be fetched once more; `None`: what is due."""


@dataclass(frozen=True)
class FetchedAddress:
    """One address that was crawled, and what that brought."""

    source: str
    ref: str
    url: str
    outcome: FetchOutcome
    is_put_aside: bool = False
    """Something nobody foresaw: the ad is left alone until it is tried again."""


def fetch_media(
    settings: Settings,
    engine: Engine,
    clock: Clock,
    order: MediaOrder,
    limits: Limits | None = None,
    pause: Pause = time.sleep,
) -> Iterator[FetchedAddress]:
    """Fetch what is due, ad by ad, and keep what may be kept; gives each address asked.

    All addresses of an ad are written down in one transaction: whoever is killed in between fetches
    that ad again, and no other.

    Raises:
        CrawlingStoppedError: if all crawling is stopped, before or meanwhile.
        RealmError: if `base_url` is given in an archive of real data.
    """
    if not _may_fetch(engine, order):
        return
    renew_terms(settings, engine)

    def require_going_on() -> None:
        with read(engine) as session:
            require_crawling(session)

    require_going_on()
    limits = replace(
        limits or Limits(),
        allow_loopback=bool(order.base_url),
        require_going_on=require_going_on,
    )
    refused = [
        error for spider in find_spiders().values() for error in spider.list_refused(settings)
    ]
    untold = {error.name for error in refused}
    for scope in list_wanted(engine, order):
        # While the file of a feed cannot be used, nothing says what it allows.
        if scope.terms.allows == Allowance.LEAVE or scope.part in untold:
            continue
        seconds = 0.0 if order.base_url else scope.seconds_between_requests
        pace = Pace(f"{scope.name}:media", seconds)
        fetcher = MediaFetcher(settings, engine, clock, pause, pace, limits, order.base_url)
        yield from _fetch_scope(fetcher, scope, order)


def keep_due_media(
    settings: Settings,
    engine: Engine,
    clock: Clock,
    is_over: Event | None = None,
    meanwhile: Meanwhile = lambda: None,
) -> int:
    """The worker's step: a few ads of each source; a full disk is caught up with later.

    Once `is_over` is set, from another thread, nothing more is begun. `meanwhile` is called after each file.
    Gives how many ads were put aside.
    """
    put_aside = set()
    try:
        # Words in what is kept are read on when nothing may be fetched.
        with suppress(CrawlingStoppedError):
            for each in fetch_media(settings, engine, clock, MediaOrder(most_ads=ADS_PER_ROUND)):
                if each.is_put_aside:
                    put_aside.add((each.source, each.ref))
                if is_over is not None and is_over.is_set():
                    return len(put_aside)
                meanwhile()
        read_kept(settings, engine, clock, PICTURES_PER_ROUND, is_over, meanwhile)
    except OSError as error:
        note(f"pictures and videos stay behind for now: {error}")
    return len(put_aside)


def _may_fetch(engine: Engine, order: MediaOrder) -> bool:
    """Whether addresses of this archive's ads lead somewhere."""
    if not order.base_url:
        with read(engine) as session:
            return read_realm(session) == Realm.REAL
    with write(engine) as session:
        claim_realm(session, Realm.FICTIONAL)
    return True


def renew_terms(settings: Settings, engine: Engine) -> None:
    """Write down what the files of the feeds say now."""
    parts = {name: spider.list_parts(settings) for name, spider in find_spiders().items()}
    if any(parts.values()):
        with write(engine) as session:
            for source, named in parts.items():
                write_parts(session, source, named)


def list_wanted(engine: Engine, order: MediaOrder) -> list[MediaTermsScope]:
    """The sources and feeds asked for, each with what it lets us do with its media."""
    with read(engine) as session:
        scopes = list_terms_scopes(session)
    return [s for s in scopes if order.sources is None or s.source in order.sources]


def _fetch_scope(
    fetcher: MediaFetcher, scope: MediaTermsScope, order: MediaOrder
) -> Iterator[FetchedAddress]:
    """One round at one source or feed; it ends early when that wants to be left alone."""
    with read(fetcher.engine) as session:
        if order.again is None:
            due = list_due(session, scope, fetcher.clock(), order.most_ads)
        else:
            due = list_due_again(session, scope, order.again)
    for ad in due:
        outcomes: dict[str, FetchOutcome] = {}
        subject = public_id(scope.source, ad.ref)
        work = partial(fetcher.fetch_ad, scope.source, ad, outcomes)
        fetch = partial(take_alone, fetcher.engine, f"media:{subject}", fetcher.clock(), work)
        stage, clock = QuarantineStage.MEDIA, fetcher.clock
        try:
            went_well = run_fenced(fetcher.engine, stage, scope.source, subject, clock, fetch)
        except SourceBusyError:
            return
        for url, outcome in outcomes.items():
            yield FetchedAddress(scope.source, ad.ref, url, outcome, is_put_aside=not went_well)
