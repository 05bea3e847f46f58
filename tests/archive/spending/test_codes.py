"""Codes in a question about money: small letters do, and what does not exist is refused."""

from datetime import UTC, datetime

import pytest

from archive.errors import QuestionError
from archive.reading.as_of.moment import Moment
from archive.spending import SpendQuery, SpendQueryError, summarise_spending
from archive.store.database import read, write
from archive.store.setup import write_sources
from scrapers.spiders import find_spiders

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)


def summarise(engine, **asked):
    with read(engine) as session:
        return summarise_spending(session, SpendQuery(**asked)).groups


def test_codes_are_read_in_small_letters_too(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", countries=["GR"])])
    [group] = summarise(engine, country="gr", currency="eur")
    assert (group.currency, group.ads) == ("EUR", 1)


def test_a_platform_of_which_nothing_is_here_is_refused_with_those_there_are(
    engine, ingest_run, make_ad
):
    assert summarise(engine, platform="snapchat") == []
    ingest_run([make_ad("a1", platform="snap")])
    with pytest.raises(SpendQueryError, match="there are: snap") as refused:
        summarise(engine, platform="snapchat")
    assert refused.value.field == "platform"
    assert summarise(engine, platform="snap", country="US") == []
    assert summarise(engine, platform="snapchat", moment=Moment(as_of=NEW_YEAR)) == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"source": "snapp"}, "did you mean snap[?] There are: .*snap"),
        ({"country": "USA"}, "write one such as NO; the nearest is US"),
    ],
)
def test_a_code_that_does_not_exist_is_refused_with_what_does(engine, asked, told):
    with write(engine) as session:
        write_sources(session, [spider.info for spider in find_spiders().values()])
    with pytest.raises(QuestionError, match=told) as refused:
        summarise(engine, **asked)
    assert refused.value.field == next(iter(asked))
    assert summarise(engine, source="snap", country="US") == []
