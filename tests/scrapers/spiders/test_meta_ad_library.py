import json
from datetime import UTC, date, datetime
from random import Random

import pytest

from archive.ingest.rows import prepare_record
from archive.records import AdRecord
from scrapers.readers.files import SourceFile
from scrapers.spiders.meta.library_spider import API_FIELDS, MetaAdLibrarySpider
from tests.scrapers.crawls import Home
from tests.scrapers.samples import (
    SAMPLES,
    import_paths,
    needs_samples,
    read_all,
    records,
    refusal,
)

SOURCE = "meta_ad_library"
FOLDER = "meta-ad-library-api"

AD = {
    "id": "999000000000001",
    "ad_creation_time": "2026-01-01",
    "ad_creative_bodies": ["Vote for the harbour <script>alert(1)</script>"],
    "ad_creative_link_captions": ["harbour.example", "Read our plan for the port"],
    "ad_delivery_start_time": "2026-01-02",
    "bylines": "Harbour Party",
    "currency": "EUR",
    "delivery_by_region": [
        {"percentage": "0.75", "region": "Port Examplia"},
        {"percentage": "0.25", "region": "Lampton"},
    ],
    "demographic_distribution": [
        {"percentage": "5.6E-5", "age": "65+", "gender": "female"},
        {"percentage": "0.999944", "age": "18-24", "gender": "male"},
    ],
    "estimated_audience_size": {"lower_bound": "1000001"},
    "impressions": {"lower_bound": "1000", "upper_bound": "1999"},
    "languages": ["en"],
    "page_id": "900000000001",
    "page_name": "Harbour Party of Examplia",
    "publisher_platforms": ["facebook", "INSTAGRAM"],
    "spend": {"lower_bound": "100", "upper_bound": "199"},
}
EU_FIELDS = {
    "eu_total_reach": 1234,
    "beneficiary_payers": [
        {"payer": "Old Lantern", "beneficiary": "Old Lantern", "current": False},
        {"payer": "Lantern Union", "beneficiary": "Harbour Party", "current": True},
    ],
    "target_ages": ["22", "65+"],
    "target_gender": "Women",
    "target_locations": [
        {"name": "Lampton, Examplia", "num_obfuscated": 0, "type": "CITY", "excluded": True}
    ],
    "age_country_gender_reach_breakdown": [
        {
            "country": "DE",
            "age_gender_breakdowns": [{"age_range": "18-24", "male": 270, "female": 57}],
        }
    ],
}


def read_ad(**changes: object) -> AdRecord:
    (ad,) = records(read_all(SOURCE, "answer.json", json.dumps([AD | changes])))
    assert isinstance(ad, AdRecord)
    return ad


def without(*names: str) -> dict[str, object]:
    return {name: value for name, value in AD.items() if name not in names}


def read_object(ad: dict[str, object]) -> AdRecord:
    (record,) = records(read_all(SOURCE, "ad.json", json.dumps(ad)))
    assert isinstance(record, AdRecord)
    return record


def test_an_ad_says_who_runs_it_who_pays_and_what_it_says() -> None:
    ad = read_ad()
    assert (ad.ref, ad.platform, ad.advertiser_ref) == ("999000000000001", "meta", "900000000001")
    assert (ad.advertiser_name, ad.payer_name) == ("Harbour Party of Examplia", "Harbour Party")
    assert ad.bodies == ["Vote for the harbour <script>alert(1)</script>"]
    assert (ad.languages, ad.surfaces) == (["en"], ["facebook", "instagram"])
    assert (ad.declared_political, ad.declared_by) == (True, "platform")


def test_ranges_are_inclusive_and_may_be_open() -> None:
    ad = read_ad()
    assert (ad.currency, ad.spend_lower_minor, ad.spend_upper_minor) == ("EUR", 100_00, 199_00)
    assert (ad.impressions_lower, ad.impressions_upper) == (1_000, 1_999)
    assert (ad.audience_lower, ad.audience_upper) == (1_000_001, None)
    assert "audience_upper" not in ad.missing


def test_captions_that_are_domains_are_where_the_ad_leads() -> None:
    ad = read_ad()
    assert ad.landing_urls == ["harbour.example"]
    assert ad.source_fields["ad_creative_link_captions"] == '["Read our plan for the port"]'


