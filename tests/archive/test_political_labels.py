"""Ads without a political label stay out of lists and sums, unless asked for or labelled by a person."""

import pytest

from archive.database import read, write
from archive.errors import ArchiveError
from archive.political_labels import label_ad, list_labels, withdraw_label
from archive.reading.ads import AdFilter, find_ad_row, list_ads
from archive.reading.moment import NOW, Moment
from archive.spending import SpendQuery, summarise_spending
from archive.streams import What, stream_rows
from tests.archive.moments import day

AD = "example:quiet"
DAY_1 = day(1)


@pytest.fixture
def quiet(engine, look_at, make_ad):
    """One ad declared political, one of which nothing is said, two that have no label."""
    look_at(
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
    with read(engine) as session:
        rows = stream_rows(session, what, AdFilter(**wanted))
        place = [column.name for column in rows.columns].index(
            "id" if what is What.ADS else "ad_id"
        )
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
    assert list_refs(quiet, Moment(as_of=day(3))) == ["declared", "untold", "quiet"]


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


def test_an_ad_has_one_label_at_a_time(quiet):
    with write(quiet) as session, pytest.raises(ArchiveError, match="no label"):
        withdraw_label(session, find_ad_row(session, AD), "Officer Tide", "Wrong.", day(1))
    label(quiet)
    with pytest.raises(ArchiveError, match="already, by Officer Lamp"):
        label(quiet, by="Officer Tide")
