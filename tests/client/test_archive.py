"""Lists to their last page, single rows and sums; what is refused, and who is waited for."""

from datetime import timedelta

import pytest
from paidforby_client import Archive, ArchiveError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import api.limits
from scrapers.replica.serve import serve_app
from tests.api.conftest import NOON, make_ad
from tests.client.conftest import list_ids, serving
from tests.servers import find_free_port

IDS = [f"example:{ref}" for ref in ("a1", "a2/with:odd?id", "a3", "a4;=1", "a5\t+2")]


def test_a_list_goes_on_to_its_last_page(archive):
    assert list_ids(archive.ads(limit=2)) == list_ids(archive.ads()) == IDS


def test_every_list_can_be_read(archive):
    assert [row["id"] for row in archive.sources()] == ["example"]
    assert [row["name"] for row in archive.advertisers(source="example")] == ["Harbour Party"]
    assert [row["amount_minor"] for row in archive.disclosures()] == [-500]
    assert {row["name"] for row in archive.names("friends")} == {"Friends of the Harbour"}
    assert list(archive.decisions()) == []


def test_one_ad_is_read_by_its_id_whatever_is_in_it(archive):
    assert [archive.ad(ad_id)["id"] for ad_id in IDS] == IDS
    with pytest.raises(ValueError, match=r"<source>:<ref>, not 'a1'"):
        archive.ad("a1")


def test_sums_are_read(archive):
    summary = archive.spend(by="payer", currency="EUR")
    assert {group["currency"] for group in summary["groups"]} == {"EUR"}


def test_parameters_are_written_as_the_api_takes_them(archive):
    day = NOON.date()
    assert list_ids(archive.ads(from_=day, declared_political=None)) == []
    assert list_ids(archive.ads(to=day, country="gr", limit=1)) == IDS
    assert archive.search(country=["FR", "GR"]).total == len(IDS)
    assert len(list(archive.ads(total=True))) == len(IDS)


def test_a_list_as_of_a_time_stays_as_it_was(archive, clock, take_in):
    clock.at += timedelta(days=1)
    take_in(make_ad("a9"))
    assert list_ids(archive.ads(as_of=NOON, limit=2)) == IDS
    assert list_ids(archive.ads()) == [*IDS, "example:a9"]


def test_what_is_refused_says_why(archive):
    with pytest.raises(ArchiveError, match=r"^400 Bad Request: .*contry") as refused:
        next(archive.ads(contry="GR"))
    assert (refused.value.status, refused.value.title) == (400, "Bad Request")
    assert "there are: advertiser, " in refused.value.detail
    with pytest.raises(ArchiveError, match="404 Not Found"):
        archive.ad("example:nowhere")
    with pytest.raises(ArchiveError, match="knows only now"):
        list(archive.names(as_of=NOON))


def test_links_lead_on_below_the_path_of_a_site(settings, clock):
    below = settings.model_copy(update={"public_url": "http://127.0.0.1/kept/here"})
    with serving(below, clock) as address:
        archive = Archive(f"{address}/kept/here/")
        assert list_ids(archive.ads(limit=2)) == IDS
        assert archive.search("harbour").sidecar()["rows"] == len(IDS)


def test_who_asks_too_often_is_answered_after_the_wait_that_is_named(
    archive, clock, slept, monkeypatch
):
    monkeypatch.setattr(api.limits, "READS_A_MINUTE", 2)
    clock.at = NOON + timedelta(seconds=20)
    assert list_ids(archive.ads(limit=1)) == IDS
    assert slept == [40, 60]


def answering(*answers: Response):
    """A server whose n-th answer is the n-th of these, and then the last; and what it was asked."""
    asked = []

    async def answer(request: Request) -> Response:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1]

    return serve_app(Starlette(routes=[Route("/{path:path}", answer)])), asked


@pytest.mark.parametrize(
    ("status", "headers", "waits"),
    [
        (429, {"Retry-After": "60"}, [60] * 3),
        (503, {}, [5] * 36),
        (503, {"Retry-After": "999"}, []),
    ],
)
def test_nobody_waits_for_ever(slept, status, headers, waits):
    server, asked = answering(PlainTextResponse("busy", status, headers))
    with server as address, pytest.raises(ArchiveError) as refused:
        Archive(address).spend()
    assert (refused.value.status, slept, len(asked)) == (status, waits, len(waits) + 1)


def test_nothing_is_asked_before_something_is_read():
    server, asked = answering(PlainTextResponse("nobody reads this"))
    with server as address:
        Archive(address).search("harbour")
        Archive(address).ads()
    assert asked == []


def test_the_client_says_who_it_is(slept):
    server, asked = answering(Response("", 503, {"Retry-After": "0"}), Response('{"groups": []}'))
    with server as address:
        assert Archive(address).spend() == {"groups": []}
    assert slept == [1]
    assert asked[0].headers["user-agent"] == "paidforby-client/0.1.0"


@pytest.mark.parametrize("body", ["<html>a shop</html>", "[]", ""])
def test_an_address_that_is_no_archive_is_told(body):
    server, _ = answering(PlainTextResponse(body))
    with server as address, pytest.raises(ArchiveError, match="is this the address of an archive"):
        Archive(address).spend()


def test_an_error_of_a_server_in_front_is_told_too():
    server, _ = answering(PlainTextResponse("<html>bad gateway", 502))
    with server as address, pytest.raises(ArchiveError, match=r"502 Bad Gateway: .*gave no reason"):
        Archive(address).spend()


def test_an_archive_that_does_not_answer_is_told():
    with pytest.raises(ArchiveError, match="No answer") as refused:
        Archive(f"http://127.0.0.1:{find_free_port()}").spend()
    assert refused.value.status is None
    with pytest.raises(ValueError, match=r"begins with https://, not 'ads\.example\.org'"):
        Archive("ads.example.org")