def test_shares_have_an_order_of_their_own_so_that_metas_makes_no_change() -> None:
    shares = [
        {"percentage": f"0.0{i}", "age": f"{i}8-24", "gender": gender}
        for i in range(1, 6)
        for gender in ("male", "female", "unknown")
    ]
    mixed = Random(1).sample(shares, len(shares))
    before, after = (
        prepare_record(read_ad(demographic_distribution=order)) for order in (shares, mixed)
    )
    assert before.numbers_sha256 == after.numbers_sha256


def test_delivery_says_by_what_it_is_divided() -> None:
    entries = read_ad().delivery
    assert {"by": "region", "region": "Lampton", "share": 0.25} in entries
    assert {"by": "age_gender", "age": "65+", "gender": "female", "share": 5.6e-5} in entries


def test_no_token_is_kept_wherever_it_came_in() -> None:
    address = "https://www.facebook.com/ads/archive/render_ad/?id=1&access_token=SECRET"
    readings = read_all(
        SOURCE,
        "answer.json",
        json.dumps({"data": [AD | {"ad_snapshot_url": address, "new_key": address}]}),
    )
    (ad,) = records(readings)
    assert isinstance(ad, AdRecord)
    assert ad.url == "https://www.facebook.com/ads/library/?id=999000000000001"
    assert "SECRET" not in ad.model_dump_json()
    assert ad.source_fields["new_key"].endswith("access_token=WITHHELD")
    assert "ad_snapshot_url" not in API_FIELDS


def test_a_key_we_do_not_know_is_shown_once_a_file_and_its_values_are_kept() -> None:
    ads = [AD | {"mood": {"glad": True}}, AD | {"id": "2", "mood": "sad"}]
    readings = read_all(SOURCE, "ads.json", json.dumps(ads))
    assert refusal(readings).field == "mood"
    assert [ad.source_fields["mood"] for ad in records(readings)] == ['{"glad": true}', "sad"]


def test_an_ad_of_the_api_without_byline_did_not_disclose_its_payer() -> None:
    ad = read_object(without("bylines"))
    assert ad.payer_name is None
    assert ad.missing["payer_name"] == "not_disclosed"


def test_a_running_ad_has_no_end_and_fields_of_the_eu_are_not_provided_elsewhere() -> None:
    ad = read_ad()
    assert ad.missing["ended_on"] == "not_disclosed"
    names = ("targeting", "reach_lower", "sponsor_name")
    assert {ad.missing[name] for name in names} == {"not_provided"}


def test_both_forms_of_dates_are_read() -> None:
    by_day = read_ad()
    assert (by_day.started_on, by_day.started_at) == (date(2026, 1, 2), None)
    exact = read_ad(ad_delivery_start_time="2019-05-13T22:30:04-0700")
    assert exact.started_on == date(2019, 5, 14)
    assert exact.started_at == datetime(2019, 5, 14, 5, 30, 4, tzinfo=UTC)


def test_the_names_of_older_collections_mean_the_same() -> None:
    old = without("id", "ad_creative_bodies", "bylines", "delivery_by_region") | {
        "_id": AD["id"],
        "ad_creative_body": "Vote for the harbour <script>alert(1)</script>",
        "funding_entity": "Harbour Party",
        "region_distribution": AD["delivery_by_region"],
    }
    assert read_object(old) == read_ad()


def test_in_the_eu_the_current_payer_and_beneficiary_stand_for_the_ad() -> None:
    ad = read_object(without("bylines") | EU_FIELDS)
    assert (ad.payer_name, ad.sponsor_name) == ("Lantern Union", "Harbour Party")
    assert "Old Lantern" in ad.source_fields["beneficiary_payers"]


def test_in_the_eu_reach_is_counted_by_country_age_and_gender() -> None:
    ad = read_ad(**EU_FIELDS)
    assert (ad.reach_lower, ad.reach_upper, ad.countries) == (1_234, 1_234, ["DE"])
    group = {"by": "country_age_gender", "country": "DE", "age": "18-24"}
    assert group | {"gender": "male", "count": 270} in ad.delivery
    assert not any(e.get("gender") == "unknown" and "count" in e for e in ad.delivery)


def test_in_the_eu_targeting_is_told() -> None:
    assert read_ad(**EU_FIELDS).targeting == [
        {"dimension": "age", "mode": "include", "text": "22-65+"},
        {"dimension": "gender", "mode": "include", "text": "Women"},
        {
            "dimension": "location",
            "mode": "exclude",
            "text": "Lampton, Examplia",
            "type": "CITY",
        },
    ]


