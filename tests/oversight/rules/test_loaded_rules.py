"""What a rule that was loaded answers, and why."""

from collections.abc import Callable

import pytest

from archive.models.oversight import RuleAnswer
from archive.records import MissingReason
from config.yaml_files import YamlFileError
from oversight.language import Facts
from oversight.rules.loading import Rule, answer_rule
from tests.oversight.rules.test_loading import RULE

DEAR: Facts = {"ad.currency": "EUR", "ad.spend_lower_minor": 900}
CHEAP: Facts = {"ad.currency": "EUR", "ad.spend_upper_minor": 400}
HERE: Facts = {"ad.countries": ("XX",)}
BLANK: Facts = HERE | {"ad.payer_name": MissingReason.NOT_DISCLOSED}


@pytest.mark.parametrize(
    ("facts", "answer", "because"),
    [
        (HERE | {"ad.payer_name": "Jo"}, RuleAnswer.MET, "“Jo”"),
        (BLANK | DEAR, RuleAnswer.NOT_MET, "left it blank"),
        (
            BLANK | CHEAP,
            RuleAnswer.DOES_NOT_APPLY,
            "“small-ad” holds (s. 3)",
        ),
        (BLANK, RuleAnswer.CANNOT_TELL, "unless an exception holds: “small-ad” (s. 3)"),
        (HERE, RuleAnswer.CANNOT_TELL, "this source does not give it"),
        ({"ad.countries": ("YY",)}, RuleAnswer.DOES_NOT_APPLY, "YY"),
        ({"ad.payer_name": "Jo"}, RuleAnswer.NO_BREACH_POSSIBLE, "“Jo”"),
        (
            {"ad.payer_name": MissingReason.NOT_DISCLOSED},
            RuleAnswer.CANNOT_TELL,
            "whether the rule is about this ad",
        ),
    ],
)
def test_a_rule_answers_and_says_why(
    load: Callable[[str], Rule], facts: Facts, answer: RuleAnswer, because: str
) -> None:
    outcome = answer_rule(load(RULE), facts, in_force=True)
    assert outcome.answer is answer
    assert because in " ".join(outcome.because)


def test_a_rule_asks_only_where_the_source_tells_or_declares_blank(
    load: Callable[[str], Rule],
) -> None:
    rule = load(f"{RULE}asks_where: [ad.countries]\n")
    facts = BLANK | DEAR
    assert answer_rule(rule, facts, in_force=True).answer is RuleAnswer.NOT_MET
    for reason in set(MissingReason) - {MissingReason.NOT_DISCLOSED}:
        unasked = answer_rule(rule, facts | {"ad.countries": reason}, in_force=None)
        assert unasked.answer is RuleAnswer.NOT_ASKED
        assert len(unasked.because) == 2
        assert unasked.because[1].startswith("Countries the ad was shown in")
    gone = facts | {"ad.countries": MissingReason.REDACTED}
    assert answer_rule(rule, gone, in_force=False).answer is RuleAnswer.DOES_NOT_APPLY


def test_a_fact_to_ask_by_that_does_not_exist_is_refused(load: Callable[[str], Rule]) -> None:
    with pytest.raises(YamlFileError, match=r"asks_where\[0\]: there is no fact ad.payr"):
        load(f"{RULE}asks_where: [ad.payr]\n")


@pytest.mark.parametrize(
    ("facts", "in_force", "exemption"),
    [
        ({"ad.countries": ("YY",)}, False, "not_about_it"),
        (CHEAP, False, "not_in_force"),
        (CHEAP, None, "exception"),
        (HERE | {"ad.payer_name": "Jo"}, True, None),
    ],
)
def test_a_rule_that_does_not_apply_says_for_which_of_three_reasons(
    load: Callable[[str], Rule], facts: Facts, in_force: bool | None, exemption: str | None
) -> None:
    assert answer_rule(load(RULE), facts, in_force=in_force).verdict.exemption == exemption


def test_a_forbidden_thing_that_is_there_is_not_met(load: Callable[[str], Rule]) -> None:
    text = RULE.replace(
        "requires: {when: size(ad.payer_name) > 0", "forbids: {when: size(ad.payer_name) == 0"
    )
    rule = load(text)
    facts = BLANK | DEAR
    assert answer_rule(rule, facts, in_force=True).answer is RuleAnswer.NOT_MET
    assert answer_rule(rule, HERE, in_force=True).answer is RuleAnswer.CANNOT_TELL


def test_an_ad_is_judged_by_the_law_of_its_own_days(load: Callable[[str], Rule]) -> None:
    rule, facts = load(RULE), BLANK | DEAR
    assert answer_rule(rule, facts, in_force=False).answer is RuleAnswer.DOES_NOT_APPLY
    unknown = answer_rule(rule, facts, in_force=None)
    assert unknown.answer is RuleAnswer.CANNOT_TELL
    assert unknown.because == (
        "It is not known when the ad ran, so not whether the rule was in force.",
    )


def test_a_trace_holds_every_fact_that_was_read(load: Callable[[str], Rule]) -> None:
    facts = BLANK | DEAR
    trace = answer_rule(load(RULE), facts, in_force=True).as_trace()
    assert trace["facts"] == {
        "ad.countries": ["XX"],
        "ad.payer_name": {"missing": "not_disclosed"},
        "ad.currency": "EUR",
        "ad.spend_lower_minor": 900,
        "ad.spend_upper_minor": {"missing": "not_provided"},
        "ad.spend": {"missing": "not_provided"},
    }
    assert trace["clauses"].keys() == {"applies_when", "requires", "unless small-ad"}
