"""Imports, crawls and redactions in any order: of an earlier answer only what is named as withheld
changes."""

import json
from itertools import count
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from archive.errors import ArchiveError
from archive.models import Ad
from archive.privacy.redactions import redact_field
from archive.reading import AdFilter, list_ads, list_versions, read_ad
from archive.reading.as_of.moment import Moment
from archive.spending import SpendBy, SpendQuery, summarise_spending
from archive.store.database import read, write
from tests.archive.moments import DAY, day
from tests.archive.reading.test_past_models import AS_FOUND, SHOWN, show
from tests.examples import few_or_many

EXAMPLES = count()
FIELDS = ["bodies", "payer_name", "url"]

LOOK = st.tuples(st.just("look"), SHOWN, st.integers(0, 6), st.booleans())
REDACTION = st.tuples(
    st.just("redact"), st.sampled_from(["a1", "a2", "a3"]), st.sampled_from(FIELDS)
)
STEPS = st.lists(LOOK | REDACTION, min_size=2, max_size=6)

FOLLOWS = {"bodies": {"text"}}
"""What is made of a field, and so is withheld with it."""


def say_all(engine, source, moment):
    """Everything the archive answers about a source's ads at a moment."""
    with read(engine) as session:
        page = list_ads(session, AdFilter(source=source), None, 100, moment)
        ads = {ad.ref: read_ad(session, ad.id, moment) for ad in page.items}
        versions = {ad.ref: list_versions(session, ad.id, moment) for ad in page.items}
        query = SpendQuery(by=SpendBy.ADVERTISER, source=source, moment=moment)
        sums = summarise_spending(session, query).model_dump_json()
    return {
        "ads": {ref: json.loads(ad.model_dump_json()) for ref, ad in ads.items()},
        "versions": {
            ref: [json.loads(version.model_dump_json()) for version in listed]
            for ref, listed in versions.items()
        },
        "sums": json.loads(sums),
    }


def leave_out(answers, withheld):
    """The answers without what is withheld now, and without the words that say so."""
    for ref, ad in answers["ads"].items():
        for shown in (ad, *(version["content"] for version in answers["versions"][ref])):
            for field in (*withheld.get(ref, ()), "content_sha256"):
                shown["missing"].pop(field, None)
                for name in {field} | FOLLOWS.get(field, set()):
                    shown.pop(name, None)
        ad.pop("redactions")
        ad.pop("content_sha256", None)
        ad.pop("payer_address_given")
        for version in answers["versions"][ref]:
            version.pop("redactions")
            version.pop("content_sha256", None)
            version["changes"] = [
                change
                for change in version["changes"]
                if change["field"] not in withheld.get(ref, ())
            ]
    return answers


def redact(engine, source, ref, field, now):
    """Withhold a field, where the ad is known and shows it; says whether it was done."""
    with write(engine) as session:
        ad = session.exec(select(Ad).where(Ad.source == source, Ad.ref == ref)).first()
        if ad is None:
            return False
        try:
            redact_field(session, ad, field, "a court's order", "Jo Clerk", now)
        except ArchiveError:
            return False
    return True


@pytest.fixture
def check_steps(engine, ingest_run, make_ad):
    def check(steps):
        source, start = f"source-{uuid4()}", 1_000 * (next(EXAMPLES) + 1)
        asked, withheld = [], {}
        for i, (kind, *step) in enumerate(steps):
            now = day(start + i)
            if kind == "look":
                shown, age, sweep = step
                records = show(make_ad, shown)
                ingest_run(records, now, source=source, observed_on=now - age * DAY, sweep=sweep)
            elif redact(engine, source, *step, now):
                withheld.setdefault(step[0], set()).add(step[1])
            asked += [
                (m, say_all(engine, source, m)) for m in (Moment(now), Moment(now, now - 2 * DAY))
            ]
        for moment, answers in asked:
            again = say_all(engine, source, moment)
            for ref, ad in again["ads"].items():
                assert {r["field"] for r in ad["redactions"]} == withheld.get(ref, set())
                for field in withheld.get(ref, ()):
                    assert ad["missing"][field] == "redacted"
            assert leave_out(again, withheld) == leave_out(answers, withheld)

    return check


def test_only_what_is_named_as_withheld_changes_an_earlier_answer(engine, check_steps):
    tries = few_or_many(4) if engine.dialect.name == "sqlite" else few_or_many(2, 100)

    @settings(max_examples=tries, phases=AS_FOUND)
    @given(steps=STEPS)
    def check(steps):
        check_steps(steps)

    check()
