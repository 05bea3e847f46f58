"""Alerts are posted once to the operator's webhook; no name and no redirect leads the post astray."""

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr

from archive.runs.alerts import Alert
from scrapers.work.dispatch.alert_ways import write_post
from scrapers.work.dispatch.alerting import promise_crawls_of, send_alerts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = "T0/B0/secret"


class Receiver(HTTPServer):
    """What was posted, and how it is answered."""

    status = 200
    onward = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.posts: list[tuple[str, dict]] = []


class Receiving(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        if self.server.onward:
            self.send_header("Location", self.server.onward)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_given) -> None:
        """Nothing."""


@pytest.fixture
def receiver():
    server = Receiver()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def silent_home(home):
    """An archive that promised runs at Snap every day and took none."""
    promise_crawls_of(home.settings, home.engine, "snap", ["2026"], lambda: NOON)
    return home


def send(home, url: str, at=NOON + 3 * DAY, **others) -> list[str]:
    told = home.settings.model_copy(update={"alert_webhook": SecretStr(url), **others})
    return [alert.source for alert in send_alerts(told, home.engine, lambda: at)]


def test_an_alert_is_posted_once_in_words_and_as_data(silent_home, receiver):
    url = f"http://127.0.0.1:{receiver.server_port}/{KEY}?a=b"
    assert send(silent_home, url) == ["snap"]
    assert send(silent_home, url, NOON + 4 * DAY) == []

    ((path, posted),) = receiver.posts
    assert path == f"/{KEY}?a=b"
    assert "1 alert\nsnap: 2026: no complete look for 2 days" in posted["text"]
    (alert,) = posted["alerts"]
    assert (alert["source"], alert["kind"]) == ("snap", "silent")
    assert datetime.fromisoformat(alert["since_at"]) == NOON + 2 * DAY


def test_what_is_posted_is_mailed_too_and_each_way_fails_alone(silent_home, receiver, capsys):
    """Nobody listens where the mail should go: it is tried again, and not posted again."""
    url = f"http://127.0.0.1:{receiver.server_port}/{KEY}"
    mail = {"mail_host": "127.0.0.1", "mail_port": 9, "mail_to": ["one@desk.example"]}
    assert send(silent_home, url, **mail) == ["snap"]
    assert send(silent_home, url, **mail) == []
    assert capsys.readouterr().err.count("no mail about 1 alert:") == 2
    assert len(receiver.posts) == 1


@pytest.mark.parametrize(
    ("status", "onward"), [(500, ""), (404, ""), (302, "http://127.0.0.1:1/elsewhere")]
)
def test_what_was_not_taken_is_posted_again_and_no_redirect_is_followed(
    silent_home, receiver, capsys, status, onward
):
    receiver.status, receiver.onward = status, onward
    url = f"http://127.0.0.1:{receiver.server_port}/{KEY}"
    assert send(silent_home, url) == []
    said = capsys.readouterr().err
    assert f"no post about 1 alert: it was answered with status {status}" in said
    assert KEY not in said

    receiver.status, receiver.onward = 204, ""
    assert send(silent_home, url) == ["snap"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"https://localhost/{KEY}", "a machine that is not on the public internet"),
        (f"https://localhost:8065/{KEY}", "a port that is not the web's"),
        (f"http://localhost/{KEY}", "does not begin with https://"),
        (f"ftp://127.0.0.1/{KEY}", "does not begin with https://"),
        (f"https://a:b@127.0.0.1/{KEY}", "a user name or a password"),
        (f"http://127.0.0.1:1/{KEY}", "nobody took it (ConnectionRefusedError)"),
        (f"//{KEY}", "does not begin with https://"),
    ],
)
def test_a_name_that_leads_into_a_private_network_is_not_asked(silent_home, capsys, url, reason):
    assert send(silent_home, url) == []
    said = capsys.readouterr().err
    assert reason in said
    assert KEY not in said


def test_words_of_a_source_call_nobody(home):
    hostile = Alert("x/1", "snap", "fall", "<!channel> & <https://evil.example|here>\nyes", NOON)
    text = json.loads(write_post(home.settings, [hostile]))["text"]
    assert "<" not in text
    assert r"&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt;\nyes" in text
