"""Alerts on their way to people: crawls promised by the schedule, warnings of credentials, mail.

The worker and the scheduler call it, `crawl` promises crawls of its source. It finds nothing itself:
`archive.runs.alerts` and `scrapers.work.plan.credentials` do.
"""

import smtplib
import ssl
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email.message import EmailMessage

from sqlalchemy import Engine
from sqlmodel import select

from archive.models import MailedAlert
from archive.records.escaping import escape_text
from archive.runs.alerts import Alert, list_alerts
from archive.runs.promises import note_promises
from archive.store.database import read, write
from archive.terminal import note
from config.settings import Settings
from scrapers.fetching.walk import LOOPBACK
from scrapers.intake.pages import Clock
from scrapers.spiders import find_spiders
from scrapers.work.dispatch.singleton_lease import (
    SingletonTakenError,
    release_singleton,
    take_singleton,
)
from scrapers.work.plan.credentials import list_standings, list_warnings
from scrapers.work.plan.schedule import read_schedules

SECONDS_FOR_MAIL = 30
MAIL = "mail"
MAIL_LEASE = timedelta(minutes=10)
"""Longer than a server can keep us: each of about ten answers within `SECONDS_FOR_MAIL`."""


def promise_crawls(settings: Settings, engine: Engine, clock: Clock) -> None:
    """Keep how often each partition of each source is to be crawled, so that its silence shows."""
    now, paces = clock(), {}
    for source, schedule in read_schedules(settings).values.items():
        # A spider that fails on the question is named where its crawls are looked for.
        with suppress(Exception):
            names = find_spiders()[source].list_partitions(settings, now.date())
            paces[source] = names, schedule.every
    with write(engine) as session:
        for source, (names, every) in paces.items():
            note_promises(session, source, names, every, now)


def promise_crawls_of(
    settings: Settings, engine: Engine, source: str, partitions: Collection[str], clock: Clock
) -> None:
    """The same of these partitions of one source, which somebody crawls by hand."""
    schedule = read_schedules(settings).values.get(source)
    if schedule is not None:
        with write(engine) as session:
            note_promises(session, source, partitions, schedule.every, clock(), is_all=False)


def mail_alerts(settings: Settings, engine: Engine, clock: Clock) -> list[Alert]:
    """Mail what stands out and was not mailed before; gives it. A mail that fails is tried again later.

    One process mails at a time, so that several who see the same alert mail it once. An alert mailed
    twice is better than one never mailed: it counts as mailed once a server took it, and only a process
    that is killed in between leaves it to be mailed again.
    """
    if settings.mail_host is None or not settings.mail_to:
        return []
    now = clock()
    if not _list_unmailed(settings, engine, now):
        return []
    try:
        with write(engine) as session:
            held = take_singleton(session, MAIL, MAIL_LEASE, now)
    except SingletonTakenError:
        return []
    try:
        # Looked up again: whoever had the lease before us may have mailed them.
        return _mail(
            settings, settings.mail_host, engine, _list_unmailed(settings, engine, now), now
        )
    finally:
        # Taken over meanwhile, it is no longer ours to give back.
        with suppress(SingletonTakenError), write(engine) as session:
            release_singleton(session, held)


def _list_unmailed(settings: Settings, engine: Engine, now: datetime) -> list[Alert]:
    warnings = list_warnings(list_standings(settings), now.date())
    with read(engine) as session:
        known = set(session.exec(select(MailedAlert.alert_id)))
        return [a for a in [*warnings, *list_alerts(session, now)] if a.id not in known]


def _mail(
    settings: Settings, host: str, engine: Engine, alerts: list[Alert], now: datetime
) -> list[Alert]:
    if not alerts:
        return []
    try:
        refused = send_mail(settings, host, write_mail(settings, alerts))
    except (OSError, smtplib.SMTPException) as error:
        note(f"no mail about {_tell_number(alerts)}: {escape_text(str(error))}")
        return []
    for address in refused:
        note(f"no mail about {_tell_number(alerts)} to {escape_text(address)}: it was refused")
    with write(engine) as session:
        for alert in alerts:
            session.merge(MailedAlert(alert_id=alert.id, mailed_at=now))
    return alerts


def write_mail(settings: Settings, alerts: Sequence[Alert]) -> EmailMessage:
    """Alerts as one plain mail; reasons are others' words, so each stays on its line."""
    message = EmailMessage()
    message["Subject"] = (
        f"Paid For By, {escape_text(settings.operator_name)}: {_tell_number(alerts)}"
    )
    message["From"] = settings.mail_from
    message["To"] = ", ".join(settings.mail_to)
    lines = [
        f"{each.source or 'archive'}: {escape_text(each.reason)} (since {each.since_at:%Y-%m-%d %H:%M} UTC)"
        for each in alerts
    ]
    site = f"{settings.public_url.rstrip('/')}/sources"
    message.set_content(
        "\n".join([*lines, "", f"All sources: {site}", "Or type: paidforby sources"])
    )
    return message


def _tell_number(alerts: Sequence[Alert]) -> str:
    return "1 alert" if len(alerts) == 1 else f"{len(alerts):,} alerts"


def send_mail(settings: Settings, host: str, message: EmailMessage) -> list[str]:
    """Hand a mail to the server; in the clear only on this machine or where it offers nothing else.

    Gives the addresses it refused while it took the mail for others.

    Raises:
        OSError: if the server cannot be reached or its certificate is implausible.
        SMTPException: if it refuses, or refuses every address.
    """
    with smtplib.SMTP(host, settings.mail_port, timeout=SECONDS_FOR_MAIL) as server:
        server.ehlo()
        if host not in LOOPBACK and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        if settings.mail_user and settings.mail_password:
            server.login(settings.mail_user, settings.mail_password.get_secret_value())
        return sorted(server.send_message(message))
