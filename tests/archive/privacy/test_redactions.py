"""A field withheld by a decision is empty in every version, past and to come, and says so."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from archive.errors import ArchiveError
from archive.models import Ad, AdVersion, Advertiser, AdvertiserName, LedgerLeaf, PublicAd
from archive.privacy.redactions import redact_field
from archive.store.database import read, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def redact(engine):
    def withhold(field="payer_name", now=NOON + DAY):
        with write(engine) as session:
            ad = session.exec(select(Ad)).one()
            redact_field(session, ad, field, "a court's order", "Jo Clerk", now)

    return withhold


def contents(engine):
    with read(engine) as session:
        return [v.content for v in session.exec(select(AdVersion).order_by(AdVersion.seq))]


def test_the_value_is_gone_from_every_version_and_the_reason_stands_there(
    engine, ingest_run, make_ad, redact
):
    ingest_run([make_ad(payer_name="Private Person", bodies=["one"])])
    ingest_run([make_ad(payer_name="Private Person", bodies=["two"])], NOON + DAY / 2)
    redact()

    assert [c["payer_name"] for c in contents(engine)] == [None, None]
    assert {c["missing"]["payer_name"] for c in contents(engine)} == {"redacted"}
    with read(engine) as session:
        public = session.exec(select(PublicAd)).one()
    assert (public.payer_name, public.missing["payer_name"]) == (None, "redacted")


def test_a_source_that_says_it_again_is_known_as_unchanged(engine, ingest_run, make_ad, redact):
    ingest_run([make_ad(payer_name="Private Person")])
    redact()
    counts = ingest_run([make_ad(payer_name="Private Person")], NOON + 2 * DAY)

    assert (counts.unchanged, counts.changed) == (1, 0)


def test_a_later_version_is_withheld_as_well(engine, ingest_run, make_ad, redact):
    ingest_run([make_ad(payer_name="Private Person")])
    redact()
    ingest_run([make_ad(payer_name="Private Person", bodies=["new words"])], NOON + 2 * DAY)

    assert [c["payer_name"] for c in contents(engine)] == [None, None]
    assert contents(engine)[1]["bodies"] == ["new words"]
    with read(engine) as session:
        assert session.exec(select(PublicAd)).one().payer_name is None


def test_a_late_version_is_withheld_as_well(engine, ingest_run, make_ad, redact):
    ingest_run([make_ad(payer_name="Private Person")])
    redact()
    early = NOON - DAY
    ingest_run(
        [make_ad(payer_name="Private Person", bodies=["before"])],
        NOON + 2 * DAY,
        observed_on=early,
        sweep=False,
    )

    assert {c["payer_name"] for c in contents(engine)} == {None}


def test_words_that_are_withheld_leave_the_text_that_is_searched(
    engine, ingest_run, make_ad, redact
):
    ingest_run([make_ad(bodies=["call Private Person"], titles=["Vote"])])
    redact("bodies")

    with read(engine) as session:
        public = session.exec(select(PublicAd)).one()
    assert public.text == "Vote"


def test_the_ledger_keeps_that_it_was_done(engine, ingest_run, make_ad, redact):
    ingest_run([make_ad(payer_name="Private Person")])
    redact()

    with read(engine) as session:
        kinds = session.exec(select(LedgerLeaf.kind)).all()
    assert kinds.count("redaction") == 1


@pytest.mark.parametrize("field", ["ref", "platform", "spend_lower_minor", "no_such_field"])
def test_what_cannot_be_withheld_is_refused_by_name(engine, ingest_run, make_ad, redact, field):
    ingest_run([make_ad()])

    with pytest.raises(ArchiveError, match=field):
        redact(field)


def test_a_field_is_withheld_once(engine, ingest_run, make_ad, redact):
    ingest_run([make_ad(payer_name="Private Person")])
    redact()

    with pytest.raises(ArchiveError, match="withheld already"):
        redact()


def test_every_name_that_an_ad_bore_is_forgotten_where_its_source_gives_advertisers_no_id(
    engine, ingest_run, make_ad, redact
):
    for number, name in enumerate(["Ann Private", "Zoe Private"]):
        ad = make_ad(advertiser_ref=None, advertiser_name=name)
        ingest_run([ad], NOON + number * DAY / 4)
    redact("advertiser_name")

    with read(engine) as session:
        assert session.exec(select(Advertiser)).all() == []
        assert session.exec(select(AdvertiserName)).all() == []
