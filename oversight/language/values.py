"""What facts and expressions can be: the types of the language and the values that carry them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from archive.records import MissingReason


class FactType(StrEnum):
    """Type of a fact or of an expression over facts.

    A date is read as the midnight that begins it in UTC, so that dates and times compare. An amount and a
    count are ranges, held by the facts of their bounds (`ranges`); by themselves they never have a value.
    """

    BOOL = "bool"
    INT = "int"
    STRING = "string"
    TIMESTAMP = "timestamp"
    DATE = "date"
    STRINGS = "strings"
    DURATION = "duration"
    AMOUNT = "amount"
    COUNT = "count"


Value = bool | int | str | datetime | timedelta | tuple[str, ...]
"""What an expression comes to when it is known; datetimes are aware UTC."""

FactValue = bool | int | str | datetime | tuple[str, ...] | MissingReason
"""A fact: its value, or why it has none."""

Facts = Mapping[str, FactValue]
"""Facts by full name (`ad.payer_name`); a name that is left out is `not_provided`."""

Schema = Mapping[str, FactType]
"""Every fact a rule may name, as `<group>.<name>`, with its type."""

EMPTY: dict[FactType, Value] = {FactType.STRING: "", FactType.STRINGS: ()}
"""What a blank field reads as, for the types that can be empty."""
