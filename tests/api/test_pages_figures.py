"""How pages draw bands and strips, rank groups and write figures."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pages.ad import group_delivery
from api.pages.coverage_strip import describe_days, draw_coverage_strip, list_row_ranges
from api.pages.formatting import (
    join_words,
    write_bytes,
    write_instant,
    write_link,
    write_range,
    write_reason,
    write_said,
    write_share,
    write_snippet,
)
from api.pages.range_bar import WIDTH, draw_range_bar, find_scale, round_up
from api.pages.ranking import (
    ROWS_SHOWN,
    CurrencyTable,
    Lead,
    make_tables,
    write_rivals,
    write_sentence,
)
from archive.reading.views import DayCover
from archive.records import Grain, MissingReason
from archive.spending import SpendBy, SpendGroup, SpendSummary
from archive.spending.ranks import rank_groups, tell_place
from search.hits import MARK_END, MARK_START

NOW = datetime(2026, 11, 23, 7, 20, tzinfo=UTC)

amounts = st.integers(min_value=0, max_value=2**53)
bounds = st.tuples(amounts, amounts).map(sorted).map(tuple)


def make_group(label: str, lower: int | None, upper: int | None) -> SpendGroup:
    return SpendGroup(
        key=label,
        label=label,
        currency="EUR",
        lower_minor=lower,
        upper_minor=upper,
        open_count=0,
        ads=1,
        undated=0,
        unknown_count=0,
        coverage=[],
    )


def shapes(svg: str) -> set[str]:
    return set(re.findall(r'class="(fill|end|open|void)"', svg))


def test_a_range_is_a_bar_an_exact_value_a_tick_an_open_end_fades_and_unknown_is_hatched() -> None:
    assert shapes(draw_range_bar(100, 200, 300, "100 to 200")) == {"fill"}
    assert shapes(draw_range_bar(100, 100, 300, "exactly 100")) == {"end"}
    assert shapes(draw_range_bar(100, None, 300, "at least 100")) == {"open", "end"}
    assert shapes(draw_range_bar(None, None, 300, "unknown")) == {"void"}


def test_a_band_says_in_words_what_it_draws_and_words_cannot_break_out() -> None:
    svg = draw_range_bar(1, 2, 3, '"><script>')
    assert 'role="img"' in svg
    assert 'aria-label="&#34;&gt;&lt;script&gt;"' in svg


@given(bounds, amounts)
def test_a_band_never_leaves_its_frame(ends: tuple[int, int], scale: int) -> None:
    svg = draw_range_bar(*ends, scale, "")
    for x, width in re.findall(r'<rect class="fill" x="([\d.]+)" y="3" width="([\d.]+)"', svg):
        assert float(x) >= 0
        assert float(x) + float(width) <= WIDTH + 0.2


@given(st.lists(bounds))
def test_a_scale_holds_every_known_end(ranges: list[tuple[int, int]]) -> None:
    assert find_scale(ranges) >= max((upper for _, upper in ranges), default=0)


@given(amounts)
def test_a_scale_is_a_round_number_not_far_above(value: int) -> None:
    rounded = round_up(value)
    assert value <= rounded
    assert rounded <= max(value * 1.5, 1)


def test_an_unknown_amount_is_never_drawn_as_nothing() -> None:
    assert find_scale([(None, None)]) == 0
    assert shapes(draw_range_bar(None, 5, 10, "unknown")) == {"void"}


def rank(*groups: SpendGroup) -> list[str]:
    rank_groups(SpendBy.PAYER, groups)
    return [tell_place(group) for group in groups]


def make_unknown(lower: int, upper: int) -> SpendGroup:
    unknown = {"key": "unknown:not_disclosed", "unknown_reason": MissingReason.NOT_DISCLOSED}
    return make_group("payer unknown", lower, upper).model_copy(update=unknown)


def test_overlapping_ranges_have_a_best_and_a_worst_place() -> None:
    groups = [make_group("a", 100, 300), make_group("b", 90, 150), make_group("c", 10, 20)]
    assert rank(*groups) == ["1 to 2", "1 to 2", "3"]


def test_an_open_end_may_be_the_first_and_an_unknown_amount_has_no_place() -> None:
    groups = [make_group("a", 100, 100), make_group("b", 5, None), make_group("c", None, None)]
    assert rank(*groups) == ["1 to 2", "1 to 2", ""]


def test_what_has_no_name_competes_with_nobody() -> None:
    assert rank(make_unknown(0, 900), make_group("a", 5, 9), make_group("b", 1, 2)) == [
        "",
        "1",
        "2",
    ]


def test_amounts_of_different_currencies_are_never_ranked_together() -> None:
    other = make_group("c", 900, 900).model_copy(update={"currency": "NOK"})
    assert rank(make_group("a", 5, 9), other, make_group("b", 1, 2)) == ["1", "", "2"]


@given(st.lists(bounds, min_size=2, max_size=8))
def test_a_place_is_the_best_and_the_worst_that_the_ranges_allow(
    ranges: list[tuple[int, int]],
) -> None:
    groups = [make_group(str(i), *ends) for i, ends in enumerate(ranges)]
    rank_groups(SpendBy.PAYER, groups)
    for i, (group, (lower, upper)) in enumerate(zip(groups, ranges, strict=True)):
        others = ranges[:i] + ranges[i + 1 :]
        assert group.rank_best == 1 + sum(least > upper for least, _ in others)
        assert group.rank_worst == 1 + sum(most > lower for _, most in others)


def make_table(*groups: SpendGroup, several: bool = False) -> CurrencyTable:
    rank_groups(SpendBy.PAYER, groups)
    converted = sorted({code for group in groups for code in group.converted_from})
    return CurrencyTable("EUR", 1000, list(groups), 0, several, converted, not_in_newest=0)


def test_a_cut_table_tells_of_the_rows_left_out_too() -> None:
    last = {"not_in_newest": 3, "converted_from": ["USD"]}
    groups = [make_group(f"payer {n}", 900 - n, 900 - n) for n in range(ROWS_SHOWN + 2)]
    groups[-1] = groups[-1].model_copy(update=last)
    (table,) = make_tables(SpendSummary.model_construct(groups=groups))
    assert (table.left_out, table.not_in_newest, table.converted_from) == (2, 3, ["USD"])


def test_months_have_no_first() -> None:
    groups = [make_group("October", 1, 2), make_group("November", 3, 4)]
    rank_groups(SpendBy.MONTH, groups)
    assert [group.rank_best for group in groups] == [None, None]


PAID = Lead("paid most", "may be who paid most")


def test_the_sentence_to_print_does_not_claim_more_than_the_ranges_prove() -> None:
    sure = [make_group("Mill", 500_00, 500_00), make_group("Bus", 100_00, 200_00)]
    assert (
        write_sentence(make_table(*sure), PAID, "on Meta")
        == "Mill paid most on Meta: exactly 500 EUR."
    )
    assert (
        write_sentence(make_table(*sure, several=True), PAID, "on Meta")
        == "Mill paid most on Meta, of amounts stated in EUR: exactly 500 EUR."
    )
    converted = sure[1].model_copy(update={"converted_from": ["USD"]})
    sentence = write_sentence(make_table(sure[0], converted, several=True), PAID, "on Meta")
    assert "of amounts stated in or converted to EUR: exactly 500 EUR" in sentence
    unsure = make_table(make_group("Mill", 500_00, 500_00), make_group("Bus", 100_00, None))
    assert "may be who paid most" in write_sentence(unsure, PAID, "on Meta")
    unknown = make_table(make_group("Mill", None, None), make_group("Bus", None, None))
    assert write_sentence(unknown, PAID, "here") == "No amount is known of anyone named here."


def test_an_answer_of_other_statements_stands_beside_the_one_that_the_sentence_names() -> None:
    week = make_group("Mill", 500_00, 500_00).model_copy(update={"grain": Grain.WEEK})
    days = make_group("Mill", 90_00, 90_00).model_copy(update={"grain": Grain.DAY})
    sentence = write_sentence(make_table(week, make_group("Bus", 1, 1), days), PAID, "on Meta")
    assert sentence == (
        "Mill paid most on Meta: exactly 500 EUR. Apart from that, from statements of days: "
        "exactly 90 EUR."
    )


def test_what_has_no_name_stands_beside_the_sentence() -> None:
    named = [make_group("Mill", 500_00, 500_00), make_group("Bus", 100_00, 200_00)]
    table = make_table(*named, make_unknown(100_00, 900_00))
    assert write_sentence(table, PAID, "on Meta") == "Mill paid most on Meta: exactly 500 EUR."
    assert "payer unknown (1 counted: 100 to 900 EUR)" in write_rivals(table)
    assert write_rivals(make_table(*named)) == ""


def test_coverage_is_drawn_and_said_day_by_day() -> None:
    states = ["crawled", "not_crawled", "not_crawled", "failed"]
    days = [
        DayCover(day_on=date(2026, 11, 20) + timedelta(days=i), state=state)
        for i, state in enumerate(states)
    ]
    assert describe_days(days) == (
        "4 days from 20 Nov 2026 to 23 Nov 2026: 1 crawled, 1 failed, 2 not crawled"
    )
    assert 'role="img"' in draw_coverage_strip(days)
    assert [(s.state, s.days) for s in list_row_ranges(days)] == [
        ("failed", 1),
        ("not_crawled", 2),
        ("crawled", 1),
    ]


def test_delivery_stands_in_groups_in_the_words_of_the_source() -> None:
    rows: list[dict[str, object]] = [
        {"by": "region", "region": "Thessaly", "share": 1.0},
        {"by": "age_gender", "age": "18-24", "gender": "unknown", "share": 0.0004},
        {"by": "country", "country": "GR", "count": 1200},
        {"by": "country", "country": "CY"},
    ]
    age, country, region = group_delivery(rows)
    assert (age.labels, age.rows[0].words) == (["age", "gender"], "under 0.1 %")
    assert [row.words for row in country.rows] == ["1,200 times", "unknown"]
    assert region.rows[0].labels == ["Thessaly"]


def test_times_say_their_zone_and_keep_the_raw_value() -> None:
    html = write_instant(datetime(2026, 11, 3, 9, 20, tzinfo=UTC))
    assert ">3 Nov 2026, 09:20 UTC<" in html
    assert 'datetime="2026-11-03T09:20:00+00:00"' in html


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (write_range(1000, 1999), "1,000 to 1,999"),
        (write_range(1000, None), "at least 1,000"),
        (write_range(7, 7), "exactly 7"),
        (write_range(None, None), "unknown"),
        (write_share(0.0), "0.0 %"),
        (write_bytes(812), "812 bytes"),
        (write_bytes(3_100_000), "3.1 MB"),
        (join_words(["a", "b", "c"]), "a, b and c"),
        (join_words([]), ""),
        (write_said(["one", True, None]), "one; yes; nothing"),
        (write_said([{"mode": "include", "text": "35+"}]), "mode: include, text: 35+"),
        (write_said({}), "nothing"),
        (write_said(False), "no"),
        (write_said("2026-12-01", "ended_on"), "1 Dec 2026"),
        (write_said("2026-12-01", "bodies"), "2026-12-01"),
    ],
)
def test_figures_are_written_one_way(written: str, expected: str) -> None:
    assert written == expected


def test_what_is_missing_says_why() -> None:
    assert "left it blank" in write_reason("not_disclosed")
    assert "unknown" in write_reason(None)


def test_a_snippet_is_escaped_before_it_is_marked() -> None:
    text = f"<b>{MARK_START}cli<i>mate{MARK_END}</b> {MARK_END}{MARK_START}"
    assert write_snippet(text) == "&lt;b&gt;<mark>cli&lt;i&gt;mate</mark>&lt;/b&gt; "


@given(st.text(alphabet=f"ab<{MARK_START}{MARK_END}"))
def test_marks_of_a_snippet_always_close(text: str) -> None:
    html = write_snippet(text)
    assert html.count("<mark>") == html.count("</mark>")
    assert MARK_START not in html
    assert html.replace("<mark>", "").replace("</mark>", "").count("<") == 0


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//evil", "mailto:a"]
)
def test_only_web_addresses_become_links(address: str) -> None:
    assert "<a" not in write_link(address)


def test_a_web_address_becomes_a_link_that_tells_nothing() -> None:
    html = write_link('https://a.example/"onclick="x')
    assert 'rel="noopener noreferrer nofollow"' in html
    assert '"onclick' not in html
