"""Who saw an ad, and whom it was aimed at, come back cell by cell."""

import json

import pytest

from archive.exports.downloads import What
from archive.reading.ads.ads import AdFilter
from archive.reading.visible import Include
from archive.records import AdRecord, AnyRecord
from scrapers.replica.fixtures import FIXTURES
from tests.archive.exports.streamed import Row, fetch_rows
from tests.scrapers.samples import read_all, records


def read_fixture_ads() -> list[AdRecord]:
    """The invented ads of Meta's and Snap's shapes that the replica serves."""
    found: list[AnyRecord] = []
    for path in sorted(FIXTURES.glob("meta_ad_library/day-1/**/*.json")):
        ads = json.loads(path.read_text(encoding="utf-8")).get("ads", [])
        found += records(read_all("meta_ad_library", "answer.json", json.dumps(ads)))
    for path in sorted(FIXTURES.glob("snap/day-1/**/PoliticalAds.csv")):
        found += records(read_all("snap", "PoliticalAds.csv", path.read_bytes()))
    by_ref = {record.ref: record for record in found if isinstance(record, AdRecord)}
    return list(by_ref.values())


@pytest.mark.parametrize(("what", "name"), [("delivery", "delivery"), ("targeting", "targeting")])
def test_delivery_and_targeting_of_the_fixtures_come_back_cell_by_cell(
    engine, ingest_run, what, name
):
    ads = read_fixture_ads()
    ingest_run(ads)
    told = {f"example:{ad.ref}": getattr(ad, name) for ad in ads if getattr(ad, name)}

    back: dict[str, list[Row]] = {}
    for row in fetch_rows(engine, What(what), AdFilter(include=Include.UNLABELLED)):
        facts = ("ad_id", "source", "platform", "cursor", "rest")
        cell = {k: v for k, v in row.items() if k not in facts and v is not None}
        back.setdefault(row["ad_id"], []).append(cell | row["rest"])

    assert len(told) > 3
    assert back == told


def test_excluded_audiences_are_told_apart(engine, ingest_run):
    ingest_run(read_fixture_ads())
    modes = {row["mode"] for row in fetch_rows(engine, What.TARGETING)}
    assert modes == {"include", "exclude"}


def test_a_cell_of_an_unforeseen_shape_is_kept_whole(engine, ingest_run, make_ad):
    odd = {"by": "age_gender", "share": "half", "count": 2**70, "age": ["18"], "more": {"x": 1}}
    ingest_run([make_ad(delivery=[odd])])
    [row] = fetch_rows(engine, What.DELIVERY)
    assert (row["by"], row["share"], row["count"], row["age"]) == ("age_gender", None, None, None)
    assert row["rest"] == {k: v for k, v in odd.items() if k != "by"}
