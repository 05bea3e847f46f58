"""Meta's API answers as the real one does: tokens, parameters, pages, shapes, budget."""

import json

import httpx2
import pytest

from scrapers.replica.meta_ad_library import ACCESS_TOKEN, API_PATH, UNCONFIRMED_TOKEN
from scrapers.replica.meta_budget import CallBudget
from scrapers.replica.serve import running_replica
from tests.scrapers.replica.asking import EVERYTHING, ask_meta, walk_meta


@pytest.mark.parametrize(("token", "code"), [("stolen", 190), (UNCONFIRMED_TOKEN, 10), ("", 190)])
def test_a_token_that_may_not_read_is_refused(day_1: str, token: str, code: int) -> None:
    answer = ask_meta(day_1, access_token=token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"ad_reached_countries": ""}, "ad_reached_countries"),
        ({"ad_reached_countries": "US,Examplia"}, "ad_reached_countries[1]"),
        ({"search_page_ids": ",".join(map(str, range(11)))}, "search_page_ids"),
        ({"fields": "id,colour"}, "(colour)"),
        ({"limit": "many"}, "limit"),
        ({"after": "nowhere"}, "cursor"),
    ],
)
def test_a_wrong_parameter_is_named(day_1: str, query: dict[str, str], named: str) -> None:
    answer = ask_meta(day_1, **query)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, 100)
    assert named in error["message"]


def test_a_search_needs_words_or_pages(day_1: str) -> None:
    query = {name: value for name, value in EVERYTHING.items() if name != "search_terms"}
    answer = httpx2.get(day_1 + API_PATH, params=query, trust_env=False)
    assert "search_terms" in answer.json()["error"]["message"]


def test_a_page_holds_25_ads_unless_told_otherwise(day_1: str) -> None:
    assert len(ask_meta(day_1).json()["data"]) == 25
    assert len(ask_meta(day_1, limit="3").json()["data"]) == 3


@pytest.mark.parametrize("limit", ["1", "7", "40", "500"])
def test_a_walk_by_cursors_meets_every_ad_once_newest_first(day_1: str, limit: str) -> None:
    refs = [int(ad["id"]) for ad in walk_meta(day_1, limit=limit)]
    assert len(refs) == 43
    assert refs == sorted(set(refs), reverse=True)


def test_cursors_write_zd_for_the_equals_sign(day_1: str) -> None:
    after = ask_meta(day_1, limit="1").json()["paging"]["cursors"]["after"]
    assert "=" not in after
    assert "ZD" in after


def test_the_last_page_has_a_cursor_but_no_next_and_nothing_lies_behind_it(day_1: str) -> None:
    last = ask_meta(day_1, limit="500").json()["paging"]
    assert list(last) == ["cursors"]
    assert ask_meta(day_1, after=last["cursors"]["after"]).json() == {"data": []}


def test_the_callers_token_stands_in_next_and_in_snapshot_addresses(day_1: str) -> None:
    page = ask_meta(day_1, fields="ad_snapshot_url", limit="2").json()
    assert f"access_token={ACCESS_TOKEN}" in page["paging"]["next"]
    assert all(f"access_token={ACCESS_TOKEN}" in ad["ad_snapshot_url"] for ad in page["data"])


def test_only_the_fields_asked_for_come_back_and_absent_ones_stay_absent(day_1: str) -> None:
    ads = walk_meta(day_1, fields="id,bylines,page_name")
    old_name = {"funding_entity"}
    assert all(ad.keys() <= {"id", "bylines", "page_name"} | old_name for ad in ads)
    assert any("bylines" not in ad and "funding_entity" not in ad for ad in ads)
    assert walk_meta(day_1)[0].keys() == {"id", "ad_snapshot_url"}


def test_old_ads_answer_under_the_old_field_names(day_1: str) -> None:
    ads = walk_meta(day_1, fields="ad_creative_bodies,ad_delivery_start_time")
    old = [ad for ad in ads if "ad_creative_body" in ad]
    assert len(old) == 2
    assert all(ad["ad_delivery_start_time"].endswith("T15:30:04+0000") for ad in old)


def test_numbers_are_strings_with_exponents_and_open_ends(day_1: str) -> None:
    ads = walk_meta(day_1, fields="spend,impressions,demographic_distribution,eu_total_reach")
    shares = [part["percentage"] for ad in ads for part in ad.get("demographic_distribution", [])]
    assert any(share.endswith("E-5") for share in shares)
    assert any("upper_bound" not in ad["spend"] for ad in ads if "spend" in ad)
    assert any("spend" not in ad and "eu_total_reach" in ad for ad in ads)


