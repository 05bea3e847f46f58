"""Moments in days from a first noon, and one way to ask about them."""

from datetime import UTC, datetime, timedelta

from archive.reading.as_of.moment import Moment
from archive.store.database import read

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def day(number):
    return NOON + number * DAY


def held(number):
    return Moment(valid_at=day(number))


def known(number):
    return Moment(as_of=day(number))


def ask(engine, function, *arguments):
    with read(engine) as session:
        return function(session, *arguments)
