"""What the demo found, for the terminal: sources, spenders, a search, signals, and what is not here.

It asks only what commands and pages ask too.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, select

from archive.exports.mirror import find_folder
from archive.exports.mirror.answering import answer_spending
from archive.models import Signal, Source
from archive.models.oversight import RuleAnswer
from archive.reading.sources.data_gaps import what_is_missing
from archive.reading.sources.watched_sources import list_watched_sources
from archive.records.money import format_bounds
from archive.spending.query import SpendBy, SpendQuery
from archive.store.database import read
from archive.terminal import format_table
from config.counts import write_count
from config.settings import Settings
from scrapers.commands.sources import tell_sources
from scrapers.demo.case import DemoCase
from search.answering.found import search_now
from search.engines import open_search
from search.question.query import build_query

SPENDERS_SHOWN = 6
HITS_SHOWN = 3
REASONS_SHOWN = 3
WORD = "climate"


def tell_archive(
    settings: Settings, engine: Engine, case: DemoCase | None, now: datetime
) -> Iterator[str]:
    """Everything worth a first run, line by line."""
    with read(engine) as session:
        yield from tell_sources(list_watched_sources(session, now))
        yield ""
        yield from _tell_spending(settings, session)
        yield ""
        yield from _tell_search(settings, engine, session)
        yield ""
        yield from _tell_signals(session)
        yield from _tell_data_gaps(session)
    yield from _tell_case(case)


def _tell_spending(settings: Settings, session: Session) -> Iterator[str]:
    folder = find_folder(settings)
    # A source can be taken out of the program, and the demo works without it.
    if session.get(Source, "snap"):
        totals = answer_spending(session, folder, SpendQuery(source="snap")).groups
        told = [format_bounds(g.lower_minor, g.upper_minor, g.currency) for g in totals]
        yield f"spend on snap, whole life: {' · '.join(told)}"
    spenders = answer_spending(session, folder, SpendQuery(by=SpendBy.ADVERTISER)).groups
    rows = [
        [g.label, g.ads, format_bounds(g.lower_minor, g.upper_minor, g.currency)] for g in spenders
    ]
    yield from format_table(["who spent most", "ads", "spent"], rows[:SPENDERS_SHOWN])


def _tell_search(settings: Settings, engine: Engine, session: Session) -> Iterator[str]:
    page = search_now(session, open_search(settings, engine), build_query(WORD, limit=HITS_SHOWN))
    yield f'search "{WORD}": {write_count(page.total, "ad")} ({page.total_from}; engine: {page.engine})'
    rows = [
        [hit.id, hit.payer or "unknown who paid", hit.advertiser or "unknown"] for hit in page.hits
    ]
    yield from format_table(["id", "paid for by", "run by"], rows)


def _tell_signals(session: Session) -> Iterator[str]:
    standing = session.exec(select(Signal).where(Signal.superseded_because == "")).all()
    signals = [signal for signal in standing if not signal.is_historic]
    historic = len(standing) - len(signals)
    answers = Counter(signal.answer for signal in signals)
    yield (
        f"signals: {answers[RuleAnswer.NOT_MET]} not met · {answers[RuleAnswer.CANNOT_TELL]} cannot tell"
        f" · {historic} about elections that are over"
    )
    reasons = Counter(
        reason
        for signal in signals
        if signal.answer == RuleAnswer.CANNOT_TELL
        for reason in signal.because
    )
    for reason, count in reasons.most_common(REASONS_SHOWN):
        yield f"  cannot tell {write_count(count, 'time')}: {reason}"


def _tell_data_gaps(session: Session) -> Iterator[str]:
    data_gaps = what_is_missing(session).data_gaps
    counts = Counter[str]()
    for data_gap in data_gaps:
        counts[data_gap.what] += data_gap.count
    told = [f"{what.replace('_', ' ')} {count:,}" for what, count in counts.most_common()]
    yield f"what is not here: {' · '.join(told) or 'nothing that we know of'}"


def _tell_case(case: DemoCase | None) -> Iterator[str]:
    if case is None:
        yield "the demo's officer and case are from an earlier run; another key: paidforby keys add"
        return
    if case.decision:
        yield f"one ad was flagged and decided: /ads/{case.ad_id.replace(':', '/', 1)} ({case.decision})"
    yield f"key of {case.officer}, shown only now: {case.key}"
