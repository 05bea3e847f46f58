"""Whole lists over HTTP: named files, ends that prove them, refusals as problems, and few at a time."""

import csv
import io
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from html import unescape

import anyio
import pyarrow.parquet as pq
import pytest

from api import sending
from api.sending import MOST_AT_ONCE, PLACES, Download
from archive.exports.downloads import Form, What
from tests.api.conftest import HOSTILE, NOON, make_ad


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def no_place() -> Iterator[None]:
    """A process in which as many downloads are under way as may be."""
    for _ in range(MOST_AT_ONCE):
        assert PLACES.acquire(blocking=False)
    yield
    for _ in range(MOST_AT_ONCE):
        PLACES.release()


def read_lines(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


def test_every_list_comes_in_every_form_as_a_named_file(ask):
    for what in What:
        for form in Form:
            answer = ask("GET", f"/downloads/{what}.{form}")
            assert answer.status_code == 200, answer.text
            ending = "meta.json" if form is Form.SIDECAR else form
            named = f'attachment; filename="paidforby-{what}-2026-03-01T130000Z.{ending}"'
            assert answer.headers["content-disposition"] == named
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_three_forms_hold_the_rows_of_the_list(ask):
    listed = ask("GET", "/ads").json()["items"]
    rows = read_lines(ask("GET", "/downloads/ads.jsonl"))
    header, *table = csv.reader(io.StringIO(ask("GET", "/downloads/ads.csv").text))
    parquet = pq.read_table(io.BytesIO(ask("GET", "/downloads/ads.parquet").content))

    assert [{k: v for k, v in row.items() if k != "cursor"} for row in rows] == listed
    beside = ask("GET", "/downloads/ads.meta").json()
    assert beside["rows"] == len(table) == parquet.num_rows == len(listed) == 3
    assert header == parquet.schema.names == list(rows[0])


def test_a_download_keeps_to_its_filter_and_runs_no_formula(ask):
    path = "/downloads/ads.csv?country=GR&currency=EUR&state=seen"
    rows = list(csv.DictReader(io.StringIO(ask("GET", path).text)))
    assert [row["ref"] for row in rows] == ["a1", "a3"]
    assert rows[1]["payer_name"] == f"'{HOSTILE}"

    filed = read_lines(ask("GET", "/downloads/disclosures.jsonl?committee_ref=C1"))
    assert [(row["id"], row["committee_name"]) for row in filed] == [
        ("example:-1+1", "Friends of the Harbour")
    ]


def test_a_download_goes_on_after_the_last_row_that_came(ask):
    rows = read_lines(ask("GET", "/downloads/ads.jsonl"))
    rest = read_lines(ask("GET", f"/downloads/ads.jsonl?after={rows[0]['cursor']}"))
    assert rest == rows[1:]
    beside = ask("GET", "/downloads/ads.meta").json()
    assert beside["next_after"] == rows[-1]["cursor"]


def test_a_download_links_to_what_is_known_of_its_rows_then(ask, take_in, clock):
    answer = ask("GET", "/downloads/ads.csv?country=GR&excel=1")
    take_in([make_ad("a9", countries=["GR"])], NOON.replace(day=2))
    clock.at = NOON.replace(day=3)

    path, relation = answer.headers["link"].removeprefix("<").split(">; ")
    assert relation == 'rel="describedby"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    beside = ask("GET", path.removeprefix("/api/v1")).json()
    hashed = sha256("\n".join(row["id"] for row in rows).encode()).hexdigest()
    assert (beside["rows"], beside["ids_sha256"]) == (len(rows), hashed)
    assert beside["as_of"] == "2026-03-01T13:00:00Z"
    assert ask("GET", "/downloads/ads.meta?country=GR").json()["rows"] == len(rows) + 1


def test_only_csv_comes_as_spreadsheets_open_it(ask):
    answer = ask("GET", "/downloads/ads.csv?excel=1")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    refused = ask("GET", "/downloads/ads.jsonl?excel=1")
    assert (refused.status_code, refused.json()["detail"]) == (
        400,
        "excel goes with CSV only",
    )


def test_a_download_of_an_earlier_time_shows_what_was_known(ask, take_in, clock):
    then = NOON.isoformat().replace("+00:00", "Z")
    before = ask("GET", f"/downloads/ads.jsonl?as_of={then}")
    clock.at = NOON.replace(day=3)
    take_in([make_ad("a1", bodies=["Changed"]), make_ad("a9")], NOON.replace(day=2))
    after = ask("GET", f"/downloads/ads.jsonl?as_of={then}")

    assert after.text == before.text
    assert ask("GET", f"/downloads/ads.meta?as_of={then}").json()["as_of"] == then
    assert len(read_lines(ask("GET", "/downloads/ads.jsonl"))) == 4


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/downloads/ads.csv?after=nonsense", 400),
        ("/downloads/ads.xlsx", 400),
        ("/downloads/secrets.csv", 400),
        ("/downloads/advertiser_spend.csv?grain=year", 400),
        ("/downloads/ads.csv?as_of=2999-01-01T00:00:00Z", 400),
    ],
)
def test_what_cannot_be_downloaded_is_a_problem_not_half_a_file(ask, path, status):
    answer = ask("GET", path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_download_counts_as_one_request(ask):
    before = int(ask("GET", "/sources").headers["ratelimit-remaining"])
    after = int(ask("GET", "/downloads/ads.csv").headers["ratelimit-remaining"])
    assert after == before - 1


def test_one_download_too_many_is_asked_to_come_back(ask, no_place):
    answer = ask("GET", "/downloads/ads.csv")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert answer.json()["detail"].startswith(f"{MOST_AT_ONCE} downloads are under way")


def test_every_place_is_free_again_after_good_and_bad_ends(ask):
    for number in range(2 * MOST_AT_ONCE):
        ask("GET", "/downloads/ads.csv" + ("?after=x" if number % 2 else ""))
    assert ask("GET", "/downloads/ads.csv").status_code == 200


def test_each_list_and_column_is_described(ask):
    lists = ask("GET", "/downloads").json()
    assert [found["what"] for found in lists] == list(What)
    for found in lists:
        assert all(column["description"] for column in found["columns"])
        header = next(csv.reader(io.StringIO(ask("GET", found["paths"][0][7:]).text)))
        assert [column["name"] for column in found["columns"]] == header


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/advertisers/example%3Apage-1", 3),
        ("/spend?by=advertiser&currency=EUR", 2),
        ("/spend?by=payer&measure=disclosed", 1),
    ],
)
def test_a_page_links_to_the_whole_list_behind_it(client, path, rows):
    links = re.findall(r'href="(/api/v1/downloads/[^"]+)"', client.get(path).text)
    forms = [Form.CSV, Form.JSON_LINES, Form.PARQUET]
    assert [link.partition(".")[2].partition("?")[0] for link in links[:3]] == forms
    assert [client.get(unescape(link)).status_code for link in links] == [200] * len(links)
    assert len(read_lines(client.get(unescape(links[1])))) == rows


