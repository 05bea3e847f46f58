"""What a source says may be done with its fields, texts and media."""

import pytest

from archive.records import Allowance, Material, SourceInfo
from tests.sources_with_terms import make_source


def test_what_a_source_says_nothing_about_has_the_houses_terms():
    terms = make_source(None).republish

    assert terms[Material.MEDIA].allows == Allowance.LEAVE
    assert terms[Material.FIELDS].allows == terms[Material.TEXTS].allows == Allowance.PUBLISH
    assert all(each.because for each in terms.values())


def test_a_source_whose_facts_may_not_be_shown_is_refused():
    info = make_source(None).model_dump() | {
        "republish": {"texts": {"allows": "keep", "because": "x"}}
    }

    with pytest.raises(ValueError, match="texts of a source are shown"):
        SourceInfo.model_validate(info)


def test_terms_without_a_reason_are_refused():
    info = make_source(None).model_dump() | {
        "republish": {"media": {"allows": "keep", "because": ""}}
    }

    with pytest.raises(ValueError, match="because"):
        SourceInfo.model_validate(info)
