"""A filing of an earlier moment is made from its version: field by field what its row was then."""

from operator import itemgetter

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from archive.models import Disclosure
from archive.reading.as_of.past_money import disclosures_at
from archive.records import DisclosureRecord
from archive.store.database import read
from scrapers.spiders.us_fec_bulk import EXPENDITURE_COLUMNS
from tests.archive.moments import day, known
from tests.examples import few_or_many
from tests.scrapers.samples import read_all, records

CELLS = (
    "C99900001|N|2020|M9|9999|21B|F3X|SB|CHATTERBOX ADS|LAMPTON|ZZ|00002|08/14/2020|125.5|G2020|"
    "DIGITAL ADVERTISING|004|Advertising Expenses|X|a note|ORG|990001|9990|HB.1|HB.0"
)
FILLED = dict(zip(EXPENDITURE_COLUMNS.split(), CELLS.split("|"), strict=True))
ALWAYS = frozenset({"CMTE_ID", "SUB_ID", "TRANSACTION_AMT"})
MAY_BE_BLANK = sorted(set(FILLED) - ALWAYS)

FILED = st.lists(
    st.tuples(st.sets(st.sampled_from(MAY_BE_BLANK)), st.sampled_from(["125.5", "-125.5", "0"])),
    min_size=1,
    max_size=20,
)
"""For each row the columns that the filer left blank, and the amount."""


def read_filings(rows, first_ref):
    lines = []
    for number, (blank, amount) in enumerate(rows):
        cells = FILLED | {"SUB_ID": f"{first_ref + number}", "TRANSACTION_AMT": amount}
        lines.append("|".join("" if name in blank else cell for name, cell in cells.items()) + "|")
    filed = records(read_all("us_fec_bulk", "oppexp.txt", "\n".join(lines) + "\n"))
    assert len(filed) == len(rows)
    return filed


def list_rows(engine, moment, source):
    """Every column of every filing of a source at a moment."""
    found = []
    with read(engine) as session:
        for filings in disclosures_at(session, moment):
            query = select(*(getattr(filings, name) for name in Disclosure.model_fields))
            rows = session.connection().execute(query.where(filings.source == source))
            found += [dict(row) for row in rows.mappings()]
    return sorted(found, key=itemgetter("id"))


def check_restored(engine, ingest_run, filed, start, source):
    """What was filed stands as of that run as it did, after every row of it was amended."""
    ingest_run(filed, day(start), source=source)
    with read(engine) as session:
        query = select(Disclosure).where(Disclosure.source == source).order_by(col(Disclosure.id))
        before = [row.model_dump() for row in session.exec(query)]
    amended = [row.model_copy(update={"amount_minor": row.amount_minor + 1}) for row in filed]
    ingest_run(amended, day(start + 1), source=source)
    assert list_rows(engine, known(start), source) == before


@settings(
    max_examples=few_or_many(8),
    # A failing example is short as it is; to shorten it takes minutes of commits.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(rows=FILED)
@example(rows=[({name}, "125.5") for name in MAY_BE_BLANK])
@example(rows=[(set(MAY_BE_BLANK) - {name}, "-125.5") for name in MAY_BE_BLANK])
def test_whatever_a_filer_left_blank_an_earlier_moment_shows_the_row_of_then(
    engine, ingest_run, starts, rows
):
    start = next(starts)
    check_restored(engine, ingest_run, read_filings(rows, start * 100), start, f"fec-{start}")


@pytest.fixture
def starts():
    """First days of examples that share one archive, each after all others' last."""
    return iter(range(0, 1_000_000, 10))


@pytest.mark.parametrize("reason", ["unreadable", "not_looked", "redacted"])
def test_a_reason_of_its_own_is_kept(engine, ingest_run, reason):
    [filed] = read_filings([({"NAME"}, "125.5")], 1)
    given = filed.model_dump() | {"missing": filed.missing | {"payee_name": reason}}
    check_restored(engine, ingest_run, [DisclosureRecord(**given)], 0, "example")
