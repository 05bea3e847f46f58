"""`paidforby users` and `paidforby keys`: people who may do more than read."""

from typing import Annotated, Any

import typer

from archive.curation.people import add_key, add_user, disable_user, list_users, revoke_key
from archive.models import User
from archive.models.people import Role
from archive.store.database import read, write
from archive.terminal import (
    AsJson,
    emit_json,
    format_table,
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


@users.command("add")
def add(name: str, role: Roles, as_json: AsJson = False) -> None:
    """Add a person and print their first key, once.

    Example: paidforby users add ada --role analyst
    """
    with plain_errors(), write(open_or_exit(Settings())) as session:
        user, key = add_user(session, name, role, utc_now())
        described = _describe(user) | {"key": key}
    if as_json:
        emit_json(described)
        return
    say(f"{described['name']} may act as {', '.join(role)}")
    _show_key(key)


@users.command("list")
def list_(as_json: AsJson = False) -> None:
    """List people and what they may do.

    Example: paidforby users list
    """
    with plain_errors(), read(open_or_exit(Settings())) as session:
        people = [_describe(user) for user in list_users(session)]
    if as_json:
        emit_json(people)
        return
    rows = [[p["name"], ", ".join(p["roles"]), p["is_disabled"]] for p in people]
    for line in format_table(["name", "may act as", "disabled"], rows):
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
def add_for(name: str, as_json: AsJson = False) -> None:
    """Make one more key for a person and print it, once.

    Example: paidforby keys add ada
    """
    with plain_errors(), write(open_or_exit(Settings())) as session:
        row, key = add_key(session, name, utc_now())
        described = {"name": name, "prefix": row.prefix, "key": key}
    if as_json:
        emit_json(described)
    else:
        _show_key(key)


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


def _show_key(key: str) -> None:
    say(f"key: {key}")
    say("it is shown once and kept as a hash only")
    say("next: curl -H 'Authorization: Bearer KEY' http://127.0.0.1:8000/api/v1/flags")
