"""The replica behaves like the sources it stands in for, faults included."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import pytest

from scrapers.replica.faults import (
    Act,
    Fault,
    ReceivedRequest,
    cut_body,
    fail_server,
    redirect_to,
    refuse_too_many,
    send_slowly,
    show_html_page,
    truncate_body,
)
from scrapers.replica.fixtures import FIXTURES
from scrapers.replica.meta_ad_library import ACCESS_TOKEN, API_PATH, UNCONFIRMED_TOKEN
from scrapers.replica.meta_budget import CallBudget
from scrapers.replica.meta_faults import (
    drop_paging,
    refuse_big_pages,
    refuse_call,
    remove_ad,
    repeat_cursor,
)
from scrapers.replica.serve import running_replica

SNAP_2026 = "/snap/political/2026/PoliticalAds.zip"
BUNDLE = "/google_political_ads/google-political-ads-transparency-bundle.zip"
FEC = "/us_fec_bulk/files/bulk-downloads/2020"
EVERYTHING = {
    "access_token": ACCESS_TOKEN,
    "ad_reached_countries": "ALL",
    "ad_active_status": "ALL",
    "search_terms": "*",
}


@pytest.fixture(scope="module")
def day_1() -> Iterator[str]:
    with running_replica() as address:
        yield address


@pytest.fixture(scope="module")
def day_2() -> Iterator[str]:
    with running_replica(day=2) as address:
        yield address


def get(address: str, path: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    return httpx2.get(address + path, headers=headers or {}, trust_env=False)


def ask_meta(address: str, **query: str) -> httpx2.Response:
    return httpx2.get(address + API_PATH, params=EVERYTHING | query, trust_env=False)


def get_with_fault(act: Act, path: str = SNAP_2026) -> httpx2.Response:
    with running_replica(faults=[Fault(path, act)]) as address:
        return get(address, path)


def ask_meta_with_fault(act: Act, **query: str) -> httpx2.Response:
    with running_replica(faults=[Fault(API_PATH, act)]) as address:
        return ask_meta(address, **query)


def walk_meta(address: str, **query: str) -> list[dict[str, Any]]:
    page = ask_meta(address, **query).json()
    ads = list(page["data"])
    while "next" in page.get("paging", {}):
        page = httpx2.get(page["paging"]["next"], trust_env=False).json()
        ads += page["data"]
    return ads


def read_member(answer: httpx2.Response, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return archive.read(name).decode("utf-8")


def read_ads_of(address: str, year: int) -> dict[str, dict[str, str]]:
    answer = get(address, f"/snap/political/{year}/PoliticalAds.zip")
    rows = csv.DictReader(io.StringIO(read_member(answer, "PoliticalAds.csv")))
    return {row["ADID"]: row for row in rows}


def test_robots_may_read_everything(day_1: str) -> None:
    assert "Disallow" not in get(day_1, "/robots.txt").text
    assert "Allow: /" in get(day_1, "/robots.txt").text


def test_an_unchanged_file_is_not_sent_again(day_1: str) -> None:
    first = get(day_1, BUNDLE)
    again = get(day_1, BUNDLE, {"If-None-Match": first.headers["ETag"]})
    later = get(day_1, BUNDLE, {"If-Modified-Since": first.headers["Last-Modified"]})
    assert (first.status_code, again.status_code, later.status_code) == (200, 304, 304)
    assert again.content == b""


def test_a_download_resumes_where_it_broke_off(day_1: str) -> None:
    whole = get(day_1, BUNDLE)
    middle = len(whole.content) // 2
    headers = {"Range": f"bytes={middle}-", "If-Range": whole.headers["ETag"]}
    rest = get(day_1, BUNDLE, headers)
    assert rest.status_code == 206
    assert whole.content[:middle] + rest.content == whole.content


def test_a_download_of_a_file_that_changed_starts_over(day_1: str, day_2: str) -> None:
    old_tag = get(day_1, BUNDLE).headers["ETag"]
    answer = get(day_2, BUNDLE, {"Range": "bytes=100-", "If-Range": old_tag})
    assert answer.status_code == 200
    assert zipfile.is_zipfile(io.BytesIO(answer.content))


def test_a_range_behind_the_end_is_refused(day_1: str) -> None:
    assert get(day_1, BUNDLE, {"Range": "bytes=99999999-"}).status_code == 416


def test_a_file_that_does_not_exist_is_not_found(day_1: str) -> None:
    assert get(day_1, "/snap/political/1999/PoliticalAds.zip").status_code == 404
    assert get(day_1, "/snap/../../pyproject.toml").status_code == 404


def test_a_zip_is_the_same_bytes_whenever_it_is_made(day_1: str) -> None:
    with running_replica() as another:
        assert get(another, BUNDLE).content == get(day_1, BUNDLE).content


def test_a_file_that_day_2_leaves_alone_keeps_its_tag(day_1: str, day_2: str) -> None:
    tags = {get(day, f"{FEC}/cm20.zip").headers["ETag"] for day in (day_1, day_2)}
    changed = {get(day, f"{FEC}/oppexp20.zip").headers["ETag"] for day in (day_1, day_2)}
    assert (len(tags), len(changed)) == (1, 2)


def test_a_new_source_needs_a_folder_and_no_code(tmp_path: Path) -> None:
    folder = tmp_path / "nl_register" / "day-1" / "open" / "all.zip"
    folder.mkdir(parents=True)
    (folder / "list.csv").write_text("name\nNobody\n")
    with running_replica(fixtures=tmp_path) as address:
        assert (
            read_member(get(address, "/nl_register/open/all.zip"), "list.csv") == "name\nNobody\n"
        )


def test_fixtures_without_a_first_day_do_not_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="day-1"), running_replica(fixtures=tmp_path):
        pass


def test_snap_writes_34_columns_and_crlf_in_2018_and_38_and_lf_today(day_1: str) -> None:
    old = read_member(get(day_1, "/snap/political/2018/PoliticalAds.zip"), "PoliticalAds.csv")
    new = read_member(get(day_1, SNAP_2026), "PoliticalAds.csv")
    assert len(next(csv.reader(io.StringIO(old)))) == 34
    assert len(next(csv.reader(io.StringIO(new)))) == 38
    assert old.count("\n") == old.count("\r\n")
    assert "\r" not in new


def test_snap_shows_new_changed_lowered_and_vanished_ads_on_day_2(day_1: str, day_2: str) -> None:
    before, after = read_ads_of(day_1, 2026), read_ads_of(day_2, 2026)
    kept = before.keys() & after.keys()
    grown = [ref for ref in kept if int(after[ref]["Spend"]) > int(before[ref]["Spend"])]
    lowered = [ref for ref in kept if int(after[ref]["Spend"]) < int(before[ref]["Spend"])]
    ended = [ref for ref in kept if after[ref]["EndDate"] != before[ref]["EndDate"]]
    assert (len(after.keys() - before.keys()), len(before.keys() - after.keys())) == (3, 1)
    assert (len(grown), len(lowered), len(ended)) == (4, 1, 1)


def test_a_closed_year_of_snap_is_corrected_too(day_1: str, day_2: str) -> None:
    assert read_ads_of(day_1, 2025) != read_ads_of(day_2, 2025)
    assert read_ads_of(day_1, 2023) == read_ads_of(day_2, 2023)


@pytest.mark.parametrize(
    ("year", "country", "eve", "polling_day"),
    [
        (2018, "united states", "2018/11/05", "2018/11/06"),
        (2023, "greece", "2023/05/20", "2023/05/21"),
        (2023, "australia", "2023/10/13", "2023/10/14"),
    ],
)
def test_two_ads_at_least_run_into_each_election(
    day_1: str, year: int, country: str, eve: str, polling_day: str
) -> None:
    running = [
        ad
        for ad in read_ads_of(day_1, year).values()
        if ad["CountryCode"] == country
        and ad["StartDate"][:10] <= polling_day
        and (ad["EndDate"] or "9999")[:10] >= eve
    ]
    assert len(running) >= 2


def test_the_bundle_states_one_amount_in_twenty_currencies(day_1: str) -> None:
    text = read_member(get(day_1, BUNDLE), "google-political-ads-advertiser-stats.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sum(name.startswith("Spend_") for name in rows[0]) == 20
    assert any(row["Spend_USD"] == "0" and row["Spend_INR"] != "0" for row in rows)


def test_the_bundle_has_open_ended_ranges(day_1: str) -> None:
    text = read_member(get(day_1, BUNDLE), "google-political-ads-creative-stats.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert any(row["Spend_Range_Min_USD"] and not row["Spend_Range_Max_USD"] for row in rows)
    assert {"≤ 10k", "> 10M"} <= {row["Impressions"] for row in rows}


def test_fec_rows_end_in_a_bar_and_refer_back(day_1: str) -> None:
    text = read_member(get(day_1, f"{FEC}/oppexp20.zip"), "oppexp.txt")
    rows = [line.split("|") for line in text.splitlines()]
    transactions = {row[23] for row in rows}
    memos = [row for row in rows if row[18] == "X"]
    assert {len(row) for row in rows} == {26}
    assert all(row[24] in transactions for row in memos)
    assert {row[1] for row in rows} == {"N", "A", "T"}
    assert any(float(row[13]) < 0 for row in rows)


@pytest.mark.parametrize(("name", "columns"), [("cm", 15), ("cn", 15), ("ccl", 7)])
def test_fec_lists_have_their_columns(day_1: str, name: str, columns: int) -> None:
    text = read_member(get(day_1, f"{FEC}/{name}20.zip"), f"{name}.txt")
    assert {line.count("|") + 1 for line in text.splitlines()} == {columns}


def test_every_address_in_the_fixtures_is_an_example() -> None:
    texts = [path.read_text("utf-8") for path in FIXTURES.rglob("*") if path.is_file()]
    hosts = {host for text in texts for host in re.findall(r"https?://([\w.-]+)", text)}
    assert hosts
    assert {host for host in hosts if not host.endswith(".example")} == set()


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
    assert len(refs) == 40
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


def test_running_ads_are_the_default(day_1: str) -> None:
    query = {name: value for name, value in EVERYTHING.items() if name != "ad_active_status"}
    page = httpx2.get(day_1 + API_PATH, params=query | {"limit": "99"}, trust_env=False).json()
    assert len(page["data"]) == len(walk_meta(day_1, ad_active_status="ACTIVE"))


def test_meta_shows_new_changed_lowered_and_vanished_ads_on_day_2(day_1: str, day_2: str) -> None:
    fields = "ad_creative_bodies,ad_delivery_stop_time,page_name,spend"
    before = {ad["id"]: ad for ad in walk_meta(day_1, fields=fields)}
    after = {ad["id"]: ad for ad in walk_meta(day_2, fields=fields)}
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


def test_a_fault_strikes_on_the_requests_it_is_set_for_and_no_others() -> None:
    faults = [Fault("/snap/*", fail_server(), first=2, times=2)]
    with running_replica(faults=faults) as address:
        get(address, BUNDLE)
        statuses = [get(address, SNAP_2026).status_code for _ in range(4)]
    assert statuses == [200, 500, 500, 200]


@pytest.mark.parametrize("retry_after", [None, "3", "Mon, 23 Nov 2026 12:00:00 GMT"])
def test_too_many_requests_may_say_when_to_come_back(retry_after: str | None) -> None:
    answer = get_with_fault(refuse_too_many(retry_after))
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, retry_after)


def test_an_html_page_stands_where_data_was_due() -> None:
    answer = ask_meta_with_fault(show_html_page())
    assert (answer.status_code, answer.headers["content-type"][:9]) == (400, "text/html")


def test_a_redirect_leads_to_another_host() -> None:
    answer = get_with_fault(redirect_to("http://elsewhere.example/PoliticalAds.zip"))
    assert (answer.status_code, answer.headers["Location"][:25]) == (
        302,
        "http://elsewhere.example/",
    )


def test_a_slow_body_takes_its_time_and_arrives_whole(day_1: str) -> None:
    started = monotonic()
    answer = get_with_fault(send_slowly(0.3))
    assert monotonic() - started >= 0.3
    assert answer.content == get(day_1, SNAP_2026).content


def test_a_cut_body_is_shorter_than_it_declared() -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        get_with_fault(cut_body(0.5))


def test_a_truncated_zip_arrives_without_a_transport_error_and_does_not_open() -> None:
    answer = get_with_fault(truncate_body(0.5))
    assert len(answer.content) == int(answer.headers["Content-Length"])
    assert not zipfile.is_zipfile(io.BytesIO(answer.content))


@pytest.mark.parametrize(
    ("code", "status"),
    [(1, 500), (2, 400), (4, 400), (10, 400), (17, 400), (100, 400), (190, 400), (613, 400)],
)
def test_meta_refuses_with_each_of_its_errors(code: int, status: int) -> None:
    answer = ask_meta_with_fault(refuse_call(code))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"].get("is_transient", False) is (code == 2)


def test_meta_asks_for_less_when_too_much_is_wanted_at_once() -> None:
    with running_replica(faults=[Fault(API_PATH, refuse_big_pages(20), times=9)]) as address:
        refused, default, allowed = (
            ask_meta(address, limit="21"),
            ask_meta(address),
            ask_meta(address, limit="20"),
        )
    assert (refused.status_code, refused.json()["error"]["code"]) == (500, 1)
    assert refused.json()["error"]["message"].startswith("Please reduce the amount of data")
    assert (default.status_code, allowed.status_code) == (500, 200)


def test_a_repeated_cursor_leads_to_itself() -> None:
    with running_replica(faults=[Fault(API_PATH, repeat_cursor(), first=2, times=9)]) as address:
        second = ask_meta(address, limit="5").json()["paging"]["next"]
        page = httpx2.get(second, trust_env=False).json()
        again = httpx2.get(page["paging"]["next"], trust_env=False).json()
    assert page["paging"]["next"] == second
    assert again == page


def test_a_walk_may_seem_to_end_early() -> None:
    with running_replica(faults=[Fault(API_PATH, drop_paging(), first=2)]) as address:
        first = ask_meta(address, limit="5").json()["paging"]["next"]
        early, retried = (httpx2.get(first, trust_env=False).json() for _ in range(2))
    assert (len(early["data"]), "paging" in early) == (5, False)
    assert "next" in retried["paging"]


def test_an_ad_removed_between_two_pages_is_gone_and_its_cursor_dead(day_1: str) -> None:
    refs = [ad["id"] for ad in walk_meta(day_1)]
    removed = Fault(API_PATH, remove_ad(refs[4]), first=2, times=9)
    with running_replica(faults=[removed]) as address:
        page = ask_meta(address, limit="5").json()
        dead = httpx2.get(page["paging"]["next"], trust_env=False)
        rest = walk_meta(address, limit="5")
    assert page["data"][-1]["id"] == refs[4]
    assert (dead.status_code, dead.json()["error"]["code"]) == (400, 100)
    assert [ad["id"] for ad in rest] == refs[:4] + refs[5:]


def test_the_requests_received_are_noted_for_tests_to_read() -> None:
    received: list[ReceivedRequest] = []
    with running_replica(received=received, faults=[Fault("*", fail_server())]) as address:
        get(address, SNAP_2026, {"If-None-Match": '"x"'})
        ask_meta(address, limit="2")
    first, second = received
    assert (first.method, first.path, first.headers["if-none-match"]) == ("GET", SNAP_2026, '"x"')
    assert second.query["limit"] == "2"
    assert first.seconds <= second.seconds
