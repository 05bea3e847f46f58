"""The facts of an ad as rules read them: values, reasons, and sentences about both."""

from datetime import UTC, date, datetime

import pytest

from archive.models import PublicAd
from archive.records import MissingReason
from oversight.rules.facts import AD_FACTS, FACT_TYPES, describe_fact, name_fact, read_facts

SEEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_public_ad(**values: object) -> PublicAd:
    given = {
        "id": 1,
        "public_id": "example:a1",
        "source": "example",
        "ref": "a1",
        "platform": "examplatform",
        "text": "",
        "state": "seen",
        "versions": 1,
        "version_id": 1,
        "content_sha256": "0" * 64,
        "first_seen_at": SEEN,
        "last_changed_at": SEEN,
        "recorded_at": SEEN,
    }
    return PublicAd(**(given | values))


def test_every_ad_fact_follows_from_the_projection_and_has_a_name_in_plain_words() -> None:
    facts = read_facts(make_public_ad())
    for name in AD_FACTS:
        assert f"ad.{name}" in facts
        assert name_fact(f"ad.{name}") != name


def test_the_folded_text_is_small_letters_of_one_shape_with_single_spaces() -> None:
    ad = make_public_ad(text="VOTE\n for \N{FULLWIDTH LATIN CAPITAL LETTER U}s")
    assert read_facts(ad)["ad.text_folded"] == "vote for us"


def test_values_come_as_the_language_has_them() -> None:
    ad = make_public_ad(
        text="Vote\n for  us",
        countries=["GR", "CY"],
        started_on=date(2023, 5, 20),
        started_at=datetime(2023, 5, 20, 7, tzinfo=UTC),
        declared_political=False,
        spend_lower_minor=0,
    )
    facts = read_facts(ad)
    assert facts["ad.text"] == "Vote for us"
    assert facts["ad.countries"] == ("GR", "CY")
    assert facts["ad.started_on"] == datetime(2023, 5, 20, tzinfo=UTC)
    assert facts["ad.started_at"] == datetime(2023, 5, 20, 7, tzinfo=UTC)
    assert facts["ad.declared_political"] is False
    assert facts["ad.spend_lower_minor"] == 0


def test_rules_read_no_country_that_the_source_was_merely_asked_for() -> None:
    facts = read_facts(make_public_ad(countries=["NO"], countries_from="asked"))
    assert facts["ad.countries"] is MissingReason.NOT_PROVIDED
    assert facts["ad.countries_from"] is MissingReason.NOT_PROVIDED

    stated = read_facts(make_public_ad(countries=["NO"], countries_from="stated"))
    assert stated["ad.countries"] == ("NO",)
    assert stated["ad.countries_from"] == "stated"


def test_a_day_begins_in_the_zone_of_its_source() -> None:
    ad = make_public_ad(
        started_on=date(2023, 5, 20), ended_on=date.max, day_zone="America/New_York"
    )
    facts = read_facts(ad)
    assert facts["ad.started_on"] == datetime(2023, 5, 20, 4, tzinfo=UTC)
    assert facts["ad.ended_on"] in {MissingReason.UNREADABLE, datetime(9999, 12, 31, 5, tzinfo=UTC)}


def test_what_has_no_value_has_the_reason_of_the_projection() -> None:
    missing = {
        "payer_name": "not_disclosed",
        "bodies": "unreadable",
        "landing_urls": "redacted",
    }
    facts = read_facts(make_public_ad(missing=missing, spend_lower_minor=100))
    assert facts["ad.payer_name"] is MissingReason.NOT_DISCLOSED
    assert facts["ad.text"] is MissingReason.UNREADABLE
    assert facts["ad.landing_domains"] is MissingReason.REDACTED
    assert facts["ad.spend_upper_minor"] is MissingReason.NOT_PROVIDED


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ad.currency", "EUR", "Currency of the spend (ISO 4217): “EUR”."),
        (
            "ad.currency",
            MissingReason.NOT_PROVIDED,
            "unknown, because this source does not give it",
        ),
        (
            "ad.payer_name",
            MissingReason.NOT_DISCLOSED,
            "the source has this field and left it blank",
        ),
        ("ad.spend_lower_minor", 1_234_500, "so far: 12,345 (currency not given)."),
        ("ad.reach_upper", 1_234, "Most people or accounts reached: 1,234."),
        ("ad.declared_political", False, ": no."),
        ("ad.countries", ("GR", "CY"), "GR, CY"),
        ("ad.started_at", datetime(2023, 5, 2, 7, tzinfo=UTC), "2 May 2023, 07:00 UTC"),
        ("ad.text", "x" * 500, "x…"),
        ("ad.spend", MissingReason.UNREADABLE, "whole life so far: unknown, because"),
        ("window.overlaps", MissingReason.NOT_PROVIDED, "nobody can tell"),
        ("p.states", MissingReason.NOT_PROVIDED, "no value is known for the day"),
    ],
)
def test_a_sentence_says_what_is_known_or_why_nothing_is(
    name: str, value: object, sentence: str
) -> None:
    said = describe_fact(name, {name: value})
    assert sentence in said
    assert len(said) < 250


def test_every_fact_has_a_name_in_words() -> None:
    for name in FACT_TYPES:
        assert name_fact(name).strip()
        assert not name_fact(name).endswith(".")
        assert not set("`;") & set(name_fact(name)), "a name stands within a sentence"
