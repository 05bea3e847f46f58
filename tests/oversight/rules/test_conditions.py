"""What conditions of new rules may not say: words that never match, and more work than an ad is worth."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import Settings
from config.yaml_files import YamlFileError
from oversight.language import FactType, compile_node, parse_expression, trace_closure
from oversight.rules.conditions import EACH, MOST_WORK, weigh_condition
from oversight.rules.facts import FACT_TYPES
from oversight.rules.rule_book import load_rules
from oversight.rules.vocabulary import VOCABULARY, find_strange, list_sources
from scrapers.spiders import find_spiders
from tests.oversight.rules.test_loading import RULE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('"UK" in ad.countries', "write GB"),
        ('"EL" in ad.countries', "write GR"),
        ('election.country == "gr"', "write GR"),
        ('ad.countries.exists(c, c == "Germany")', "write DE"),
        ('ad.countries.all(c, c in ["GR", "QQ"])', "write a code of ISO 3166-1"),
        ('ad.currency == "EURO"', "write EUR"),
        ('ad.currency in ["EUR", "usd"]', "write USD"),
        ('ad.state == "CA"', "write one of seen, vanished"),
        ('ad.platform != "facebook"', "write meta"),
        ('"youtube" == ad.platform', "write google"),
        ('"Greek" in ad.languages', "write el"),
        ('ad.text_folded.contains("Vote")', "write vote"),
        ('ad.text_folded.matches("Vot(e|ing)")', "write vot(e|ing)"),
        (r'ad.text_folded.matches("\\WÉlu[A-Z]")', r"write \Wélu[a-z]"),
        ('ad.text_words.contains("Vote")', "write vote"),
        ('ad.text_words.startsWith(" 教育")', "write 教 育"),
        ('ad.text_words.contains("🔥")', "look for them in ad.text"),
        ('ad.text_folded == "vote  now"', "write vote now"),
        ('"www.Harbour.example" in ad.landing_domains', "write harbour.example"),
        ('ad.source == "meta"', "write meta_ad_library or meta_ad_library_report"),
        ('ad.source in ["snap", "google_political_ad"]', "write google_political_ads"),
        ('ad.source == "Harbour"', "write ad_feed or google_political_ads or meta"),
        ('"Audience Network" in ad.surfaces', "write audience_network"),
        ('ad.surfaces.exists(s, s == "instagramm")', "write instagram"),
        ('"meta" in ad.surfaces', "write ad.platform"),
        ('"Harbour" in ad.surfaces', "write harbour"),
        ('ad.media_type == "VIDEO"', "write video"),
        ('ad.media_type != "vidoe"', "write video"),
        ('"Ages" in ad.targeting_dimensions', "write age"),
        ('ad.declared_by == "advertisers"', "write one of platform, advertiser, feed"),
        ('ad.countries_from == "source"', "write one of stated, derived"),
        ('ad.platform == "snapchat"', "write snap"),
        ('ad.platform == "gogle"', "write google"),
        ('election.kind == "parliament" || election.kind == "legislativ"', "write legislative"),
    ],
)
def test_a_word_that_can_never_match_is_told_with_what_can(text: str, told: str) -> None:
    ((word, why),) = find_strange(parse_expression(text, FACT_TYPES))
    assert f"“{word}”" in why
    assert told in why


@pytest.mark.parametrize(
    "text",
    [
        '"XX" in ad.countries && "el" in ad.languages && ad.currency == "VEF"',
        'ad.text_folded.contains(" vote ") || ad.text_folded.matches("(?i)Vote")',
        r'ad.text_folded.matches("\\Bvote\\pL\\p{Greek}\\x4A(?P<Place>s)")',
        'ad.text_words.contains(" vote n") || ad.text.matches("Vote")',
        'ad.payer_name == "UK" || ad.text.contains("Vote") || ad.currency == ""',
        '"harbour" in ad.surfaces && ad.platform == "panel" && ad.state == "vanished"',
        'ad.source == "snap" && ad.media_type == "hologram" && "mood" in ad.targeting_dimensions',
        'ad.declared_by == "feed" && ad.countries_from == "derived" && election.kind == "primary"',
    ],
)
def test_words_that_may_match_are_left_alone(text: str) -> None:
    assert list(find_strange(parse_expression(text, FACT_TYPES))) == []


def test_every_fact_that_is_a_text_has_its_words_or_is_free() -> None:
    texts = {n for n, kind in FACT_TYPES.items() if kind in {FactType.STRING, FactType.STRINGS}}
    assert texts - VOCABULARY.keys() == {
        *("ad.ref", "ad.advertiser_ref", "ad.registration_refs", "ad.landing_urls", "election.id"),
        *("ad.advertiser_name", "ad.payer_name", "ad.sponsor_name", "ad.election_name"),
        *("ad.text", "ad.titles", "ad.delivery_regions"),
    }
    assert texts > VOCABULARY.keys()


def test_the_sources_a_rule_may_name_are_those_there_are() -> None:
    assert list_sources() == sorted(find_spiders())


Load = Callable[[str], YamlFileError]


@pytest.fixture
def refuse(home_settings: Settings, tmp_path: Path) -> Load:
    def refuse_text(text: str) -> YamlFileError:
        path = home_settings.home / "config" / "rules" / "xx" / "xx-named.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        with pytest.raises(YamlFileError) as refused:
            load_rules(home_settings)
        return refused.value

    return refuse_text


def test_a_wrong_word_is_refused_at_its_place_in_the_file(refuse: Load) -> None:
    error = refuse(RULE.replace('\'"XX" in', '\'"UK" in'))
    assert error.field == "applies_when.when"
    assert error.why.startswith("in the condition, line 1, column 2: ad.countries never has “UK”")


def test_places_of_a_rule_are_countries_that_exist(refuse: Load) -> None:
    window = "window: {from: polling_day - P1D, to: poll_closes, countries: [GR, EL]}"
    error = refuse(RULE.replace("jurisdiction: XX", "jurisdiction: UK") + window)
    of_tests = {fault for fault in error.faults if fault.field.startswith("tests")}
    told = [(f.field, f.why[-8:]) for f in error.faults if f not in of_tests]
    assert told == [
        ("jurisdiction", "write GB"),
        ("window.countries[1]", "write GR"),
    ]


def any_of(part: str, count: int, shape: str = "{}") -> str:
    return shape.format(" || ".join(part.format(i) for i in range(count)))


LINKS = "ad.landing_urls.exists(u, {})"
HOSTILE = [
    ('ad.text_folded.contains("q{}zz")', MOST_WORK, "{}"),
    ('ad.text_folded.matches("q{}z+|w.*zz")', MOST_WORK // 10, "{}"),
    ('u.contains("q{}zz")', MOST_WORK // EACH, LINKS),
    ('u == "q{}zz"', MOST_WORK // EACH, LINKS),
    ('u.matches("q{}z+")', MOST_WORK // (10 * EACH), LINKS),
]


@pytest.mark.parametrize(("part", "most", "shape"), HOSTILE)
def test_work_is_bounded_when_a_rule_is_defined(part: str, most: int, shape: str) -> None:
    within = parse_expression(any_of(part, most, shape), FACT_TYPES)
    beyond = parse_expression(any_of(part, most + 1, shape), FACT_TYPES)
    assert weigh_condition(within) <= MOST_WORK < weigh_condition(beyond)


@pytest.mark.parametrize(("part", "most", "shape"), HOSTILE)
def test_what_is_allowed_costs_little_on_a_huge_ad(part: str, most: int, shape: str) -> None:
    closure = compile_node(parse_expression(any_of(part, most, shape), FACT_TYPES))
    links = tuple(f"https://harbour.example/{i}/a/path" for i in range(5_000))
    facts = {"ad.text_folded": "the harbour says vote " * 48_000, "ad.landing_urls": links}
    began = time.process_time()
    assert closure.answer(facts) is False
    trace = trace_closure(closure, facts).as_json()
    # The aim is 100 ms for each; a test machine that is busy or instrumented takes several times that.
    assert time.process_time() - began < 0.5
    assert len(json.dumps(trace)) < 500_000


def test_a_file_full_of_open_quotations_is_refused_at_once(refuse: Load) -> None:
    began = time.process_time()
    hostile = "''' known(ad.text) " * 9_000
    error = refuse(RULE.replace("{when: size(ad.payer_name) > 0,", f'{{when: "{hostile}",'))
    assert "longer than" in error.why
    assert time.process_time() - began < 5


def test_the_clauses_of_a_rule_share_one_bound(refuse: Load) -> None:
    half = any_of('ad.text_folded.contains("q{}zz")', MOST_WORK // 2 + 1)
    text = RULE.replace("'\"XX\" in ad.countries'", f"'{half}'")
    error = refuse(text.replace("size(ad.payer_name) > 0", f"'{half}'"))
    told = [(f.field, f.why) for f in error.faults if "too much is looked for" in f.why]
    assert [field for field, _ in told] == ["requires.when"]


@pytest.mark.parametrize(
    "reads",
    [
        'ad.text.has_term("harbour")',
        'ad.text_folded.contains("harbour")',
        'ad.titles.exists(t, t == "Harbour")',
    ],
)
def test_a_rule_that_reads_what_an_ad_says_is_capped_and_asks_a_person(
    refuse: Load, home_settings: Settings, reads: str
) -> None:
    clause = f"{{id: a, when: 'ad.currency == \"USD\" && {reads}', cite: s, shown_by: authority}}"
    text = RULE.replace("unless: [", f"unless: [{clause}, ")
    error = refuse(text)
    assert (error.field, error.more) == ("unless[0].when", [])
    assert (
        "write severity: info and severity_at_most: info, and ask a person in needs_human"
        in error.why
    )
    capped = "severity_at_most: info\nneeds_human: [{question: Is it, answers: [yes, no]}]"
    raised = refuse(text.replace("severity: low", f"severity: low\n{capped}"))
    assert raised.why == "severity is above severity_at_most: write severity: info"
    path = home_settings.home / "config" / "rules" / "xx" / "xx-named.yaml"
    path.write_text(text.replace("severity: low", f"severity: info\n{capped}"), encoding="utf-8")
    assert "xx-named" in {rule.id for rule in load_rules(home_settings)}


def test_a_list_of_the_ad_is_not_searched_for_each_of_its_items() -> None:
    text = 'ad.landing_urls.exists(u, u in ad.landing_domains && u == "x")'
    assert weigh_condition(parse_expression(text, FACT_TYPES)) > MOST_WORK
