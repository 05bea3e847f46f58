"""Rows of the harbour register become ads with ranges of euros; what cannot be true is put aside."""

from datetime import date

import pytest

from archive.records import AdRecord
from scrapers.replica.fixtures import FIXTURES
from scrapers.replica.serve import running_replica
from tests.scrapers.crawls import Home
from tests.scrapers.samples import read_all, records, refusal, refusals

SOURCE = "ie_harbour_register"
PARTITION = "2026"
FIXTURE = FIXTURES / SOURCE / "day-1" / "open" / PARTITION / "ads.csv"


def read_fixture() -> list[AdRecord]:
    readings = read_all(SOURCE, FIXTURE.name, FIXTURE.read_bytes())
    return [record for record in records(readings) if isinstance(record, AdRecord)]


def test_a_row_becomes_an_ad() -> None:
    ad = read_fixture()[0]
    assert (ad.advertiser_name, ad.payer_name) == ("Tide Agency", "Harbour Party")
    assert (ad.started_on, ad.ended_on) == (date(2026, 11, 2), date(2026, 11, 15))
    assert (ad.ref, ad.bodies) == ("HB-1", ["Vote for the quay – now"])
    assert ad.source_fields == {}


def test_spend_is_a_range_in_cents_as_published() -> None:
    bounds = [(ad.currency, ad.spend_lower_minor, ad.spend_upper_minor) for ad in read_fixture()]
    assert bounds == [("EUR", 1000_00, 4999_99), ("EUR", 50000_00, None), ("EUR", 0, 99_99)]


def test_a_separator_in_quotes_and_a_letter_beyond_ascii_are_text() -> None:
    _, quoted, accented = read_fixture()
    assert quoted.bodies == ["Lamplight; not dust"]
    assert accented.payer_name == "Café Pier"


def test_a_blank_cell_is_not_disclosed() -> None:
    assert read_fixture()[1].missing["payer_name"] == "not_disclosed"


def test_a_column_that_is_lost_is_told_and_its_values_are_not_provided() -> None:
    lost = FIXTURE.read_bytes().replace(b";Text;", b";Words;")
    readings = read_all(SOURCE, FIXTURE.name, lost)
    assert {each.field for each in refusals(readings)} == {"Text", "Words"}
    assert {ad.missing["bodies"] for ad in records(readings)} == {"not_provided"}


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("Amount", "1.000,00–4.999,99", "-1"),
        ("Amount", "1.000,00–4.999,99", "about 1.000,00"),
        ("From", "02.11.2026", "2026-11-02"),
        ("Number", "HB-1", "1.70585E+15"),
    ],
)
def test_a_value_that_cannot_be_true_holds_its_row(field: str, old: str, new: str) -> None:
    damaged = FIXTURE.read_bytes().decode("cp1252").replace(old, new)
    readings = read_all(SOURCE, FIXTURE.name, damaged.encode("cp1252"))
    held = refusal(readings)
    assert (held.line, held.field, len(records(readings))) == (2, field, 2)


def test_two_days_bring_new_changed_and_vanished_ads(home: Home) -> None:
    with running_replica(day=1) as url:
        first = home.crawl(url, SOURCE, PARTITION)
    with running_replica(day=2) as url:
        second = home.crawl(url, SOURCE, PARTITION)
    assert (first.outcome, first.new, first.quarantined) == ("done", 3, 0)
    assert (second.outcome, second.new, second.changed, second.vanished) == ("done", 1, 1, 1)
