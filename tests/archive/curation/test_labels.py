"""Ads without a political label stay out of lists and sums, unless asked for or labelled by a person."""

import pytest
from sqlmodel import select

from archive.curation.labels import label_ad, list_labels, withdraw_label
from archive.errors import ArchiveError
from archive.exports.downloads import What, stream_rows
from archive.exports.mirror import sync_mirror
from archive.models import LedgerLeaf, RuleVersion
from archive.reading import list_advertisers, read_ad, read_advertiser, what_is_missing
from archive.reading.ads.ads import AdFilter, find_ad_row, list_ads
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.corrections import CorrectionFilter, list_corrections
from archive.reading.sources.overview import count_news
from archive.reading.sources.stats import count_archive
from archive.spending import SpendQuery, summarise_spending
from archive.store.database import read, write
from tests.archive.exports.mirrored import rows_of_mirror
from tests.archive.moments import day

AD = "example:quiet"
DAY_1 = day(1)


@pytest.fixture
def quiet(engine, ingest_run, make_ad):
    """One ad declared political, one of which nothing is said, two that have no label."""
    ingest_run(
        [
            make_ad("declared", declared_political=True),
            make_ad("untold"),
            make_ad("quiet", declared_political=None),
            make_ad("denied", declared_political=False),
        ],
        day(0),
    )
    return engine


def list_refs(engine, moment=NOW, **wanted):
    with read(engine) as session:
        return [ad.ref for ad in list_ads(session, AdFilter(**wanted), moment=moment).items]


def count_spend(engine, **asked):
    with read(engine) as session:
        return [group.ads for group in summarise_spending(session, SpendQuery(**asked)).groups]


def stream_refs(engine, what, **wanted):
    rows = stream_rows(engine, what, AdFilter(**wanted))
    name = "id" if what is What.ADS else "ad_id"
    place = [column.name for column in rows.columns].index(name)
    return [row[place] for block in rows.blocks for row in block]


def label(engine, by="Officer Lamp", at=DAY_1):
    with write(engine) as session:
        label_ad(session, find_ad_row(session, AD), by, "It asks for votes.", at)


def test_ads_whose_source_gave_them_no_label_are_listed_only_when_asked_for(quiet):
    assert list_refs(quiet) == ["declared", "untold"]
    assert list_refs(quiet, include="unlabelled") == ["declared", "untold", "quiet", "denied"]
    assert list_refs(quiet, declared_political="false") == ["denied"]


def test_sums_and_downloads_leave_them_out_too(quiet):
    assert count_spend(quiet) == [2]
    assert count_spend(quiet, include="unlabelled") == [4]
    assert len(stream_refs(quiet, What.ADS)) == len(stream_refs(quiet, What.VERSIONS)) == 2
    assert len(stream_refs(quiet, What.METRICS, include="unlabelled")) == 4


def test_a_persons_label_brings_an_ad_into_lists_and_sums(quiet):
    label(quiet)
    assert list_refs(quiet) == ["declared", "untold", "quiet"]
    assert count_spend(quiet) == [3]


def test_an_answer_about_an_earlier_time_knows_no_later_label(quiet):
    label(quiet, at=day(2))
    assert list_refs(quiet, Moment(as_of=day(1))) == ["declared", "untold"]
    for known_on in (2, 3):
        assert list_refs(quiet, Moment(as_of=day(known_on))) == ["declared", "untold", "quiet"]
    with write(quiet) as session:
        withdraw_label(session, find_ad_row(session, AD), "Officer Tide", "It sells lamps.", day(4))
    assert list_refs(quiet, Moment(as_of=day(3))) == ["declared", "untold", "quiet"]
    assert list_refs(quiet, Moment(as_of=day(4))) == ["declared", "untold"]


def test_a_label_that_is_withdrawn_holds_no_longer_and_stays_on_record(quiet):
    label(quiet, at=day(1))
    with write(quiet) as session:
        ad = find_ad_row(session, AD)
        withdraw_label(session, ad, "Officer Tide", "It sells lamps.", day(2))
    assert list_refs(quiet) == ["declared", "untold"]
    with read(quiet) as session:
        (kept,) = list_labels(session, ad.id)
    assert (kept.labelled_by, kept.withdrawn_by, kept.withdrawn_at) == (
        "Officer Lamp",
        "Officer Tide",
        day(2),
    )


def read_quiet(engine, moment=NOW):
    with read(engine) as session:
        return read_ad(session, AD, moment)


def test_an_ad_tells_who_called_it_political_since_when_and_why(quiet):
    label(quiet, at=day(1))
    with write(quiet) as session:
        withdraw_label(session, find_ad_row(session, AD), "Officer Tide", "It sells lamps.", day(3))
    declared, given = read_quiet(quiet).labels
    assert (declared.kind, declared.says, declared.since_at) == ("source", None, day(0))
    assert (given.kind, given.said_by, given.reason) == (
        "person",
        "Officer Lamp",
        "It asks for votes.",
    )
    assert (given.until_at, given.withdrawn_by) == (day(3), "Officer Tide")
    assert not read_quiet(quiet).is_visible_by_default


def test_an_earlier_answer_tells_of_no_later_label_or_withdrawal(quiet):
    label(quiet, at=day(1))
    with write(quiet) as session:
        withdraw_label(session, find_ad_row(session, AD), "Officer Tide", "It sells lamps.", day(3))
    before, between = (read_quiet(quiet, Moment(as_of=day(n))) for n in (0, 2))
    assert [one.kind for one in before.labels] == ["source"]
    assert (
        between.is_visible_by_default,
        between.labels[1].until_at,
        between.labels[1].withdrawn_by,
    ) == (
        True,
        None,
        None,
    )


