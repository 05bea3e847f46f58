"""A signal's sentences and trace leave out what was withheld since, and nothing else."""

import pytest

from oversight.rules.reckonings import show_reckoning

PAYER = "Who pays for the ad, as declared to the source ('paid for by')"
BECAUSE = ["The ad does not do as the rule says.", f"{PAYER}: “Jane Roe”.", "Platform: “p”."]
TRACE = {
    "in_force": True,
    "facts": {"ad.payer_name": "Jane Roe", "ad.countries": ["GR"], "window.inside": True},
    "clauses": {
        "forbids": {
            "text": "size(ad.payer_name) > 0",
            "outcome": True,
            "decisive": True,
            "steps": [
                {
                    "text": "size(ad.payer_name)",
                    "outcome": 8,
                    "decisive": True,
                    "steps": [
                        {
                            "text": "ad.payer_name",
                            "outcome": "Jane Roe",
                            "decisive": True,
                            "fact": "ad.payer_name",
                        }
                    ],
                }
            ],
        },
        "applies_when": {"text": "window.inside", "outcome": True, "fact": "window.inside"},
    },
}


def test_where_nothing_is_withheld_it_reads_as_it_was_written():
    assert show_reckoning(BECAUSE, TRACE, {"sponsor_name": "redacted"}) == (BECAUSE, TRACE)


def test_a_withheld_fact_is_in_no_sentence_and_in_no_step():
    because, trace = show_reckoning(BECAUSE, TRACE, {"payer_name": "redacted"})

    assert "Jane" not in f"{because} {trace}"
    assert because[:1] == BECAUSE[:1]
    assert because[1].startswith(f"{PAYER}: unknown, because")
    assert trace["facts"]["ad.payer_name"] == {"missing": "redacted"}
    assert trace["clauses"]["applies_when"] == TRACE["clauses"]["applies_when"]
    assert trace["clauses"]["forbids"]["outcome"] is None


def test_a_sentence_whose_fact_nobody_knows_is_left_out_then():
    because, _ = show_reckoning(
        [*BECAUSE[:1], "Words: Jane Roe."], TRACE, {"payer_name": "redacted"}
    )
    assert because == BECAUSE[:1]


@pytest.mark.parametrize("field", ["titles", "bodies", "descriptions"])
def test_a_text_is_withheld_with_any_of_what_it_is_made_of(field):
    told = TRACE | {"facts": {"ad.text": "Vote Jane"}, "clauses": {}}
    _, trace = show_reckoning(BECAUSE[:1], told, {field: "redacted"})
    assert trace["facts"] == {"ad.text": {"missing": "redacted"}}


def test_an_address_in_a_name_of_a_signal_of_before_is_cut():
    name = "Jane Roe, 1 High Street, Town AB1 2CD"
    told = TRACE | {"facts": {"ad.payer_name": name}}
    because, trace = show_reckoning([BECAUSE[0], f"{PAYER}: “{name}”."], told, {})
    assert because[1] == f"{PAYER}: “Jane Roe”."
    assert trace["facts"] == {"ad.payer_name": "Jane Roe"}