def test_an_ad_without_any_sign_of_being_political_is_not_called_so() -> None:
    ad = read_object(without("bylines", "spend", "impressions") | {"eu_total_reach": 5})
    assert ad.declared_political is None


def test_a_payer_named_as_for_every_ad_in_the_eu_does_not_make_it_political() -> None:
    ad = read_object(without("bylines", "spend", "impressions") | EU_FIELDS)
    assert (ad.payer_name, ad.declared_political) == ("Lantern Union", None)
    assert ad.missing["declared_political"] == "not_disclosed"


def test_what_came_of_a_question_for_political_ads_is_political_whatever_it_shows(
    home: Home,
) -> None:
    data = json.dumps([without("bylines", "spend", "impressions")]).encode()
    file = SourceFile.from_bytes("ads_archive.json", data)
    for partition, is_political in (("DE", True), ("watch:de-port", None)):
        reader = MetaAdLibrarySpider.reader_of(home.settings, partition)
        (ad,) = records(list(reader.read(file)))
        assert isinstance(ad, AdRecord)
        assert ad.declared_political is is_political
        assert ("declared_political" in ad.missing) is (is_political is None)


def test_instagram_accounts_without_a_page_are_not_all_one_advertiser() -> None:
    assert read_ad(page_id="0").advertiser_ref is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 1.70585e15),
        ("id", "1.70585E+15"),
        ("id", "abc"),
        ("spend", {"lower_bound": "-1", "upper_bound": "99"}),
        ("spend", {"lower_bound": "0", "upper_bound": "999999999999"}),
        ("spend", {"lower_bound": "0", "about": "5"}),
        ("spend", "100-199"),
        ("currency", "EURO"),
        ("impressions", {"lower_bound": "many"}),
        ("demographic_distribution", [{"percentage": "1.5", "age": "65+", "gender": "male"}]),
        ("delivery_by_region", [{"percentage": "0.5", "state": "Lampton"}]),
        ("ad_delivery_start_time", "02/01/2026"),
        ("target_locations", [{"name": "Lampton", "excluded": "false"}]),
        ("ad_creative_bodies", [{"text": "Vote"}]),
    ],
)
def test_a_value_that_cannot_be_true_holds_its_ad_and_no_other(field: str, value: object) -> None:
    readings = read_all(SOURCE, "ads.json", json.dumps([AD | {field: value}, AD | {"id": "2"}]))
    assert (refusal(readings).file, refusal(readings).field) == ("ads.json", field)
    assert refusal(readings).raw
    assert [getattr(ad, "ref", None) for ad in records(readings)] == ["2"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<!DOCTYPE html><p>Sorry, something went wrong.", "an HTML page"),
        (b'{"error": {"message": "(#613) Calls to this api", "code": 613}}', "an error"),
        (b'{"data": [', "breaks off"),
        ('[{"id": ""}]'.encode("utf-16"), "is blank"),
    ],
)
def test_what_is_no_answer_with_ads_is_held_with_the_reason(data: bytes, why: str) -> None:
    assert why in refusal(read_all(SOURCE, "answer.json", data)).reason


def test_an_answer_without_ads_says_nothing() -> None:
    assert read_all(SOURCE, "answer.json", '{"data": []}') == []


@needs_samples
def test_the_real_samples_give_501_ads_and_785_repeats_that_change_nothing(home: Home) -> None:
    paths = [
        SAMPLES / FOLDER / name for name in ("lejo1-example.json", "sfchronicle-FacebookAds-CT.csv")
    ]
    report = import_paths(home, SOURCE, *paths)
    assert (report.counts.new, report.counts.changed, report.counts.unchanged) == (501, 0, 785)
    assert (report.outcome, home.count("ad_versions"), home.count("ad_metrics")) == (
        "done",
        501,
        501,
    )
    assert import_paths(home, SOURCE, *paths).counts.seen == 0


def test_an_answer_without_ids_has_them_in_the_addresses_of_its_snapshots_and_no_token_stays() -> (
    None
):
    url = (
        "https://www.facebook.com/ads/archive/render_ad/?id=123456789012345&access_token=OPENSESAME"
    )
    ad = read_object(without("id") | {"ad_snapshot_url": url})
    assert ad.ref == "123456789012345"
    assert "OPENSESAME" not in ad.model_dump_json()
