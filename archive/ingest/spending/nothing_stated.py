"""A statement once its source no longer makes it: the same words, with nothing said of money and ads."""

from archive.ingest.values import Values
from archive.records import MissingReason
from archive.records.canonical import hash_json

NOTHING: Values = {
    "spend_lower_minor": None,
    "spend_upper_minor": None,
    "ads_count": None,
    "spend_conversions": {},
}
"""What a withdrawn statement still says about money and ads."""


def state_nothing(row: Values) -> Values:
    """The row of the same period of the same advertiser, withdrawn."""
    reasons = dict.fromkeys(
        (name for name in NOTHING if name != "spend_conversions"),
        MissingReason.NOT_PROVIDED.value,
    )
    return row | {
        **NOTHING,
        "missing": row["missing"] | reasons,
        "is_withdrawn": True,
        "row_sha256": hash_json({"series": row["series"], "is_withdrawn": True}),
    }
