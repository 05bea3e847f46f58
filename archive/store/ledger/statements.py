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
    AdLabel,
    AdMedia,
    AdVersion,
    Capture,
    CaseStep,
    Decision,
    Disclosure,
    DisclosureVersion,
    Flag,
    LabelTerm,
    Redaction,
    ReferenceVersion,
    RuleUse,
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


def state_redaction(row: Statement) -> list[Statement]:
    """A redaction names the rule that made it; one that a person decided names none."""
    return spell_times({name: v for name, v in row.items() if name != "rule" or v})


USUAL_LABEL = {"term": LabelTerm.POLITICAL, "says": True, "method": None}


def state_label(row: Statement) -> list[Statement]:
    """A label is stated when it is given, and again when it is withdrawn."""
    ad = {"source": row["source"], "ref": row["ref"]}
    rule, given_at = {"rule": row["rule_id"]}, {"recorded_at": row["recorded_at"].isoformat()}
    given = {"act": "given", "by": row["labelled_by"], "reason": row["reason"]}
    # A person's word that an ad is political is stated as it was when there was no other kind.
    given |= {name: row[name] for name, usual in USUAL_LABEL.items() if row[name] != usual}
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
    withheld: SQLColumnExpression[Any] | None = None
    """JSON of what of `text` is not public; a value that is kept in the evidence only is `null`."""
    is_redacted: ColumnElement[Any] | None = None
    """Whether a decision withholds something of it: only then may a value be kept nowhere else."""
    has_older: bool = False
    """Rows from before the first leaf of this kind have none: it came with a later program."""


def _select(table: type[SQLModel], names: str, *others: Any) -> Select[Any]:  # noqa: ANN401 (any column)
    return select(*(col(getattr(table, name)) for name in names.split()), *others).select_from(
        table
    )


AD = (col(Ad.source), col(Ad.ref))
VERSIONS: tuple[Any, ...] = (
    (col(Ad.source) + ":" + col(Ad.ref)).label("ad"),
    col(AdVersion.content_sha256),
    col(RuleVersion.sha256).label("rule_sha256"),
)


def _join_versions(of_flag: Select[Any]) -> Select[Any]:
    """With the versions of ad and rule that a flag is about."""
    return (
        of_flag.join(Ad, col(Ad.id) == Flag.ad_id)
        .join(AdVersion, col(AdVersion.id) == Flag.ad_version_id)
        .join(RuleVersion, col(RuleVersion.id) == Flag.rule_version_id)
    )


LEAF_ROWS: Mapping[LeafKind, LeafRows] = {
    LeafKind.AD_VERSION: LeafRows(
        col(AdVersion.id),
        _select(AdVersion, "seq content_sha256 observed_at", *AD).join(
            Ad, col(Ad.id) == col(AdVersion.ad_id)
        ),
        text=cast(col(AdVersion.content), Text),
        text_sha256="content_sha256",
        withheld=cast(col(AdVersion.withheld), Text),
        is_redacted=exists().where(col(Redaction.ad_id) == col(AdVersion.ad_id)),
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
        withheld=cast(col(DisclosureVersion.withheld), Text),
    ),
    LeafKind.RULE_VERSION: LeafRows(
        col(RuleVersion.id),
        _select(RuleVersion, "rule_id version sha256"),
        text=col(RuleVersion.text),
        text_sha256="sha256",
    ),
    LeafKind.DECISION: LeafRows(
        col(Decision.id),
        _join_versions(
            _select(
                Decision,
                "reference outcome reasons plain_summary legal_basis deployment_kind operator_name "
                "automated_detection decided_at",
                col(Flag.reference).label("flag"),
                *VERSIONS,
            ).join(Flag, col(Flag.id) == Decision.flag_id)
        ),
        state=state_as_is,
    ),
    LeafKind.FLAG: LeafRows(
        col(Flag.id),
        _join_versions(_select(Flag, "reference note raised_by_id raised_at", *VERSIONS)),
        state=state_as_is,
        has_older=True,
    ),
    LeafKind.CASE_STEP: LeafRows(
        col(CaseStep.id),
        _select(
            CaseStep,
            "event from_state to_state by_user_id at note",
            col(Flag.reference).label("flag"),
        ).join(Flag, col(Flag.id) == CaseStep.flag_id),
        state=state_as_is,
        has_older=True,
    ),
    LeafKind.REDACTION: LeafRows(
        col(Redaction.id),
        _select(Redaction, "field basis rule recorded_at", *AD).join(
            Ad, col(Ad.id) == Redaction.ad_id
        ),
        state=state_redaction,
    ),
    LeafKind.MEDIA: LeafRows(
        col(AdMedia.id),
        _select(AdMedia, "url sha256", col(AdMedia.fetched_at).label("looked_at"), *AD)
        .join(Ad, col(Ad.id) == AdMedia.ad_id)
        .where(col(AdMedia.state) == MediaState.KEPT),
    ),
    LeafKind.LABEL: LeafRows(
        col(AdLabel.id),
        _select(
            AdLabel,
            "term says method labelled_by rule_id reason recorded_at withdrawn_by "
            "withdrawal_reason withdrawn_at",
            *AD,
        ).join(Ad, col(Ad.id) == AdLabel.ad_id),
        state=state_label,
    ),
    LeafKind.RULE_USE: LeafRows(
        col(RuleUse.id),
        _select(RuleUse, "rule_id action rule_sha256 stage by_name because at"),
        has_older=True,
    ),
    LeafKind.REFERENCE: LeafRows(
        col(ReferenceVersion.id),
        _select(ReferenceVersion, "name sha256 by_name because").add_columns(
            # The kind of a leaf stands under the same name.
            col(ReferenceVersion.kind).label("of")
        ),
        text=col(ReferenceVersion.text),
        text_sha256="sha256",
    ),
}
"""Every kind of leaf and its rows."""
