"""Each fault strikes where it is put, and runs as it does in the wild."""

import io
import zipfile
from time import monotonic

import httpx2
import pytest

from scrapers.replica.faults import Act, Fault, ReceivedRequest
from scrapers.replica.meta_ad_library import API_PATH
from scrapers.replica.serve import running_replica
from tests.scrapers.replica.asking import BUNDLE, SNAP_2026, ask_meta, get, walk_meta
from tests.scrapers.replica.http_faults import (
    cut_body,
    fail_server,
    redirect_to,
    refuse_too_many,
    send_slowly,
    show_html_page,
    truncate_body,
)
from tests.scrapers.replica.meta_faults import (
    drop_paging,
    refuse_big_pages,
    refuse_call,
    remove_ad,
    repeat_cursor,
)


def get_with_fault(act: Act, path: str = SNAP_2026) -> httpx2.Response:
    with running_replica(faults=[Fault(path, act)]) as address:
        return get(address, path)


def ask_meta_with_fault(act: Act, **query: str) -> httpx2.Response:
    with running_replica(faults=[Fault(API_PATH, act)]) as address:
        return ask_meta(address, **query)


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
