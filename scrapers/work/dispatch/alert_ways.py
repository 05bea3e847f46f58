"""Ways by which alerts reach people: a mail server and a webhook. `alerting` says which alerts, and when."""

import json
import smtplib
import ssl
import time
from collections.abc import Sequence
from dataclasses import asdict
from email.message import EmailMessage
from html import escape
from http.client import HTTPException

from archive.records.escaping import escape_text
from archive.runs.alerts import Alert
from archive.terminal import note
from config.counts import write_count
from config.settings import Settings
from scrapers.fetching.network_addresses import NotFetchedError, find_named_target
from scrapers.fetching.walk import LOOPBACK
from scrapers.media.download import open_connection

SECONDS_TO_ANSWER = 30


class AlertNotSentError(Exception):
    """No server took the alerts; the message says why, without the server's address."""


def mail_alerts(settings: Settings, alerts: list[Alert]) -> None:
    """Mail alerts to everyone who is to know; an address that is refused keeps them from nobody else.

    Raises:
        AlertNotSentError: if the server took them for nobody.
    """
    try:
        refused = send_mail(settings, settings.mail_host or "", write_mail(settings, alerts))
    except (OSError, smtplib.SMTPException) as error:
        raise AlertNotSentError(str(error)) from None
    for address in refused:
        note(f"no mail about {tell_number(alerts)} to {escape_text(address)}: it was refused")


def write_mail(settings: Settings, alerts: Sequence[Alert]) -> EmailMessage:
    """Alerts as one plain mail; reasons are others' words, so each stays on its line."""
    message = EmailMessage()
    message["Subject"] = (
        f"Paid For By, {escape_text(settings.operator_name)}: {tell_number(alerts)}"
    )
    message["From"] = settings.mail_from
    message["To"] = ", ".join(settings.mail_to)
    message.set_content(
        "\n".join([*tell_alerts(alerts), "", _tell_site(settings), "Or type: paidforby sources"])
    )
    return message


def post_alerts(settings: Settings, alerts: list[Alert]) -> None:
    """Post alerts as JSON to the operator's webhook; it follows no redirect and goes through no proxy.

    Raises:
        AlertNotSentError: if nobody took them.
    """
    url = settings.alert_webhook.get_secret_value() if settings.alert_webhook else ""
    headers = {"Content-Type": "application/json", "User-Agent": settings.user_agent}
    ends_at = time.monotonic() + SECONDS_TO_ANSWER
    try:
        target = find_named_target(url)
        with open_connection(target, SECONDS_TO_ANSWER, ends_at) as connection:
            headers["Host"] = target.authority
            connection.request("POST", target.path, write_post(settings, alerts), headers)
            status = connection.getresponse().status
    except NotFetchedError as error:
        raise AlertNotSentError(error.reason) from None
    except (OSError, HTTPException, ValueError) as error:
        # An error may repeat the address, which often holds a key.
        raise AlertNotSentError(f"nobody took it ({type(error).__name__})") from None
    if not 200 <= status < 300:
        raise AlertNotSentError(f"it was answered with status {status}")


def write_post(settings: Settings, alerts: Sequence[Alert]) -> bytes:
    """Alerts as JSON; `text` is what Slack, Mattermost and others of their kind show."""
    first = f"{settings.operator_name}: {tell_number(alerts)}"
    lines = "\n".join([first, *tell_alerts(alerts), _tell_site(settings)])
    told = [asdict(alert) | {"since_at": alert.since_at.isoformat()} for alert in alerts]
    # Their markup has these three signs, and would let a source call everybody (docs.slack.dev, formatting).
    return json.dumps({"text": escape(lines, quote=False), "alerts": told}).encode()


def tell_alerts(alerts: Sequence[Alert]) -> list[str]:
    """A line for each."""
    return [
        f"{each.source or 'archive'}: {escape_text(each.reason)} (since {each.since_at:%Y-%m-%d %H:%M} UTC)"
        for each in alerts
    ]


def _tell_site(settings: Settings) -> str:
    return f"All sources: {settings.public_url.rstrip('/')}/sources"


def tell_number(alerts: Sequence[Alert]) -> str:
    """`1 alert`, `2 alerts`."""
    return write_count(len(alerts), "alert")


def send_mail(settings: Settings, host: str, message: EmailMessage) -> list[str]:
    """Hand a mail to the server; in the clear only on this machine or where it offers nothing else.

    Gives the addresses it refused while it took the mail for others.

    Raises:
        OSError: if the server cannot be reached or its certificate is implausible.
        SMTPException: if it refuses, or refuses every address.
    """
    with smtplib.SMTP(host, settings.mail_port, timeout=SECONDS_TO_ANSWER) as server:
        server.ehlo()
        if host not in LOOPBACK and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        if settings.mail_user and settings.mail_password:
            server.login(settings.mail_user, settings.mail_password.get_secret_value())
        return sorted(server.send_message(message))
