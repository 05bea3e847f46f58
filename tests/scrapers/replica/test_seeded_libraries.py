"""Seeded libraries answer what they are asked: a country, words, days, one page after the other."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from scrapers.replica.seeded import microsoft, tiktok
from scrapers.replica.seeded.days import SeededDay, SeedPlan
from tests.scrapers.replica.seeded_days import running_seeded_day

Served = tuple[str, SeededDay]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with running_seeded_day(SeedPlan(ads=1_000, seed=7), 1) as day:
        yield day


def ask_microsoft(address: str, path: str = "", **query: str) -> httpx2.Response:
    asked = {"countryCodes": "92", "skip": "0", "top": "100"} | query
    return httpx2.get(f"{address}{microsoft.API_PATH}{path}", params=asked, trust_env=False)


def list_ads(address: str, **query: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = ask_microsoft(address, **query).json()["value"]
    return listed


def test_microsoft_lists_a_countrys_ads_and_tells_the_details_of_each(served: Served) -> None:
    address, day = served
    listed = list_ads(address)
    assert len(listed) == day.find_tally(microsoft.SOURCE, "IE").shown > 0
    assert list_ads(address, skip="5", top="1") == listed[5:6]
    assert list_ads(address, countryCodes="999") == []
    one = ask_microsoft(address, f"/{listed[0]['AdId']}").json()
    assert one["Title"] == listed[0]["Title"]
    assert one["AdDetails"]["StartDate"] >= "2023-06-01"


def test_microsoft_finds_by_words_and_by_days(served: Served) -> None:
    address, _ = served
    first, *others = list_ads(address)
    found = list_ads(address, searchText=first["Title"].upper())
    details = ask_microsoft(address, f"/{first['AdId']}").json()["AdDetails"]
    assert first in found
    assert len(found) <= len(others)
    assert first in list_ads(address, startDate=details["EndDate"], endDate=details["EndDate"])
    assert first not in list_ads(address, endDate="2023-05-31")


@pytest.mark.parametrize("ref", [1, microsoft.FIRST_REF - 1, microsoft.FIRST_REF + 10**9])
def test_microsoft_knows_no_ad_that_there_never_was(served: Served, ref: int) -> None:
    assert ask_microsoft(served[0], f"/{ref}").status_code == 404


def ask_tiktok(address: str, token: str = tiktok.TOKEN, **body: object) -> httpx2.Response:
    asked = {"filters": {"country_code": "IT"}, "search_term": "", "max_count": 7}
    return httpx2.post(
        f"{address}{tiktok.QUERY_PATH}",
        json=asked | body,
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )


def test_tiktok_goes_on_where_a_search_had_come_to(served: Served) -> None:
    address, day = served
    data = ask_tiktok(address).json()["data"]
    refs = [pair["ad"]["id"] for pair in data["ads"]]
    assert len(refs) == 7
    while data["has_more"]:
        data = ask_tiktok(address, search_id=data["search_id"]).json()["data"]
        refs += [pair["ad"]["id"] for pair in data["ads"]]
    assert refs == sorted(set(refs))
    assert len(refs) == day.find_tally(tiktok.SOURCE, "IT").shown


def test_tiktok_finds_by_words(served: Served) -> None:
    address, _ = served
    pairs = ask_tiktok(address, max_count=50).json()["data"]["ads"]
    payer = pairs[-1]["advertiser"]["paid_for_by"]
    assert pairs[-1] in ask_tiktok(address, max_count=50, search_term=payer).json()["data"]["ads"]
    assert ask_tiktok(address, search_term="no such words").json()["data"]["ads"] == []


@pytest.mark.parametrize(
    ("token", "body", "status", "code"),
    [
        ("clt.WRONG", {}, 401, "access_token_invalid"),
        (tiktok.TOKEN, {"search_id": "FORGOTTEN"}, 400, "invalid_params"),
    ],
)
def test_tiktok_refuses_in_its_own_words(
    served: Served, token: str, body: dict[str, object], status: int, code: str
) -> None:
    answer = ask_tiktok(served[0], token, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_tiktok_gives_no_token_for_a_wrong_secret(served: Served) -> None:
    key = {"client_key": tiktok.CLIENT_KEY, "client_secret": "WRONG"}
    answer = httpx2.post(f"{served[0]}{tiktok.TOKEN_PATH}", data=key, trust_env=False)
    assert (answer.status_code, answer.json()["error"]) == (200, "invalid_client")
