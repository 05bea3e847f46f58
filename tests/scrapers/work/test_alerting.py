"""Alerts are mailed once, by a real mail server, and a server that is away loses none of them."""

import socket
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from archive.runs.alerts import Alert, find_silent
from archive.runs.singleton_lease import take_singleton
from archive.store.database import create_archive_engine, read, write
from scrapers.work.dispatch.alert_ways import write_mail
from scrapers.work.dispatch.alerting import (
    MAIL,
    SENDING_LEASE,
    promise_crawls,
    promise_crawls_of,
    send_alerts,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Mailbox:
    """What a mail server was given."""

    def __init__(self) -> None:
        self.envelopes = []
        self.refused = ""
        self.on_mail = lambda: None

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address == self.refused:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 (aiosmtpd's name)
        self.envelopes.append(envelope)
        self.on_mail()
        return "250 kept"

    @property
    def texts(self) -> list[str]:
        messages = [message_from_bytes(e.content, policy=policy.default) for e in self.envelopes]
        return [f"{m['Subject']}\n{m.get_content()}" for m in messages]


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def mailbox(free_port):
    mailbox = Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=free_port)
    server.start()
    yield mailbox
    server.stop()


@pytest.fixture
def silent_home(home, free_port):
    """An archive that promised runs at Snap every day and took none."""
    promise_crawls_of(home.settings, home.engine, "snap", ["2026"], lambda: NOON)
    mail = {
        "mail_host": "127.0.0.1",
        "mail_port": free_port,
        "mail_from": "archive@desk.example",
        "mail_to": ["one@desk.example", "two@desk.example"],
    }
    return type(home)(home.settings.model_copy(update=mail), home.engine)


def mail(home, at):
    return send_alerts(home.settings, home.engine, lambda: at)


def test_a_silent_source_is_mailed_once_to_everyone_who_is_to_know(silent_home, mailbox):
    assert mail(silent_home, NOON + 2 * DAY) == []
    assert [alert.source for alert in mail(silent_home, NOON + 3 * DAY)] == ["snap"]
    assert mail(silent_home, NOON + 4 * DAY) == []

    (envelope,), (text,) = mailbox.envelopes, mailbox.texts
    assert envelope.mail_from == "archive@desk.example"
    assert envelope.rcpt_tos == ["one@desk.example", "two@desk.example"]
    assert "1 alert" in text
    assert "snap: 2026: no complete look for 2 days: there never was one" in text


@pytest.fixture
def shared_home(archive_url, silent_home):
    """The same, on each database in turn."""
    settings = silent_home.settings.model_copy(update={"database_url": archive_url})
    engine = create_archive_engine(archive_url)
    promise_crawls_of(settings, engine, "snap", ["2026"], lambda: NOON)
    yield type(silent_home)(settings, engine)
    engine.dispose()


def test_of_two_workers_in_the_same_second_one_mails(shared_home, mailbox):
    later, second = NOON + 3 * DAY, create_archive_engine(shared_home.settings.database_url)
    other = type(shared_home)(shared_home.settings, second)
    answers = []
    # The second one comes while the server still reads the first one's mail.
    mailbox.on_mail = lambda: answers.append(mail(other, later))

    assert [alert.source for alert in mail(shared_home, later)] == ["snap"]
    assert answers == [[]]
    assert mail(other, later) == []
    assert len(mailbox.envelopes) == 1
    second.dispose()


def test_one_who_died_over_the_mail_leaves_it_to_the_next(silent_home, mailbox):
    died_at = NOON + 3 * DAY
    with write(silent_home.engine) as session:
        take_singleton(session, MAIL, SENDING_LEASE, died_at)
    assert mail(silent_home, died_at + SENDING_LEASE / 2) == []
    assert len(mail(silent_home, died_at + SENDING_LEASE)) == 1
    assert len(mailbox.envelopes) == 1


def test_an_address_that_is_refused_keeps_the_mail_from_nobody_else(silent_home, mailbox, capsys):
    mailbox.refused = "two@desk.example"
    assert len(mail(silent_home, NOON + 3 * DAY)) == 1
    (envelope,) = mailbox.envelopes
    assert envelope.rcpt_tos == ["one@desk.example"]
    assert "to two@desk.example: it was refused" in capsys.readouterr().err


def test_each_warning_of_a_credential_is_mailed_when_its_day_comes(silent_home, mailbox):
    folder = silent_home.settings.home / "config" / "credentials"
    folder.mkdir(parents=True)
    end = date(2026, 3, 15)
    (folder / "meta_ad_library.yaml").write_text(f"owner: The Data Desk\nexpires_on: {end}\n")

    for days in range(16):
        mail(silent_home, NOON + days * DAY)

    subjects = [text for text in mailbox.texts if "The Data Desk" in text]
    assert [text.count("it expires on 2026-03-15") for text in subjects] == [1, 1, 1, 0]
    assert "expired on 2026-03-15" in subjects[-1]


def test_what_no_server_took_is_mailed_when_there_is_one(silent_home, free_port, capsys):
    assert mail(silent_home, NOON + 3 * DAY) == []
    assert "no mail about 1 alert:" in capsys.readouterr().err

    mailbox = Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=free_port)
    server.start()
    mail(silent_home, NOON + 3 * DAY)
    server.stop()

    assert len(mailbox.texts) == 1


def test_without_a_mail_server_nothing_is_mailed_and_nothing_fails(home):
    promise_crawls(home.settings, home.engine, lambda: NOON)
    assert mail(home, NOON + 9 * DAY) == []


def test_words_of_others_add_no_header_and_no_line(home):
    hostile = Alert("x/1", "snap", "fall", "a\nBcc: all@desk.example\r\n\r\nhello", NOON)
    message = write_mail(
        home.settings.model_copy(update={"operator_name": "Desk\nBcc: you@desk.example"}), [hostile]
    )
    assert set(message.keys()) & {"Bcc"} == set()
    assert message.get_content().splitlines()[0].startswith(r"snap: a\nBcc: all@desk.example")


def test_a_promise_is_made_to_every_source_with_a_schedule(home):
    promise_crawls(home.settings, home.engine, lambda: NOON)
    with read(home.engine) as session:
        silent = {alert.source for alert in find_silent(session, NOON + 900 * DAY)}
    assert {"snap", "google_political_ads", "us_fec_bulk", "meta_ad_library"} <= silent
