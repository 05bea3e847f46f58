"""`paidforby users` and `paidforby keys`: people who may do more than read."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import typer

from archive.curation.people import (
    add_key,
    add_user,
    disable_user,
    list_keys,
    list_users,
    revoke_key,
)
from archive.models import User
from archive.models.people import Role
from archive.store.database import read, write
from archive.terminal import (
    WRONG_USAGE,
    AsJson,
    emit_json,
    format_table,
    note,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.settings import Settings

users = typer.Typer(no_args_is_help=True, help="People who may do more than read.")
keys = typer.Typer(no_args_is_help=True, help="Keys of people's programs.")

Roles = Annotated[
    list[Role], typer.Option("--role", help="What the person may do; repeat for several.")
]
Until = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Last day of the key; without it, a year from today."),
]
A_YEAR = timedelta(days=365)


@users.command("add")
def add(name: str, role: Roles, until: Until = None, as_json: AsJson = False) -> None:
    """Add a person and print their first key, once.

    Example: paidforby users add ada --role analyst
    """
    ends_on = _choose_end(until)
    with plain_errors(), write(open_or_exit(Settings())) as session:
        user, key = add_user(session, name, role, utc_now(), ends_on)
        described = _describe(user) | {"key": key, "ends_on": ends_on}
    if as_json:
        emit_json(described)
        return
    say(f"{described['name']} may act as {', '.join(role)}")
    _show_key(key, ends_on)


@users.command("list")
def list_(as_json: AsJson = False) -> None:
    """List people, what they may do, and their keys: until when each counts, and when it was last used.

    Example: paidforby users list
    """
    with plain_errors(), read(open_or_exit(Settings())) as session:
        keys_of: dict[int | None, list[dict[str, Any]]] = defaultdict(list)
        for key in list_keys(session):
            keys_of[key.user_id].append(key.model_dump(include=SHOWN_OF_A_KEY))
        people = [_describe(user) | {"keys": keys_of[user.id]} for user in list_users(session)]
    if as_json:
        emit_json(people)
        return
    rows = [
        [p["name"], ", ".join(p["roles"]), p["is_disabled"], *_tell_key(key)]
        for p in people
        for key in p["keys"] or [None]
    ]
    for line in format_table(
        ["name", "may act as", "disabled", "key", "counts", "last used"], rows
    ):
        say(line)
    say("next: paidforby users add NAME --role analyst")


@users.command("disable")
def disable(name: str, as_json: AsJson = False) -> None:
    """Stop a person from acting; what they did stays in the log.

    Example: paidforby users disable ada
    """
    with plain_errors(), write(open_or_exit(Settings())) as session:
        described = _describe(disable_user(session, name, utc_now()))
    emit_json(described) if as_json else say(f"{name} may no longer act; their keys are revoked")


@keys.command("add")
def add_for(name: str, until: Until = None, as_json: AsJson = False) -> None:
    """Make one more key for a person and print it, once.

    Example: paidforby keys add ada
    """
    ends_on = _choose_end(until)
    with plain_errors(), write(open_or_exit(Settings())) as session:
        row, key = add_key(session, name, utc_now(), ends_on)
        described = {"name": name, "prefix": row.prefix, "key": key, "ends_on": ends_on}
    if as_json:
        emit_json(described)
    else:
        _show_key(key, ends_on)


@keys.command("revoke")
def revoke(prefix: str, as_json: AsJson = False) -> None:
    """Revoke a key by its first characters.

    Example: paidforby keys revoke pfb_AbCd1234
    """
    with plain_errors(), write(open_or_exit(Settings())) as session:
        row = revoke_key(session, prefix, utc_now())
        described = {"prefix": row.prefix, "revoked_at": row.revoked_at}
    emit_json(described) if as_json else say(f"the key {described['prefix']}… no longer counts")


def _describe(user: User) -> dict[str, Any]:
    return user.model_dump(include={"name", "roles", "is_disabled", "created_at"})


def _choose_end(until: datetime | None) -> date:
    """The last day of a new key; a day that is over is wrong usage."""
    today = utc_now().date()
    ends_on = until.date() if until else today + A_YEAR
    if ends_on < today:
        note(f"--until {ends_on} is over; give the last day on which the key is to count")
        raise typer.Exit(WRONG_USAGE)
    return ends_on


SHOWN_OF_A_KEY = {"prefix", "created_at", "ends_on", "last_used_on", "revoked_at"}


def _tell_key(key: dict[str, Any] | None) -> list[str]:
    """Name, end and last use of a key, for the table."""
    if key is None:
        return ["", "", ""]
    if key["revoked_at"]:
        counts = f"revoked on {key['revoked_at']:%Y-%m-%d}"
    elif key["ends_on"] is None:
        counts = "without end"
    else:
        is_over = key["ends_on"] < utc_now().date()
        counts = f"{'ended on' if is_over else 'until'} {key['ends_on']}"
    return [key["prefix"], counts, str(key["last_used_on"] or "never")]


def _show_key(key: str, ends_on: date) -> None:
    say(f"key: {key}")
    say(f"it is shown once and kept as a hash only; it counts until {ends_on} (--until DAY)")
    say("next: curl -H 'Authorization: Bearer KEY' http://127.0.0.1:8000/api/v1/flags")
