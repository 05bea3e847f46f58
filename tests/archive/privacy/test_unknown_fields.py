"""A column or key that nobody has looked at is kept, counted and shown to nobody until a person allows it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from archive.errors import ArchiveError, NotFoundError
from archive.models import (
    Ad,
    AdVersion,
    AdvertiserSpend,
    ArchiveFact,
    Change,
    Disclosure,
    DisclosureVersion,
    LedgerLeaf,
    PublicAd,
)
from archive.privacy.allowed_fields import (
    allow_field,
    list_decisions,
    list_unknown,
    withdraw_field,
)
from archive.privacy.projecting import project_changed
from archive.reading.ads.ads import read_ad
from archive.reading.ads.history import list_versions
from archive.reading.as_of.moment import Moment
from archive.records import AdvertiserSpendRecord, DisclosureRecord
from archive.records.canonical import hash_json
from archive.records.shown_fields import restore_content
from archive.store.database import read, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIELDS = {"Known": "seen", "Mail": "jane@private.example", "Reach": '{"home": "x", "users": 3}'}
WHO = ("R. Viewer", "it is a firm's")


@pytest.fixture
def filled(know_source, ingest_run, make_ad):
    """One ad in two versions, a statement and a filing, each with a column nobody knows."""
    know_source("Known", "Reach.users")
    ingest_run([make_ad(source_fields=FIELDS, bodies=["one"])])
    ingest_run([make_ad(source_fields=FIELDS, bodies=["two"])], NOON + DAY)
    stated = {"dataset": "all", "platform": "p", "grain": "lifetime", "advertiser_ref": "page-1"}
    filed = {"ref": "r1", "committee_ref": "c", "currency": "EUR", "amount_minor": 5}
    flags = dict.fromkeys(("is_memo", "is_notice", "is_correction"), False)
    ingest_run(
        [
            AdvertiserSpendRecord(**stated, source_fields=FIELDS),
            DisclosureRecord(**filed, **flags, source_fields=FIELDS),
        ],
        NOON + 2 * DAY,
        sweep=False,
    )


def shown(engine, moment=None):
    """What is shown under the source's own names, in every place that shows it."""
    with read(engine) as session:
        ad = read_ad(session, "example:a1", moment or Moment())
        versions = list_versions(session, "example:a1")
        return [
            ad.source_fields,
            *(version.content["source_fields"] for version in versions),
            *session.exec(select(AdvertiserSpend.source_fields)),
            *session.exec(select(Disclosure.source_fields)),
            *(c["source_fields"] for c in session.exec(select(DisclosureVersion.content))),
        ]


def test_only_what_its_spider_states_is_shown_of_a_source(engine, filled):
    part = {"Known": "seen", "Reach": '{"users": 3}'}
    assert shown(engine) == [part] * 6
    assert shown(engine, Moment(as_of=NOON))[0] == part


def test_hashes_and_leaves_are_those_of_all_the_source_said(
    engine, filled, know_source, ingest_run, make_ad
):
    with read(engine) as session:
        versions = session.exec(select(AdVersion)).all()
        hashes = [hash_json(restore_content(v.content, v.withheld)) for v in versions]
        assert [v.content_sha256 for v in versions] == hashes
        assert session.exec(select(Ad.content_sha256)).one() == hashes[-1]
        before = session.exec(select(LedgerLeaf.leaf_sha256)).all()
    again = ingest_run([make_ad(source_fields=FIELDS, bodies=["two"])], NOON + 3 * DAY)
    assert (again.unchanged, again.changed) == (1, 0)
    with write(engine) as session:
        allow_field(session, "example", "Mail", *WHO, NOON + 4 * DAY)
    with read(engine) as session:
        assert session.exec(select(LedgerLeaf.leaf_sha256)).all() == before
        assert [v.content_sha256 for v in session.exec(select(AdVersion))] == hashes


def test_the_public_hash_is_empty_with_its_reason_until_everything_is_shown(engine, filled):
    def read_hashes():
        with read(engine) as session:
            ad = read_ad(session, "example:a1")
            then = read_ad(session, "example:a1", Moment(as_of=NOON))
            versions = list_versions(session, "example:a1")
            kept = session.exec(select(AdVersion.content_sha256).order_by(AdVersion.seq)).all()
        found = [ad.content_sha256, then.content_sha256, *(v.content_sha256 for v in versions)]
        return found, ad.missing.get("content_sha256"), kept

    assert read_hashes()[:2] == ([None] * 4, "redacted")
    with write(engine) as session:
        allow_field(session, "example", "Mail", *WHO, NOON + 4 * DAY)
        allow_field(session, "example", "Reach.*", *WHO, NOON + 4 * DAY)
    found, reason, kept = read_hashes()
    assert (found, reason) == ([kept[1], kept[0], *kept], None)


