"""Postal addresses go out of names, the names stay; what only looks like one is a name."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archive.records.postal_addresses import cut_address, tell_address_given

TABLE = yaml.safe_load(Path(__file__).with_name("postal_addresses.yaml").read_text())

PARTIES = st.sampled_from(
    ["Jane Roe", "Harbour Party", "Bündnis Leuchtturm e.V.", "Smith & Sons Ltd", "Friends of Ada"]
)
LEADS = st.sampled_from([", ", " at ", ", both at ", ", all of ", " ("])
STREETS = st.sampled_from(
    [
        "1 High Street",
        "12a Mill Lane",
        "Flat 2, 14-16 Long Row",
        "The Old Mill",
        "Unit 3, Kings Yard",
    ]
)
LETTERS, INWARD = "ABCDEFGHLNPRSTUW", "ABDEFGHJLNPQRSTUWXYZ"
POSTCODES = st.builds(
    "{}{}{}{}{}".format,
    st.text(st.sampled_from(LETTERS), min_size=1, max_size=2),
    st.integers(1, 99),
    st.sampled_from(["", " "]),
    st.integers(0, 9),
    st.text(st.sampled_from(INWARD), min_size=2, max_size=2),
)


@pytest.mark.parametrize(("name", "shown"), TABLE["found"].items())
def test_an_address_goes_and_the_name_stays(name, shown):
    assert (cut_address(name), tell_address_given(name)) == (shown, True)


@pytest.mark.parametrize(("name", "given"), TABLE["kept"].items())
def test_what_is_no_address_by_the_rule_stays_as_it_is(name, given):
    assert (cut_address(name), tell_address_given(name)) == (name, given)


@given(party=PARTIES, lead=LEADS, street=STREETS, postcode=POSTCODES)
def test_with_a_postcode_nothing_but_the_party_is_left(party, lead, street, postcode):
    end = ")" if lead == " (" else ""
    assert cut_address(f"{party}{lead}{street}, Town {postcode}{end}") == party


@given(one=PARTIES, two=PARTIES, street=STREETS, postcode=POSTCODES)
def test_of_an_imprint_both_parties_are_left(one, two, street, postcode):
    name = f"Promoted by {one} on behalf of {two}, both of {street}, Town, {postcode}"
    assert cut_address(name) == f"Promoted by {one} on behalf of {two}"


@given(st.text() | st.from_regex(r"[A-Za-z0-9 ,.()\n-]{0,80}", fullmatch=True))
def test_any_text_can_be_asked_about_and_a_cut_name_has_no_address_more(name):
    cut = cut_address(name)
    assert cut == name or len(cut) < len(name)
    assert cut_address(cut) == cut


def test_a_blank_field_has_no_address_and_one_that_is_not_there_is_unknown():
    assert tell_address_given(None, is_blank=True) is False
    assert tell_address_given(None) is None
