"""Codes in a question about money: small letters do, and what does not exist is refused."""

import pytest

from archive.spending import SpendQuery, SpendQueryError, summarise_spending
from archive.store.database import read, write
from archive.store.setup import write_sources
from scrapers.spiders import find_spiders


def summarise(engine, **asked):
    with read(engine) as session:
        return summarise_spending(session, SpendQuery(**asked)).groups


def test_codes_are_read_in_small_letters_too(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", countries=["GR"])])
    [group] = summarise(engine, country="gr", currency="eur")
    assert (group.currency, group.ads) == ("EUR", 1)


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"source": "snapp"}, "there are: .*snap"), ({"country": "USA"}, "two letters such as US")],
)
def test_a_code_that_does_not_exist_is_refused_with_what_does(engine, asked, told):
    with write(engine) as session:
        write_sources(session, [spider.info for spider in find_spiders().values()])
    with pytest.raises(SpendQueryError, match=told) as refused:
        summarise(engine, **asked)
    assert refused.value.field == next(iter(asked))
    assert summarise(engine, source="snap", country="US") == []