def test_what_a_person_allows_is_shown_everywhere_and_can_be_taken_back(engine, filled):
    with write(engine) as session:
        assert allow_field(session, "example", "Mail", *WHO, NOON + 4 * DAY) == 3
    assert {fields["Mail"] for fields in shown(engine)} == {FIELDS["Mail"]}
    with write(engine) as session:
        assert withdraw_field(session, "example", "Mail", "A. Other", "a home", NOON + 5 * DAY) == 3
    assert [fields for fields in shown(engine) if "Mail" in fields] == []
    with read(engine) as session:
        (row,) = list_decisions(session)
    assert (row.allowed_by, row.because, row.withdrawn_by) == (*WHO, "A. Other")


def test_a_decision_is_told_to_whoever_follows_the_changes(engine, filled):
    with read(engine) as session:
        last = max(session.exec(select(Change.seq)))
    with write(engine) as session:
        allow_field(session, "example", "Mail", *WHO, NOON + 4 * DAY)
    with read(engine) as session:
        told = session.exec(select(Change.kind).where(col(Change.seq) > last)).all()
    assert sorted(told) == ["ad_content", "advertiser_spend", "disclosure"]


def test_the_unknown_are_listed_with_how_often_and_since_when(engine, filled):
    with read(engine) as session:
        listed = [(row.name, row.records, row.since_at) for row in list_unknown(session)]
    assert listed == [("Mail", 4, NOON), ("Reach.home", 4, NOON)]


def test_an_allowed_field_is_shown_of_what_comes_later(engine, filled, ingest_run, make_ad):
    with write(engine) as session:
        allow_field(session, "example", "Reach.home", *WHO, NOON + 4 * DAY)
    ingest_run([make_ad("b1", source_fields=FIELDS)], NOON + 5 * DAY, sweep=False)
    with read(engine) as session:
        assert json.loads(read_ad(session, "example:b1").source_fields["Reach"]) == {
            "home": "x",
            "users": 3,
        }


def test_an_archive_of_before_hides_what_nobody_has_looked_at_when_it_is_brought_up_to_date(
    engine, filled
):
    with write(engine) as session:
        for version in session.exec(select(AdVersion)):
            version.content = restore_content(version.content, version.withheld)
            version.withheld = None
        public = session.exec(select(PublicAd)).one()
        public.source_fields, public.content_sha256 = FIELDS, "0" * 64
        public.payer_address_given = None
    with write(engine) as session:
        assert project_changed(session, NOON + 6 * DAY) == 1
        assert project_changed(session, NOON + 6 * DAY) == 0
    part = {"Known": "seen", "Reach": '{"users": 3}'}
    assert shown(engine) == [part] * 6
    with read(engine) as session:
        assert session.exec(select(PublicAd.content_sha256)).one() is None
        assert session.get(ArchiveFact, "shown:example") is not None


def test_a_name_of_one_feed_is_shown_of_that_feed_alone(engine, know_source, ingest_run, make_ad):
    know_source("meadow/note")
    ingest_run(
        [make_ad(f"{feed}/1", source_fields={"note": "n"}) for feed in ("meadow", "harbour")]
    )
    with read(engine) as session:
        shown_of = {ad.ref: ad.source_fields for ad in session.exec(select(PublicAd))}
    assert shown_of == {"meadow/1": {"note": "n"}, "harbour/1": {}}


@pytest.mark.parametrize(
    ("name", "by", "because", "why"),
    [
        ("Known", *WHO, "shown already"),
        ("Mail", " ", "a reason", "--by"),
        ("Mail", "R. Viewer", "", "--because"),
        (" ", *WHO, "say which field"),
    ],
)
def test_a_decision_names_a_field_a_person_and_a_reason(engine, filled, name, by, because, why):
    with write(engine) as session, pytest.raises(ArchiveError, match=why):
        allow_field(session, "example", name, by, because, NOON)


def test_what_is_not_there_is_refused_by_name(engine, filled):
    with write(engine) as session:
        with pytest.raises(NotFoundError, match="nowhere"):
            allow_field(session, "nowhere", "Mail", *WHO, NOON)
        with pytest.raises(ArchiveError, match="nobody has allowed Mail of example"):
            withdraw_field(session, "example", "Mail", *WHO, NOON)
        with pytest.raises(ArchiveError, match="its spider states that it is shown"):
            withdraw_field(session, "example", "Known", *WHO, NOON)
