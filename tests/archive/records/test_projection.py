"""The public view follows from what the source said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import AdRecord
from archive.records.identity import ad_path, advertiser_id, split_public_id
from archive.records.projection import fold_text, list_domains, project_record


def test_all_shown_texts_stand_in_one_text():
    ad = AdRecord(ref="1", platform="meta", titles=["T"], bodies=["B"], descriptions=["D"])

    assert project_record("meta_ad_library", ad)["text"] == "T\nB\nD"


def test_folded_text_compares_styles_cases_and_white_space_as_equal():
    assert fold_text("𝐕𝐨𝐭𝐞\u00a0 STRASSE\n") == fold_text("vote straße")


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://www.harbour.example/climate?x=1", "harbour.example"),
        ("harbour.example", "harbour.example"),
        ("http://[bad", None),
        ("", None),
    ],
)
def test_landing_domains_are_read_where_there_are_any(address, domain):
    assert list_domains([address]) == ([domain] if domain else [])


@given(st.text(min_size=1))
def test_a_permanent_link_has_exactly_two_parts_whatever_the_ref(ref):
    assert ad_path("snap", ref).count("/") == 3


def test_a_ref_may_hold_colons_of_its_own():
    assert split_public_id("example:a:b") == ("example", "a:b")


@pytest.mark.parametrize("value", ["", "snap", "snap:", ":x"])
def test_what_is_no_public_id_is_refused(value):
    with pytest.raises(ValueError, match="not an ad's id"):
        split_public_id(value)


def test_names_that_only_differ_in_form_are_the_same_weak_advertiser():
    assert advertiser_id("s", None, " Harbour ") == advertiser_id("s", None, "Ｈarbour")
    assert advertiser_id("s", None, "  ") is None
