"""A row that shows something else than was recorded is named, with its ad and its fields."""

from sqlalchemy import text

from archive.models import Ad
from archive.privacy.redactions import redact_field
from archive.reading.shown_rows import check_shown
from archive.store.checking import ROWS_AT_ONCE
from archive.store.database import write
from tests.archive.moments import DAY, NOON


def check(engine):
    counted = []
    found = check_shown(engine, counted.append)
    assert sum(counted) == found.checked > 0
    assert max(counted) <= ROWS_AT_ONCE
    return found.bad


def test_what_ingest_redactions_and_absence_have_made_is_shown_as_it_was_recorded(filled):
    with write(filled) as session:
        ad = session.get_one(Ad, 1)
        redact_field(session, ad, "payer_name", "Article 17", "Ada", NOON + 2 * DAY)

    assert check(filled) == []


SHOWN, WORDS = "not shown as it was recorded", "its words are not those of its hash"
REWRITTEN = {
    "UPDATE public_ad SET payer_name = 'Somebody else', text = 'Other' WHERE id = 2": (
        f"public_ad 2 (example:a1): {SHOWN}: payer_name, text"
    ),
    "UPDATE public_ad SET spend_upper_minor = 5, state = 'gone' WHERE id = 3": (
        f"public_ad 3 (example:a2): {SHOWN}: spend_upper_minor, state"
    ),
    "UPDATE public_ad SET landing_domains = '[\"a.example\"]' WHERE id = 4": (
        f"public_ad 4 (example:a3): {SHOWN}: landing_domains"
    ),
    "UPDATE public_ad SET first_seen_at = recorded_at WHERE id = 1": (
        f"public_ad 1 (example:a0): {SHOWN}: first_seen_at"
    ),
    "DELETE FROM public_ad WHERE id = 5": "public_ad 5 (example:a4): what was recorded is not shown",
    "DELETE FROM ad_version WHERE ad_id = 6": (
        "public_ad 6: it, or what was recorded of it, cannot be read"
    ),
    "UPDATE ad_version SET content = 'no JSON' WHERE ad_id = 7": (
        "public_ad 7: it, or what was recorded of it, cannot be read"
    ),
    "UPDATE ad_version SET withheld = '[1]' WHERE ad_id = 8": (
        "public_ad 8: it, or what was recorded of it, cannot be read"
    ),
    "UPDATE disclosure SET payee_name = 'A cousin', is_withdrawn = NOT is_withdrawn WHERE id = 1": (
        f"disclosure 1 (example:000000000000): {SHOWN}: payee_name, is_withdrawn"
    ),
    "UPDATE ad_metric SET impressions_lower = 7 WHERE id = 9": f"ad_metric 9: {WORDS}",
    "UPDATE advertiser_spend SET spend_lower_minor = 1 WHERE id = 1": f"advertiser_spend 1: {WORDS}",
    "UPDATE advertiser_spend SET is_current = NOT is_current WHERE id = 2": (
        "advertiser_spend 2: is_current is not what was recorded"
    ),
    "UPDATE committee SET name = 'Another' WHERE id = 1": f"committee 1: {WORDS}",
    "UPDATE advertiser SET name = 'Another' WHERE id = 'example:page-1'": (
        "advertiser example:page-1: its name was never recorded"
    ),
}
"""What somebody writes past the archive, and what is said of it."""


def test_what_was_rewritten_past_the_archive_is_named_with_its_fields(filled):
    with write(filled) as session:
        for statement in REWRITTEN:
            assert session.connection().execute(text(statement)).rowcount == 1

    assert sorted(check(filled)) == sorted(
        [
            *REWRITTEN.values(),
            # Shown is what it was before somebody rewrote its numbers.
            f"public_ad 9 (example:a8): {SHOWN}: impressions_lower, missing",
        ]
    )
