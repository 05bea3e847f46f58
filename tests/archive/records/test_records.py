"""A record keeps what a source said, and says why the rest is missing."""

from datetime import datetime

import pytest
from pydantic import ValidationError

from archive.records import (
    AdRecord,
    AdvertiserSpendRecord,
    CommitteeRecord,
    DisclosureRecord,
    MissingReason,
)


def test_a_field_that_is_not_passed_is_not_provided_by_this_source():
    ad = AdRecord(ref="1", platform="meta")

    assert ad.missing["payer_name"] == MissingReason.NOT_PROVIDED


@pytest.mark.parametrize("blank", [None, ""])
def test_a_field_passed_blank_is_not_disclosed(blank):
    ad = AdRecord(ref="1", platform="meta", payer_name=blank)

    assert ad.payer_name is None
    assert ad.missing["payer_name"] == MissingReason.NOT_DISCLOSED


def test_a_blank_list_is_not_disclosed():
    assert (
        AdRecord(ref="1", platform="meta", languages=[]).missing["languages"]
        == MissingReason.NOT_DISCLOSED
    )


def test_an_explicit_reason_wins_over_the_general_one():
    ad = AdRecord(ref="1", platform="meta", missing={"payer_name": "unreadable"})

    assert ad.missing["payer_name"] == MissingReason.UNREADABLE


def test_a_field_with_a_value_never_has_a_reason():
    ad = AdRecord(
        ref="1", platform="meta", payer_name="Harbour Party", missing={"payer_name": "not_looked"}
    )

    assert "payer_name" not in ad.missing


def test_zero_and_false_are_values():
    ad = AdRecord(
        ref="1", platform="meta", currency="EUR", spend_lower_minor=0, declared_political=False
    )

    assert ad.spend_lower_minor == 0
    assert ad.declared_political is False
    assert {"spend_lower_minor", "declared_political"}.isdisjoint(ad.missing)


@pytest.mark.parametrize(
    "record", [AdRecord, AdvertiserSpendRecord, CommitteeRecord, DisclosureRecord]
)
def test_a_field_that_may_be_left_out_has_no_value_by_default_and_so_a_reason(record):
    assumed = {
        name
        for name, field in record.model_fields.items()
        if not field.is_required()
        and name not in record.needs_no_reason
        and field.get_default(call_default_factory=True) not in (None, "", [], {})
    }
    assert assumed == set()


def test_an_open_upper_end_is_open_and_not_missing():
    ad = AdRecord(ref="1", platform="meta", currency="EUR", spend_lower_minor=100)

    assert ad.spend_upper_minor is None
    assert "spend_upper_minor" not in ad.missing


def test_every_optional_field_has_a_value_or_a_reason():
    ad = AdRecord(ref="1", platform="meta", bodies=["text"])
    optional = {
        name
        for name, field in AdRecord.model_fields.items()
        if not field.is_required() and name not in AdRecord.needs_no_reason
    }

    without_value = {name for name in optional if getattr(ad, name) in (None, [])}

    assert without_value == set(ad.missing)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"spend_lower_minor": 2, "spend_upper_minor": 1, "currency": "EUR"}, "is above"),
        ({"currency": "EURO"}, "not an ISO 4217"),
        ({"spend_lower_minor": -1, "currency": "EUR"}, "greater than or equal to 0"),
        ({"impressions_lower": 2**60}, "less than or equal to"),
        ({"started_at": datetime(2026, 1, 1)}, "timezone"),  # noqa: DTZ001 (refused for it)
        ({"spnd": 3}, "Extra inputs"),
    ],
)
def test_what_cannot_be_true_is_refused_with_a_reason(values, words):
    with pytest.raises(ValidationError, match=words):
        AdRecord(ref="1", platform="meta", **values)


def test_every_field_says_what_it_means():
    undescribed = [n for n, field in AdRecord.model_fields.items() if not field.description]

    assert undescribed == []