def test_each_word_of_the_source_about_it_is_told_with_its_time(engine, ingest_run, make_ad):
    for place, declared in enumerate((None, True, True)):
        values = {"declared_political": declared, "declared_by": "platform" if declared else None}
        ingest_run([make_ad("late", **values, bodies=[f"Text {place}"])], day(place))
    with read(engine) as session:
        labels = read_ad(session, "example:late").labels
    assert [(one.kind, one.says, one.since_at, one.until_at) for one in labels] == [
        ("source", None, day(0), day(1)),
        ("platform", True, day(1), None),
    ]


def test_a_label_and_its_end_are_leaves_of_the_ledger(quiet):
    label(quiet)
    with write(quiet) as session:
        withdraw_label(session, find_ad_row(session, AD), "Officer Tide", "Wrong.", day(2))
    with read(quiet) as session:
        leaves = session.exec(select(LedgerLeaf).where(LedgerLeaf.kind == "label")).all()
        assert [leaf.subject_id for leaf in leaves] == [1, 1]
        assert leaves[0].leaf_sha256 != leaves[1].leaf_sha256


def test_a_label_may_name_the_rule_that_pointed_to_the_ad(quiet):
    with (
        write(quiet) as session,
        pytest.raises(ArchiveError, match="has held no rule 'asks-votes'"),
    ):
        label_ad(session, find_ad_row(session, AD), "Jo", "Votes.", day(1), "asks-votes")
    with write(quiet) as session:
        session.add(
            RuleVersion(
                rule_id="asks-votes", version=1, sha256="0" * 64, text="", recorded_at=day(0)
            )
        )
        label_ad(session, find_ad_row(session, AD), "Jo", "Votes.", day(1), "asks-votes")
    assert [(one.kind, one.rule_id) for one in read_quiet(quiet).labels][1:] == [
        ("rule", "asks-votes")
    ]


def test_totals_and_news_leave_them_out_and_count_them_beside(quiet):
    with read(quiet) as session:
        counts, news = count_archive(session), count_news(session, day(0))
    assert [counts[name] for name in ("ads", "unlabelled", "ad_versions", "ad_metrics")] == [
        2,
        2,
        2,
        2,
    ]
    assert news.new_ads == 2
    label(quiet)
    with read(quiet) as session:
        counts = count_archive(session)
    assert (counts["ads"], counts["unlabelled"]) == (3, 1)


def test_those_that_vanished_count_only_if_lists_show_them(quiet, ingest_run, make_ad):
    ingest_run([make_ad("untold")], day(1))
    with read(quiet) as session:
        assert count_archive(session)["vanished"] == 1
        assert count_news(session, day(1)).vanished_ads == 1


def test_what_is_missing_is_told_of_listed_ads_and_the_others_are_one_lack(quiet):
    with read(quiet) as session:
        counted = {data_gap.what: data_gap.count for data_gap in what_is_missing(session).data_gaps}
    assert counted == {"undated": 2, "payer_unknown": 2, "unlabelled": 2}


def test_an_advertiser_of_such_ads_alone_stands_in_no_list_and_keeps_its_page(
    ingest_run, make_ad, engine
):
    lamps = {"advertiser_ref": "page-2", "advertiser_name": "Lamp Shop", "payer_name": "Lamps Ltd"}
    ingest_run([make_ad("declared"), make_ad("lamp", **lamps, declared_political=False)])
    with read(engine) as session:
        found = [list_advertisers(session, include=asked).items for asked in (None, "unlabelled")]
        shop = read_advertiser(session, "example:page-2")
        assert [len(items) for items in found] == [1, 2]
        assert (shop.ads, shop.unlabelled, shop.payers) == (0, 1, [])
        assert list_advertisers(session, limit=1).next_cursor is None


def test_corrections_of_them_are_told_to_who_asks(quiet, ingest_run, make_ad):
    lower = {"spend_lower_minor": 1_00, "spend_upper_minor": 2_00}
    ingest_run(
        [make_ad("quiet", declared_political=None, **lower), make_ad("untold", **lower)], day(1)
    )

    def list_subjects(**wanted):
        with read(quiet) as session:
            return {
                one.subject for one in list_corrections(session, CorrectionFilter(**wanted)).items
            }

    assert list_subjects() == {"example:untold"}
    assert list_subjects(subject=AD) == {AD}
    assert list_subjects(include="unlabelled") == {AD, "example:untold"}
    label(quiet, at=day(2))
    assert list_subjects() == {AD, "example:untold"}


def test_the_mirror_holds_every_ad_and_says_which_are_listed(quiet, tmp_path):
    def list_mirrored():
        sync_mirror(quiet, tmp_path, day(3))
        rows = rows_of_mirror(tmp_path, "public_ad")
        return {row["public_id"].partition(":")[2]: row["is_visible_by_default"] for row in rows}

    assert list_mirrored() == {"declared": True, "untold": True, "quiet": False, "denied": False}
    label(quiet)
    assert list_mirrored()["quiet"]


def test_an_ad_has_one_label_at_a_time(quiet):
    with write(quiet) as session, pytest.raises(ArchiveError, match="no label"):
        withdraw_label(session, find_ad_row(session, AD), "Officer Tide", "Wrong.", day(1))
    label(quiet)
    with pytest.raises(ArchiveError, match="already, by Officer Lamp"):
        label(quiet, by="Officer Tide")
