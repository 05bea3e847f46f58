"""Alerts on their way to people: crawls promised by the schedule, who tells what, and once.

The worker and the scheduler call it, `crawl` promises crawls of its source. It finds nothing itself:
`archive.runs.alerts` and `scrapers.work.plan.credentials` do; `alert_ways` hands alerts to servers.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import select

from archive.models import MailedAlert
from archive.records.escaping import escape_text
from archive.runs.alerts import Alert, list_alerts
from archive.runs.promises import note_promises
from archive.runs.singleton_lease import (
    SingletonTakenError,
    release_singleton,
    take_singleton,
)
from archive.store.database import read, write
from archive.terminal import note
from config.settings import Settings
from scrapers.intake.pages import Clock
from scrapers.spiders import find_spiders
from scrapers.work.dispatch.alert_ways import (
    AlertNotSentError,
    mail_alerts,
    post_alerts,
    tell_number,
)
from scrapers.work.plan.credentials import list_standings, list_warnings
from scrapers.work.plan.schedule import read_schedules

MAIL = "mail"
POST = "post"
SENDING_LEASE = timedelta(minutes=10)
"""Longer than a server can keep us: each of about ten answers within `SECONDS_TO_ANSWER`."""


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


def send_alerts(settings: Settings, engine: Engine, clock: Clock) -> list[Alert]:
    """Tell people what stands out and was not told before, by each way that is set; gives what was told.

    What fails is tried again later. One process tells at a time, so that several who see the same alert
    tell it once. An alert told twice is better than one never told: it counts as told once a server took
    it, and only a process that is killed in between leaves it to be told again.
    """
    ways: dict[str, Callable[[Settings, list[Alert]], None]] = {}
    if settings.mail_host and settings.mail_to:
        ways[MAIL] = mail_alerts
    if settings.alert_webhook:
        ways[POST] = post_alerts
    now = clock()
    return [
        alert
        for way, send in ways.items()
        for alert in _send_in_turn(settings, engine, now, way, send)
    ]


def _send_in_turn(
    settings: Settings,
    engine: Engine,
    now: datetime,
    way: str,
    send: Callable[[Settings, list[Alert]], None],
) -> list[Alert]:
    if not _list_untold(settings, engine, way, now):
        return []
    try:
        with write(engine) as session:
            held = take_singleton(session, way, SENDING_LEASE, now)
    except SingletonTakenError:
        return []
    try:
        # Looked up again: whoever had the lease before us may have told them.
        alerts = _list_untold(settings, engine, way, now)
        if alerts:
            send(settings, alerts)
            with write(engine) as session:
                for alert in alerts:
                    session.merge(MailedAlert(alert_id=_name_told(alert, way), mailed_at=now))
    except AlertNotSentError as error:
        note(f"no {way} about {tell_number(alerts)}: {escape_text(str(error))}")
        return []
    else:
        return alerts
    finally:
        # Taken over meanwhile, it is no longer ours to give back.
        with suppress(SingletonTakenError), write(engine) as session:
            release_singleton(session, held)


def _list_untold(settings: Settings, engine: Engine, way: str, now: datetime) -> list[Alert]:
    warnings = list_warnings(list_standings(settings), now.date())
    with read(engine) as session:
        known = set(session.exec(select(MailedAlert.alert_id)))
        found = [*warnings, *list_alerts(session, now)]
        return [alert for alert in found if _name_told(alert, way) not in known]


def _name_told(alert: Alert, way: str) -> str:
    return alert.id if way == MAIL else f"{way}:{alert.id}"
