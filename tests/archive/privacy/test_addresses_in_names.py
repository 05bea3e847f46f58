"""A postal address in a name is kept with the version and shown nowhere; that it was there is a class."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from archive.models import (
    AdVersion,
    Advertiser,
    AdvertiserName,
    AdvertiserSpend,
    ArchiveFact,
    LedgerLeaf,
    PublicAd,
    Redaction,
)
from archive.privacy.projecting import project_changed
from archive.reading.ads.ads import read_ad
from archive.reading.as_of.moment import Moment
from archive.records import AdvertiserSpendRecord
from archive.records.shown_fields import restore_content
from archive.store.database import read, write
from oversight.rules.facts import read_facts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
IMPRINT = "Promoted by Jane Roe on behalf of Harbour Party, both at 1 High Street, Town AB1 2CD"
SHOWN = "Promoted by Jane Roe on behalf of Harbour Party"


def dump(engine):
    """Every row of what readers are shown."""
    with read(engine) as session:
        tables = (PublicAd, Advertiser, AdvertiserName, AdvertiserSpend, Redaction)
        rows = [row for table in tables for row in session.exec(select(table))]
        contents = session.exec(select(AdVersion.content)).all()
        return f"{[row.model_dump(exclude={'withheld'}) for row in rows]} {contents}"


def test_the_name_stays_the_address_does_not_and_both_are_logged(engine, ingest_run, make_ad):
    ingest_run([make_ad(payer_name=IMPRINT)])
    ingest_run([make_ad(payer_name=IMPRINT, bodies=["more"])], NOON + DAY)

    with read(engine) as session:
        for moment in (Moment(), Moment(as_of=NOON)):
            ad = read_ad(session, "example:a1", moment)
            assert (ad.payer_name, ad.payer_address_given) == (SHOWN, True)
        assert [(r.field, r.rule) for r in ad.redactions] == [("payer_name", "postal_address 1")]
        assert session.exec(select(LedgerLeaf.kind)).all().count("redaction") == 1
        version = session.exec(select(AdVersion)).first()
        assert restore_content(version.content, version.withheld)["payer_name"] == IMPRINT
    assert "High Street" not in dump(engine)


@pytest.mark.parametrize(
    ("payer", "given"),
    [(IMPRINT, True), ("Harbour Party", False), ("", False), ("38 Degrees", "unreadable")],
)
def test_a_rule_may_ask_whether_an_address_was_there(engine, ingest_run, make_ad, payer, given):
    ingest_run([make_ad(payer_name=payer)])
    with read(engine) as session:
        facts = read_facts(session.exec(select(PublicAd)).one(), ["payer_address_given"])
    assert facts == {"ad.payer_address_given": given}


def test_an_advertiser_is_known_by_its_name_without_the_address(engine, ingest_run, make_ad):
    named = "Harbour Party, 1 High Street, Town AB1 2CD"
    stated = {"dataset": "all", "platform": "p", "grain": "lifetime"}
    ingest_run(
        [
            make_ad(advertiser_ref=None, advertiser_name=named),
            AdvertiserSpendRecord(**stated, advertiser_name=named),
        ]
    )
    with read(engine) as session:
        assert session.exec(select(Advertiser.name)).all() == ["Harbour Party"]
    assert "High Street" not in dump(engine)


def test_a_name_among_the_fields_of_a_source_loses_its_address_too(
    engine, ingest_run, make_ad, know_source
):
    know_source("disclaimer", "lines.disclaimer", "venue")
    lines = f'[{{"disclaimer": "{IMPRINT}"}}]'
    said = {"disclaimer": IMPRINT, "lines": lines, "venue": "at 1 High Street, Town AB1 2CD"}
    ingest_run([make_ad(source_fields=said)])
    with read(engine) as session:
        fields = session.exec(select(PublicAd.source_fields)).one()
    assert fields == said | {"disclaimer": SHOWN, "lines": f'[{{"disclaimer": "{SHOWN}"}}]'}


def test_an_archive_of_before_loses_them_when_it_is_brought_up_to_date(
    engine, ingest_run, make_ad, know_source
):
    know_source()
    ingest_run([make_ad(payer_name=IMPRINT), make_ad("plain", payer_name="Harbour Party")])
    with write(engine) as session:
        for version in session.exec(select(AdVersion)):
            version.content = restore_content(version.content, version.withheld)
            version.withheld = None
        for ad in session.exec(select(PublicAd)):
            ad.payer_name = IMPRINT if ad.ref == "a1" else ad.payer_name
            ad.payer_address_given = None
        for row in session.exec(select(Redaction)):
            session.delete(row)
        for name in session.exec(select(AdvertiserName)):
            name.name = IMPRINT
        session.exec(select(Advertiser)).one().name = IMPRINT
        assert session.get(ArchiveFact, "shown:example") is None
    with write(engine) as session:
        project_changed(session, NOON + DAY)

    assert "High Street" not in dump(engine)
    with read(engine) as session:
        given = dict(session.exec(select(PublicAd.ref, PublicAd.payer_address_given)).all())
        assert given == {"a1": True, "plain": False}
        assert session.exec(select(Redaction.rule)).all() == ["postal_address 1"]
        assert session.exec(select(Advertiser.name)).all() == [SHOWN]
