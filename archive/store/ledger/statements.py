"""What each kind of ledger leaf states, told again from the rows it stands for.

`checking.py` asks here. A further kind of leaf is one more entry in `LEAF_ROWS`; what was hashed once
keeps its spelling.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, exists, select
from sqlalchemy.sql.expression import SQLColumnExpression
from sqlmodel import col

from archive.models import (
    Ad,
    AdMedia,
    AdVersion,
    Capture,
    Decision,
    Disclosure,
    DisclosureVersion,
    Flag,
    PoliticalLabel,
    Redaction,
    RuleVersion,
)
from archive.models.changes import LeafKind
from archive.models.media import MediaState

Statement = dict[str, Any]


def spell_times(row: Statement) -> list[Statement]:
    """The row as its only statement, instants in ISO 8601 as Python spells them."""
    return [{n: v.isoformat() if isinstance(v, datetime) else v for n, v in row.items()}]


def state_as_is(row: Statement) -> list[Statement]:
    """The row as its only statement, instants as canonical JSON spells them."""
    return [row]


def state_label(row: Statement) -> list[Statement]:
    """A label is stated when it is given, and again when it is withdrawn."""
    ad = {"source": row["source"], "ref": row["ref"]}
    rule, given_at = {"rule": row["rule_id"]}, {"recorded_at": row["recorded_at"].isoformat()}
    given = {"act": "given", "by": row["labelled_by"], "reason": row["reason"]}
    if row["withdrawn_at"] is None:
        return [ad | given | rule | given_at]
    withdrawn = {
        "act": "withdrawn",
        "by": row["withdrawn_by"],
        "reason": row["withdrawal_reason"],
        "recorded_at": row["withdrawn_at"].isoformat(),
    }
    return [ad | given | rule | given_at, ad | withdrawn]


@dataclass(frozen=True)
class LeafRows:
    """The rows that leaves of one kind stand for."""

    key: SQLColumnExpression[Any]
    """Our id of the row, which its leaf names."""
    query: Select[Any]
    """The fields of the statement, under its names."""
    state: Callable[[Statement], list[Statement]] = spell_times
    text: SQLColumnExpression[Any] | None = None
    """What the row holds in words; it is JSON, or the very bytes that were hashed."""
    text_sha256: str = ""
    """The field of the statement that is the hash of `text`."""
    is_withheld: ColumnElement[Any] | None = None
    """Whether something of `text` is withheld, so that it no longer has that hash."""


def _select(*columns: Any, **named: Any) -> Select[Any]:  # noqa: ANN401 (columns of any type)
    return select(*columns, *(column.label(name) for name, column in named.items()))


AD = (col(Ad.source), col(Ad.ref))

LEAF_ROWS: Mapping[LeafKind, LeafRows] = {
    LeafKind.AD_VERSION: LeafRows(
        col(AdVersion.id),
        _select(
            *AD, col(AdVersion.seq), col(AdVersion.content_sha256), col(AdVersion.observed_at)
        ).join_from(AdVersion, Ad, col(Ad.id) == col(AdVersion.ad_id)),
        text=cast(col(AdVersion.content), Text),
        text_sha256="content_sha256",
        is_withheld=exists().where(col(Redaction.ad_id) == col(AdVersion.ad_id)),
    ),
    LeafKind.CAPTURE: LeafRows(
        col(Capture.id),
        _select(
            col(Capture.source),
            col(Capture.partition),
            col(Capture.url),
            col(Capture.sha256),
            col(Capture.fetched_at),
        ),
    ),
    LeafKind.DISCLOSURE_VERSION: LeafRows(
        col(DisclosureVersion.id),
        _select(
            col(Disclosure.source),
            col(Disclosure.ref),
            col(DisclosureVersion.seq),
            col(DisclosureVersion.row_sha256),
            col(DisclosureVersion.observed_at),
        ).join_from(
            DisclosureVersion, Disclosure, col(Disclosure.id) == DisclosureVersion.disclosure_id
        ),
        text=cast(col(DisclosureVersion.content), Text),
        text_sha256="row_sha256",
    ),
    LeafKind.RULE_VERSION: LeafRows(
        col(RuleVersion.id),
        _select(col(RuleVersion.rule_id), col(RuleVersion.version), col(RuleVersion.sha256)),
        text=col(RuleVersion.text),
        text_sha256="sha256",
    ),
    LeafKind.DECISION: LeafRows(
        col(Decision.id),
        _select(
            *(
                col(getattr(Decision, name))
                for name in Decision.model_fields
                if name not in {"id", "flag_id", "decided_by_id"}
            ),
            ad=col(Ad.source) + ":" + col(Ad.ref),
            content_sha256=col(AdVersion.content_sha256),
            rule_sha256=col(RuleVersion.sha256),
            flag=col(Flag.reference),
        )
        .join_from(Decision, Flag, col(Flag.id) == Decision.flag_id)
        .join(Ad, col(Ad.id) == Flag.ad_id)
        .join(AdVersion, col(AdVersion.id) == Flag.ad_version_id)
        .join(RuleVersion, col(RuleVersion.id) == Flag.rule_version_id),
        state=state_as_is,
    ),
    LeafKind.REDACTION: LeafRows(
        col(Redaction.id),
        _select(
            *AD, col(Redaction.field), col(Redaction.basis), col(Redaction.recorded_at)
        ).join_from(Redaction, Ad, col(Ad.id) == Redaction.ad_id),
    ),
    LeafKind.MEDIA: LeafRows(
        col(AdMedia.id),
        _select(*AD, col(AdMedia.url), col(AdMedia.sha256), looked_at=col(AdMedia.fetched_at))
        .join_from(AdMedia, Ad, col(Ad.id) == AdMedia.ad_id)
        .where(col(AdMedia.state) == MediaState.KEPT),
    ),
    LeafKind.LABEL: LeafRows(
        col(PoliticalLabel.id),
        _select(
            *AD,
            *(col(getattr(PoliticalLabel, n)) for n in PoliticalLabel.model_fields if n != "id"),
        ).join_from(PoliticalLabel, Ad, col(Ad.id) == PoliticalLabel.ad_id),
        state=state_label,
    ),
}
"""Every kind of leaf and its rows."""
