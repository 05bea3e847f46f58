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
from sqlmodel import SQLModel, col

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


def _select(table: type[SQLModel], names: str, *others: Any) -> Select[Any]:  # noqa: ANN401 (any column)
    return select(*(col(getattr(table, name)) for name in names.split()), *others).select_from(
        table
    )


AD = (col(Ad.source), col(Ad.ref))

LEAF_ROWS: Mapping[LeafKind, LeafRows] = {
    LeafKind.AD_VERSION: LeafRows(
        col(AdVersion.id),
        _select(AdVersion, "seq content_sha256 observed_at", *AD).join(
            Ad, col(Ad.id) == col(AdVersion.ad_id)
        ),
        text=cast(col(AdVersion.content), Text),
        text_sha256="content_sha256",
        is_withheld=exists().where(col(Redaction.ad_id) == col(AdVersion.ad_id)),
    ),
    LeafKind.CAPTURE: LeafRows(
        col(Capture.id), _select(Capture, "source partition url sha256 fetched_at")
    ),
    LeafKind.DISCLOSURE_VERSION: LeafRows(
        col(DisclosureVersion.id),
        _select(
            DisclosureVersion,
            "seq row_sha256 observed_at",
            col(Disclosure.source),
            col(Disclosure.ref),
        ).join(Disclosure, col(Disclosure.id) == DisclosureVersion.disclosure_id),
        text=cast(col(DisclosureVersion.content), Text),
        text_sha256="row_sha256",
    ),
    LeafKind.RULE_VERSION: LeafRows(
        col(RuleVersion.id),
        _select(RuleVersion, "rule_id version sha256"),
        text=col(RuleVersion.text),
        text_sha256="sha256",
    ),
    LeafKind.DECISION: LeafRows(
        col(Decision.id),
        _select(
            Decision,
            "reference outcome reasons plain_summary legal_basis deployment_kind operator_name "
            "automated_detection decided_at",
            (col(Ad.source) + ":" + col(Ad.ref)).label("ad"),
            col(AdVersion.content_sha256),
            col(RuleVersion.sha256).label("rule_sha256"),
            col(Flag.reference).label("flag"),
        )
        .join(Flag, col(Flag.id) == Decision.flag_id)
        .join(Ad, col(Ad.id) == Flag.ad_id)
        .join(AdVersion, col(AdVersion.id) == Flag.ad_version_id)
        .join(RuleVersion, col(RuleVersion.id) == Flag.rule_version_id),
        state=state_as_is,
    ),
    LeafKind.REDACTION: LeafRows(
        col(Redaction.id),
        _select(Redaction, "field basis recorded_at", *AD).join(Ad, col(Ad.id) == Redaction.ad_id),
    ),
    LeafKind.MEDIA: LeafRows(
        col(AdMedia.id),
        _select(AdMedia, "url sha256", col(AdMedia.fetched_at).label("looked_at"), *AD)
        .join(Ad, col(Ad.id) == AdMedia.ad_id)
        .where(col(AdMedia.state) == MediaState.KEPT),
    ),
    LeafKind.LABEL: LeafRows(
        col(PoliticalLabel.id),
        _select(
            PoliticalLabel,
            "labelled_by rule_id reason recorded_at withdrawn_by withdrawal_reason withdrawn_at",
            *AD,
        ).join(Ad, col(Ad.id) == PoliticalLabel.ad_id),
        state=state_label,
    ),
}
"""Every kind of leaf and its rows."""
