"""`paidforby redactions`: withhold a field of an ad by a decision that is logged, and list these."""

from typing import Annotated

import typer
from sqlmodel import col, select

from archive.models import Ad, PublicAd, Redaction
from archive.privacy.redactions import redact_field
from archive.reading.ads.ads import find_ad_row
from archive.records.escaping import escape_text
from archive.records.identity import public_id
from archive.store.database import read, write
from archive.terminal import (
    DONE_WITH_REMAINDERS,
    AsJson,
    emit_json,
    format_table,
    format_time,
    note,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.settings import Settings
from scrapers.commands.opening import clear_or_tell

SHORTEST_WORD = 3

app = typer.Typer(
    no_args_is_help=True,
    help="Fields of ads withheld by a decision; each is public with its basis.",
)


@app.command("add")
def add_redaction(
    ad: Annotated[str, typer.Argument(metavar="AD", help="Permanent id, such as snap:3543bda6.")],
    field: Annotated[str, typer.Argument(help="Name of the field, such as sponsor_name.")],
    basis: Annotated[str, typer.Option(help="The law or decision it rests on.")],
    by: Annotated[str, typer.Option(help="Who decided.")],
) -> None:
    """Withhold a field of an ad from every version, past and to come.

    Example: paidforby redactions add snap:123 payer_name --basis "GDPR Article 17" --by ada
    """
    # It brings the rule language with it, which `list` has no use for.
    from oversight.cases.decision_register import list_naming  # noqa: PLC0415

    settings = Settings()
    engine = open_or_exit(settings)
    with plain_errors(), write(engine) as session:
        row = find_ad_row(session, ad)
        words = _list_words(getattr(session.get_one(PublicAd, row.id), field, None))
        redact_field(session, row, field, basis, by, utc_now())
        naming = list_naming(session, public_id(row.source, row.ref), words)
    say(f"{field} of {escape_text(ad)} is withheld from now on; every answer says so and why")
    for number in naming:
        note(
            f"decision {number} says it in its own words, which stay: only who decided can restate it"
        )
    is_clear = clear_or_tell(settings, engine)
    if naming or not is_clear:
        raise typer.Exit(DONE_WITH_REMAINDERS)
    say("next: paidforby redactions list")


def _list_words(value: object) -> list[str]:
    """The texts of a field, whatever it is made of; one of a few letters stands in any sentence."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [word for item in inner for word in _list_words(item)]
    return [value] if isinstance(value, str) and len(value) > SHORTEST_WORD else []


@app.command("list")
def list_redactions(as_json: AsJson = False) -> None:
    """List what is withheld, newest first.

    Example: paidforby redactions list
    """
    query = select(Redaction, Ad.source, Ad.ref).join(Ad, col(Ad.id) == col(Redaction.ad_id))
    with plain_errors(), read(open_or_exit(Settings())) as session:
        found = session.exec(query.order_by(col(Redaction.id).desc())).all()
    listed = [
        {"ad": public_id(source, ref), **redaction.model_dump(exclude={"id", "ad_id"})}
        for redaction, source, ref in found
    ]
    if as_json:
        emit_json(listed)
        return
    rows = [
        [one["ad"], one["field"], one["basis"], one["decided_by"], format_time(one["recorded_at"])]
        for one in listed
    ]
    for line in format_table(["ad", "field", "basis", "decided by", "since"], rows):
        say(line)
    if not rows:
        say("nothing is withheld")