class Reader:
    """Someone who takes so many messages of an answer and then stands still."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.taken: list[bytes] = []

    async def receive(self):
        await anyio.sleep_forever()

    async def send(self, message) -> None:
        if self.takes == 0:
            await anyio.sleep_forever()
        self.takes -= 1
        self.taken.append(message.get("body", b""))


def make_parts(closed: list[bool]) -> Iterator[bytes]:
    try:
        for number in range(1_000):
            yield b"%d\n" % number
    finally:
        closed.append(True)


def test_a_reader_who_stands_still_is_cut_and_frees_its_place(monkeypatch):
    monkeypatch.setattr(sending, "SECONDS_PER_PART", 0.05)
    closed: list[bool] = []
    reader = Reader(takes=3)
    download = Download(make_parts(closed), "text/csv", "x.csv", "/x.meta")
    scope = {"type": "http", "path": "/", "headers": [], "asgi": {"spec_version": "2.3"}}

    with pytest.raises(TimeoutError):
        anyio.run(download, scope, reader.receive, reader.send)

    assert reader.taken == [b"", b"0\n", b"1\n"]
    assert closed == [True]
    for _ in range(MOST_AT_ONCE):
        assert PLACES.acquire(blocking=False)
    for _ in range(MOST_AT_ONCE):
        PLACES.release()
