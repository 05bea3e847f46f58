"""What routes need from the house: a session to read with, the search engine, the clock.

`api.app` puts `Rooms` together once; routes ask for the parts by type. Writing routes open their own
transaction, so that it has ended before the answer leaves.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Request
from sqlalchemy import Engine
from sqlmodel import Session

from api.kept import Answer, KeptAnswers
from api.measuring import RequestCounts
from archive.exports.mirror import find_folder
from archive.exports.mirror.answering import answer_spending
from archive.reading.as_of.moment import HOW_TO_WRITE, Moment, read_moment
from archive.reading.coverage import CrawledDays, SourceDays
from archive.reading.freshness import count_redactions, read_run_state, read_state
from archive.reading.paging import MOST_AT_ONCE
from archive.reading.visible import Include
from archive.runs.refused_files import (
    RefusedFile,
    describe_refused,
    list_unread,
    read_refused_files,
)
from archive.spending import SpendQuery, SpendSummary
from archive.spending.exchange_rates import list_refused_rates, read_rates, stamp_rates
from archive.store.clock import require_clock
from archive.store.database import read, write
from config.settings import Settings
from oversight.reference.formulas import list_stale
from oversight.rules.rule_book import RuleBook
from search.answering.answers import cut_period, read_days
from search.copies.consumer_position import AdCount, count_ads
from search.copies.status import index_status
from search.port import SearchEngine
from search.question.query import AdQuery


@dataclass(frozen=True)
class Rooms:
    """The rooms behind the API, opened once."""

    settings: Settings
    engine: Engine
    search: SearchEngine
    book: RuleBook
    now: Callable[[], datetime]
    kept: KeptAnswers = field(default_factory=KeptAnswers)
    counts: RequestCounts = field(default_factory=RequestCounts)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session for writing what somebody sent.

        Raises:
            ClockError: if this machine's clock is behind what the archive has recorded.
        """
        with write(self.engine) as session:
            require_clock(session, self.now())
            yield session

    def answer_spending(self, session: Session, query: SpendQuery) -> SpendSummary:
        """One question about money, by whichever way answers it best."""
        rates = read_rates(self.settings) if query.convert_to else None
        return answer_spending(session, find_folder(self.settings), query, rates)

    def keep(
        self,
        session: Session,
        question: Hashable,
        make: Callable[[], Answer],
        weigh: Callable[[Answer], int],
    ) -> Answer:
        """An answer that rests on public data and the day alone, for as long as it stays true."""
        state = (*read_state(session), self.now().date())
        return self.kept.give(state, question, make, weigh, count_redactions(session))

    def keep_spending(
        self,
        session: Session,
        question: tuple[SpendQuery, Hashable],
        make: Callable[[], Answer],
        weigh: Callable[[Answer], int],
    ) -> Answer:
        """The same of an answer about money; `question`: what was asked, and what is made of its answer."""
        rates = stamp_rates(self.settings) if question[0].convert_to else None
        return self.keep(session, (*question, rates), make, weigh)

    def count_ads(self, session: Session) -> AdCount:
        """How many ads the archive shows, counted once a minute: of many that takes longer than all else."""
        minute = self.now().replace(second=0, microsecond=0)
        return self.kept.give(minute, count_ads, lambda: count_ads(session), lambda _: 100)

    def cover_sources(self, session: Session, query: AdQuery, moment: Moment) -> list[CrawledDays]:
        """How well the sources of a search were crawled: read anew once a run ends, for whatever period."""
        sources = query.values.get("source")

        def make() -> list[SourceDays]:
            return read_days(session, sources, moment)

        def weigh(known: Sequence[SourceDays]) -> int:
            return 1_000 + sum(100 * len(days) for each in known for days in each.by_state.values())

        state, question = read_run_state(session), (read_days, sources, moment)
        return cut_period(self.kept.give(state, question, make, weigh), query, self.now().date())

    def list_copy_faults(self) -> list[str]:
        """What is wrong with the search copy, looked at once a minute.

        Raises:
            SearchUnavailableError: if the engine does not answer.
        """
        now = self.now()
        minute = now.replace(second=0, microsecond=0)

        def look() -> list[str]:
            with read(self.engine) as session:
                counted = self.count_ads(session)
            return index_status(self.engine, self.search, now, counted).faults

        return self.kept.give(minute, index_status, look, lambda _: 100)

    def list_refused(self, session: Session) -> list[RefusedFile]:
        """Every file of configuration that is left out, as this process and those that collect see it."""
        of_rules = self.book.list_refused(session)
        today = self.now().date()
        stale = list_stale(self.settings, today) if self.book.may_be_stale(today) else []
        rates = list_refused_rates(self.settings)
        own = (*of_rules, *stale, *rates, *list_unread(self.settings))
        by_file = {
            each.file: each for each in (*read_refused_files(session), *describe_refused(own))
        }
        return [by_file[file] for file in sorted(by_file)]


def get_rooms(request: Request) -> Rooms:
    """The rooms this application was made with."""
    rooms = request.app.state.rooms
    if not isinstance(rooms, Rooms):
        raise TypeError("the API is served by an application made by create_app")
    return rooms


# Async: FastAPI hands other dependencies to a thread, where they wait for a turn.
async def _get_rooms(request: Request) -> Rooms:
    return get_rooms(request)


RoomsDep = Annotated[Rooms, Depends(_get_rooms)]


def open_reading(rooms: RoomsDep) -> Iterator[Session]:
    """A session for reading, over before the answer is sent, so that a slow reader holds no connection."""
    with read(rooms.engine) as session:
        yield session


Reading = Annotated[Session, Depends(open_reading, scope="function")]


AS_OF = f"What the archive knew then: {HOW_TO_WRITE}."
VALID_AT = f"Of that, what held at the sources then: {HOW_TO_WRITE}."


async def _read_moment(
    rooms: RoomsDep,
    as_of: Annotated[str | None, Query(description=AS_OF, examples=["2026-11-20"])] = None,
    valid_at: Annotated[str | None, Query(description=VALID_AT)] = None,
) -> Moment:
    return read_moment(as_of, valid_at, rooms.now())


MomentOf = Annotated[Moment, Depends(_read_moment)]

INCLUDE = "unlabelled: also ads whose source gave them no political label."
IncludeOf = Annotated[Include | None, Query(description=INCLUDE)]

Cursor = Annotated[
    str | None, Query(description="Where to go on: the cursor in the `next` link of a page.")
]
Limit = Annotated[int, Query(ge=1, le=MOST_AT_ONCE, description="How many items at most.")]