def test_a_dozen_ads_are_in_other_languages_than_english(day_1: str) -> None:
    ads = walk_meta(day_1, fields="languages")
    spoken = {language for ad in ads for language in ad.get("languages", [])}
    assert {"es", "fr", "de", "pt", "el", "ar", "hi", "uk", "zh"} <= spoken
    assert sum(ad.get("languages", ["en"]) != ["en"] for ad in ads) >= 12


def test_searches_narrow_by_word_page_country_status_and_day(day_1: str) -> None:
    everything = len(walk_meta(day_1))
    climate = walk_meta(day_1, search_terms="Climate", fields="page_id")
    page = walk_meta(day_1, search_page_ids='["900000000004"]', fields="page_id")
    british = walk_meta(day_1, ad_reached_countries="['GB']", fields="page_name")
    active = walk_meta(day_1, ad_active_status="ACTIVE", fields="ad_delivery_stop_time")
    in_2023 = {"ad_delivery_date_min": "2023-01-01", "ad_delivery_date_max": "2023-12-31"}
    assert 5 <= len(climate) < everything
    assert {ad["page_id"] for ad in page} == {"900000000004"}
    assert {ad["page_name"] for ad in british} == {"Harbour Party UK (fictional)"}
    assert active
    assert not any("ad_delivery_stop_time" in ad for ad in active)
    assert len(walk_meta(day_1, **in_2023)) == 5
    assert walk_meta(day_1, ad_type="HOUSING_ADS") == []


def test_ads_without_the_political_label_are_found_among_all_types_only(day_1: str) -> None:
    assert len(walk_meta(day_1, ad_type="POLITICAL_AND_ISSUE_ADS")) == 40
    french = walk_meta(day_1, search_page_ids='["900000000021"]', languages='["fr"]')
    assert len(french) == 3
    assert walk_meta(day_1, search_page_ids='["900000000021"]', languages='["de"]') == []


def test_running_ads_are_the_default(day_1: str) -> None:
    query = {name: value for name, value in EVERYTHING.items() if name != "ad_active_status"}
    page = httpx2.get(day_1 + API_PATH, params=query | {"limit": "99"}, trust_env=False).json()
    assert len(page["data"]) == len(walk_meta(day_1, ad_active_status="ACTIVE"))


def test_meta_shows_new_changed_lowered_and_vanished_ads_on_day_2(day_1: str, day_2: str) -> None:
    fields = "ad_creative_bodies,ad_delivery_stop_time,page_name,spend"
    political = {"ad_type": "POLITICAL_AND_ISSUE_ADS", "fields": fields}
    before = {ad["id"]: ad for ad in walk_meta(day_1, **political)}
    after = {ad["id"]: ad for ad in walk_meta(day_2, **political)}
    kept = before.keys() & after.keys()
    changed = {
        name for ref in kept for name in after[ref] if before[ref].get(name) != after[ref][name]
    }
    lowered = [
        ref
        for ref in kept
        if int(after[ref].get("spend", {"lower_bound": 0})["lower_bound"])
        < int(before[ref].get("spend", {"lower_bound": 0})["lower_bound"])
    ]
    assert (len(after.keys() - before.keys()), len(before.keys() - after.keys())) == (1, 1)
    assert changed == set(fields.split(","))
    assert len(lowered) == 1


def read_percent(answer: httpx2.Response) -> tuple[int, int]:
    (usage,) = json.loads(answer.headers["X-Business-Use-Case-Usage"]).values()
    return usage[0]["call_count"], usage[0]["estimated_time_to_regain_access"]


def test_the_budget_of_calls_rises_falls_and_blocks() -> None:
    seconds = [0.0]
    with running_replica(budget=CallBudget(4, lambda: seconds[0])) as address:
        answers = [ask_meta(address) for _ in range(4)]
        seconds[0] += 1_800
        later = ask_meta(address)
    assert [read_percent(answer)[0] for answer in answers] == [25, 50, 75, 100]
    assert answers[3].json()["error"]["code"] == 613
    assert read_percent(answers[3])[1] > 0
    assert (later.status_code, read_percent(later)) == (200, (75, 0))
