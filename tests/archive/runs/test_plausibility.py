"""What is believed of a batch, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.models.runs import QuarantineReason
from archive.records import (
    AdRecord,
    AdvertiserSpendRecord,
    DisclosureRecord,
    SourceInfo,
    SourceKind,
)
from archive.runs.plausibility import Gate, ImplausibleBatchError, Scale


def make_gate(**levels: object) -> Gate:
    source = {
        "id": "example",
        "title": "Example",
        "publisher": "Example",
        "kind": SourceKind.ADS,
        "homepage": "https://example.org",
        "documentation": "https://example.org",
        "licence": "CC0",
        "access": "robots: obey",
        "partition_unit": "one year",
        "seconds_between_requests": 0,
    }
    return Gate(SourceInfo(**(source | levels)))


def test_a_sum_that_falls_by_more_than_the_source_is_accepted_is_refused_with_its_figures():
    with pytest.raises(ImplausibleBatchError, match=r"falls by 50%.*2,000 EUR to 1,000 EUR") as met:
        make_gate().ads.weigh([("EUR", 100_00, 50_00)] * 20, {}, 20)
    assert met.value.cause is QuarantineReason.LOWERED_TOTAL
    assert (met.value.figures["known"], met.value.figures["fall_share"]) == (20, 0.5)


def test_a_fall_within_the_share_is_accepted():
    make_gate().ads.weigh([("EUR", 100_00, 80_00)] * 20, {}, 20)


def test_one_corrected_row_among_hundreds_is_no_batch_however_large_it_was():
    make_gate().ads.weigh([("EUR", 9_000_000_00, 900_000_00)], {"EUR": 1_000_00}, 300)


def test_what_rests_on_too_few_known_rows_is_accepted():
    make_gate().ads.weigh([("EUR", 100_00, 1_00)] * 19, {}, 19)


def test_a_fall_spread_over_pages_is_seen():
    gate = make_gate()
    gate.ads.weigh([("EUR", 100_00, 10_00)] * 10, {}, 10)
    with pytest.raises(ImplausibleBatchError):
        gate.ads.weigh([("EUR", 100_00, 10_00)] * 10, {}, 10)


def test_ads_that_stay_bear_out_those_that_were_lowered():
    make_gate().ads.weigh([("EUR", 100_00, 50_00)] * 20, {"EUR": 8_000_00}, 100)


def test_currencies_are_never_weighed_against_each_other():
    with pytest.raises(ImplausibleBatchError, match="EUR"):
        make_gate().ads.weigh([("EUR", 100_00, 50_00)] * 20, {"USD": 1_000_000_00}, 100)


def test_ads_and_statements_are_weighed_apart():
    gate = make_gate()
    gate.ads.weigh([], {"EUR": 1_000_000_00}, 100)
    with pytest.raises(ImplausibleBatchError, match="statements of spending"):
        gate.statements.weigh([("EUR", 100_00, 50_00)] * 20, {}, 20)


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)), min_size=20))
def test_the_scale_refuses_a_fall_beyond_the_share_and_nothing_else(amounts):
    scale = Scale("ads", 0.2)
    before, after = (sum(side) for side in zip(*amounts, strict=True))
    lowered = sum(new < old for old, new in amounts)
    try:
        scale.weigh([("EUR", old, new) for old, new in amounts], {}, len(amounts))
    except ImplausibleBatchError:
        assert before - after > 0.2 * before
        assert lowered > 1
    else:
        assert before - after <= 0.2 * before or lowered <= 1


@pytest.mark.parametrize(
    ("gone", "present", "is_believed"),
    [(2, 10, True), (3, 10, False), (2, 5, True), (9, 9, True), (0, 0, True), (10, 10, False)],
)
def test_more_than_a_fifth_gone_of_ten_or_more_is_implausible(gone, present, is_believed):
    gate = make_gate()
    if is_believed:
        gate.check_vanished("ads", gone, present)
        return
    with pytest.raises(ImplausibleBatchError, match="gone at once") as met:
        gate.check_vanished("ads", gone, present)
    assert met.value.cause is QuarantineReason.SHRINK


def test_a_source_may_be_accepted_more():
    make_gate(plausible_fall_share=0.9).check_vanished("ads", 8, 10)


ABSURD = 100_000_000_01

ROWS = {
    "ad a1": AdRecord(ref="a1", platform="p", currency="EUR", spend_lower_minor=ABSURD),
    "the statement of weekly for page-1": AdvertiserSpendRecord(
        dataset="weekly",
        platform="p",
        grain="week",
        advertiser_ref="page-1",
        currency="EUR",
        spend_lower_minor=0,
        spend_upper_minor=ABSURD,
    ),
    "payment d1": DisclosureRecord(
        ref="d1",
        committee_ref="C1",
        currency="EUR",
        amount_minor=-ABSURD,
        is_memo=False,
        is_notice=False,
        is_correction=False,
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_an_amount_beyond_all_measure_is_refused_with_the_row_it_stands_in(name):
    record = ROWS[name]
    with pytest.raises(ImplausibleBatchError, match=name) as met:
        make_gate().weigh_amounts([record])
    assert met.value.cause is QuarantineReason.ABSURD_AMOUNT
    make_gate(plausible_spend_minor=ABSURD).weigh_amounts([record])


def test_a_row_without_an_amount_is_not_judged_by_it():
    make_gate(plausible_spend_minor=0).weigh_amounts([AdRecord(ref="a1", platform="p")])
