"""Records validate by short cuts; here they are held against the plain way, written out below."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError, create_model, model_validator

from archive.records import (
    AdRecord,
    AdvertiserSpendRecord,
    CommitteeRecord,
    DisclosureRecord,
    MissingReason,
    Record,
)
from archive.records.money import check_currency


def is_blank(value: object) -> bool:
    return value is None or value in ("", [], {})


def name_reasons(record: type[Record], values: Mapping[str, Any]) -> dict[str, str]:
    reasons = {}
    for name, field in record.model_fields.items():
        if name in record.needs_no_reason or field.is_required():
            continue
        if name not in values:
            reasons[name] = MissingReason.NOT_PROVIDED.value
        elif is_blank(values[name]):
            reasons[name] = MissingReason.NOT_DISCLOSED.value
    for name, reason in (values.get("missing") or {}).items():
        if is_blank(values.get(name)):
            reasons[name] = MissingReason(reason).value
    return reasons


def check_order(values: dict[str, Any], start: str, end: str) -> None:
    if values[start] and values[end] and values[end] < values[start]:
        raise ValueError(f"{end} {values[end]} is before {start} {values[start]}")


def check_bounds(values: dict[str, Any], lower_name: str, upper_name: str) -> None:
    lower, upper = values[lower_name], values[upper_name]
    if lower is not None and upper is None:
        values["missing"].pop(upper_name, None)
    if lower is not None and upper is not None and lower > upper:
        raise ValueError(f"{lower_name} {lower} is above {upper_name} {upper}")


def make_reference(record: type[Record]) -> type[BaseModel]:
    """The same fields, with every reason looked for anew and every bound looked at."""

    class Plain(BaseModel):
        model_config = ConfigDict(extra="forbid")

        @model_validator(mode="before")
        @classmethod
        def name_missing(cls, values: Mapping[str, Any]) -> dict[str, Any]:
            filled = {name: value for name, value in values.items() if not is_blank(value)}
            return filled | {"missing": name_reasons(record, values)}

    class PlainAd(Plain):
        @model_validator(mode="after")
        def check_numbers(self) -> "PlainAd":
            values = self.__dict__
            for lower_name in (name for name in values if "_lower" in name):
                check_bounds(values, lower_name, lower_name.replace("lower", "upper"))
            if values["currency"] is not None:
                check_currency(values["currency"])
            check_order(values, "started_at", "ended_at")
            check_order(values, "started_on", "ended_on")
            return self

    fields: dict[str, Any] = {n: (f.annotation, f) for n, f in record.model_fields.items()}
    return create_model("Reference", __base__=PlainAd if record is AdRecord else Plain, **fields)


RECORDS = (AdRecord, AdvertiserSpendRecord, DisclosureRecord, CommitteeRecord)
REFERENCES = {record: make_reference(record) for record in RECORDS}

VALUES: list[object] = [
    *(None, "", [], {}, (), 0, 0.0, False, True, 1, 2, -1, 2**60, 1.5, "1", "x", "x" * 301),
    *("EUR", "EURO", "week", ["a"], [1], [{"by": "region"}], {"a": "b"}, {"a": 1}),
    *(date(2026, 1, 2), date(2026, 1, 1), "2026-01-03", datetime(2026, 1, 2, tzinfo=UTC)),
    *(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1)),  # noqa: DTZ001 (refused for it)
]
REASONS: list[dict[str, Any] | None] = [
    *(None, {}, {"payer_name": "unreadable"}, {"payer_name": "who knows"}, {"ref": "redacted"}),
    {"url": "redacted", "countries": "not_looked", "spend_upper_minor": "unreadable"},
]
REQUIRED = {
    "ref": "1",
    "platform": "harbour",
    "dataset": "totals",
    "grain": "week",
    "committee_ref": "C1",
    "currency": "EUR",
    "amount_minor": -5,
    "is_memo": False,
    "is_notice": False,
    "is_correction": True,
}


def describe(record: type[BaseModel], values: dict[str, Any]) -> object:
    """All that a record says of these values, or all that it refuses."""
    try:
        made = record(**values)
    except ValidationError as refusal:
        return refusal.errors(include_url=False, include_context=False)
    return list(made.missing), made.model_dump(), made.model_fields_set


@st.composite
def draw_record(draw: st.DrawFn) -> tuple[type[Record], dict[str, Any]]:
    record = draw(st.sampled_from(RECORDS))
    names = st.sampled_from([name for name in (*record.model_fields, "spnd") if name != "missing"])
    values = draw(st.dictionaries(names, st.sampled_from(VALUES), max_size=8))
    if draw(st.booleans()):
        values["missing"] = draw(st.sampled_from(REASONS))
    required = {name: value for name, value in REQUIRED.items() if name in record.model_fields}
    return record, (required | values if draw(st.booleans()) else values | required)


@given(draw_record())
def test_the_short_way_says_and_refuses_what_the_plain_way_does(
    drawn: tuple[type[Record], dict[str, Any]],
) -> None:
    record, values = drawn
    assert describe(record, values) == describe(REFERENCES[record], values)


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_made_from_one_mapping_equals_one_made_from_names(record: type[Record]) -> None:
    values = {name: value for name, value in REQUIRED.items() if name in record.model_fields}
    made = record.model_validate(values)
    assert made == record(**values)
    assert type(made) is record


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_made_of_nothing_names_what_it_lacks(record: type[Record]) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        record()


def test_reasons_of_one_record_are_not_those_of_another_of_the_same_shape() -> None:
    first, second = (AdRecord(ref=ref, platform="harbour") for ref in "12")
    first.missing["url"] = "redacted"
    assert second.missing["url"] == MissingReason.NOT_PROVIDED
