"""How anyone reports an ad on the site: what is asked, what is refused, what is kept and shown."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from archive.curation.people import add_key, add_user, disable_user, revoke_key
from archive.models import Notice
from archive.models.people import Role
from archive.store.database import open_archive, read, write
from config.settings import Settings
from tests.invented import NOW, make_archive, make_settings
from tests.invented_records import HOSTILE

TIP = {"ad_address": "harbour_ads:mill-1", "concern": "Nobody says who pays.", "way": "tip"}
NAMED = TIP | {"way": "named", "reporter_name": "A. Citizen", "reporter_contact": "a@example.org"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home: Path = tmp_path_factory.mktemp("report")
    settings = make_settings(home)
    make_archive(settings).dispose()
    return settings


@pytest.fixture
def site(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings, now=lambda: NOW), headers={"accept": "text/html"}) as site:
        yield site


def read_newest(settings: Settings) -> Notice:
    with read(open_archive(settings)) as session:
        return session.exec(select(Notice).order_by(Notice.id.desc())).first()  # type: ignore


def count_notices(settings: Settings) -> int:
    with read(open_archive(settings)) as session:
        return len(session.exec(select(Notice)).all())


def test_a_tip_gives_a_receipt_and_keeps_no_name(site: TestClient, settings: Settings) -> None:
    typed = TIP | {"reporter_name": "Typed by mistake", "reporter_contact": "x@example.org"}
    response = site.post("/report", data=typed)
    assert response.status_code == 200
    notice = read_newest(settings)
    assert notice.receipt in response.text
    assert notice.reporter_name is None
    assert notice.reporter_contact is None
    assert notice.ad_id is not None


def test_what_a_tip_does_not_keep_is_in_no_byte_that_is_stored(settings: Settings) -> None:
    told = ("Typedbymistake", "typed@example.org", "203.0.113.77", "Reader's browser 7")
    typed = TIP | {"reporter_name": told[0], "reporter_contact": told[1]}
    app = create_app(settings, now=lambda: NOW)
    headers = {"accept": "text/html", "user-agent": told[3], "x-forwarded-for": told[2]}
    with TestClient(app, client=(told[2], 4711), headers=headers) as site:
        site.post("/report", data=typed)
        site.post("/report", data=typed | {"concern": ""})
        site.post("/report", data=NAMED | {"reporter_name": "Keptonpurpose"})
    stored = b"".join(file.read_bytes() for file in settings.home.rglob("*") if file.is_file())
    assert b"Keptonpurpose" in stored
    assert [word for word in told if word.encode() in stored] == []


def test_where_nobody_may_read_reports_the_pages_say_so(site: TestClient, settings: Settings):
    def is_said():
        receipt = site.post("/report", data=TIP).text
        pages = (site.get("/report").text, site.post("/report", data={}).text, receipt)
        assert len({"Nobody reads reports here" in page for page in pages}) == 1
        return "Nobody reads reports here" in receipt

    def change(step):
        with write(open_archive(settings)) as session:
            return step(session)

    assert is_said()
    change(lambda session: add_user(session, "Olga", [Role.OPERATOR], NOW))
    assert is_said()
    _, key = change(lambda session: add_user(session, "Ann", [Role.ANALYST], NOW))
    assert not is_said()
    change(lambda session: revoke_key(session, key, NOW))
    assert is_said()
    change(lambda session: add_key(session, "Ann", NOW))
    assert not is_said()
    change(lambda session: disable_user(session, "Ann", NOW))
    assert is_said()


def test_a_named_report_keeps_the_name_and_never_shows_it(
    site: TestClient, settings: Settings
) -> None:
    html = site.post("/report", data=NAMED).text
    assert read_newest(settings).reporter_name == "A. Citizen"
    assert "A. Citizen" not in html
    assert "a@example.org" not in html
    assert "Nobody says who pays" not in html


def test_reloading_the_receipt_sends_nothing_again(site: TestClient, settings: Settings) -> None:
    response = site.post("/report", data=TIP, follow_redirects=False)
    assert response.status_code == 303
    before = count_notices(settings)
    assert site.get(response.headers["location"]).status_code == 200
    assert count_notices(settings) == before


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"ad_address": " "}, "ad_address", "Say which ad it is."),
        ({"concern": ""}, "concern", "Say what is wrong with it."),
        ({"concern": "x" * 5001}, "concern", "shorten it to 5,000"),
        ({"ad_address": "x" * 501}, "ad_address", "shorten it to 500"),
        ({"seen_on": "last week"}, "seen_on", "year-month-day"),
        ({"seen_on": "2026-11-24"}, "seen_on", "cannot be in the future"),
        ({"way": "named"}, "reporter_name", "Give your name, or choose"),
        ({"way": "named", "reporter_name": "A"}, "reporter_contact", "an address we can write to"),
    ],
)
def test_what_is_wrong_is_said_at_the_top_and_at_its_field(
    site: TestClient, settings: Settings, change: dict[str, str], field: str, words: str
) -> None:
    before = count_notices(settings)
    response = site.post("/report", data=TIP | change)
    assert response.status_code == 422
    assert "<title>Error: " in response.text
    assert re.search(rf'<a href="#{field}">[^<]*{re.escape(words)}', response.text)
    assert re.search(rf'id="{field}-wrong">[^<]*{re.escape(words)}', response.text)
    assert count_notices(settings) == before


def test_what_was_typed_is_still_there_as_text_when_something_is_wrong(site: TestClient) -> None:
    html = site.post("/report", data={"ad_address": HOSTILE, "concern": ""}).text
    assert 'value="&lt;script&gt;' in html
    assert "<script" not in html
    assert "<img" not in html


def test_an_ad_named_by_a_link_is_filled_in(site: TestClient) -> None:
    html = site.get("/report", params={"ad_id": f"x:{HOSTILE}"}).text
    assert 'value="x:&lt;script&gt;' in html


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused(
    site: TestClient, settings: Settings, headers: dict[str, str]
) -> None:
    before = count_notices(settings)
    assert site.post("/report", data=TIP, headers=headers).status_code == 403
    assert count_notices(settings) == before


def test_a_form_of_this_site_is_taken(site: TestClient) -> None:
    headers = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    assert site.post("/report", data=TIP, headers=headers).status_code == 200
