"""What is said of one source does not depend on its neighbour, nor what is said of a time on what came later.

The world of `tests.archive.neighbours` is told alone and in company, now and as of then; sums are
reckoned once more by hand.
"""

import shutil
from collections import defaultdict
from itertools import groupby
from operator import itemgetter

import pytest
from sqlmodel import Session, col, select

from archive.models import Ad, VanishedPeriod
from archive.reading import (
    AdFilter,
    list_ads,
    list_advertisers,
    list_evidence,
    list_metrics,
    list_runs,
    list_versions,
    read_advertiser,
    what_is_missing,
)
from archive.reading.as_of.moment import Moment
from archive.reading.corrections import CorrectionFilter, list_corrections
from archive.spending import SpendBy, SpendQuery, summarise_spending
from archive.store.database import create_archive_engine, read, write
from tests.archive.moments import DAY, day
from tests.archive.neighbours import (
    SOURCES,
    STEPS,
    add_sources,
    take_step,
)
from tests.archive.told import tell_now, tell_then
from tests.migrated import migrated_file

ASKED_AFTER = (3, 6, 8)


def make_world(folder, sources, ask=lambda _session, _step: None):
    """An archive in which each step is taken for each source, and `ask` is called after it."""
    engine = create_archive_engine(f"sqlite:///{shutil.copy(migrated_file(), folder)}")
    with write(engine) as session:
        add_sources(session)
    for step in STEPS:
        with write(engine) as session:
            for source in sources:
                take_step(session, source, step)
        with read(engine) as session:
            ask(session, step)
    return engine


@pytest.fixture(scope="module")
def asked():
    """What the archive said of each source after some steps."""
    return {}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory, asked):
    """Both sources in one archive."""

    def ask(session: Session, step) -> None:
        if step.learned in ASKED_AFTER:
            asked[step.learned] = tell_then(session, SOURCES[1])

    engine = make_world(tmp_path_factory.mktemp("crowd"), SOURCES, ask)
    yield engine
    engine.dispose()


def find_differences(one, other, path=""):
    """Where two answers differ: the path to each difference, and both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = one | other
        pairs = [(f"{path}/{key}", one.get(key), other.get(key)) for key in keys]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}/{n}", a, b) for n, (a, b) in enumerate(zip(one, other, strict=True))]
    else:
        return [] if one == other else [(path, one, other)]
    return [found for place, a, b in pairs for found in find_differences(a, b, place)]


def test_what_is_said_of_a_source_does_not_depend_on_its_neighbour(crowd, tmp_path):
    alone = make_world(tmp_path, SOURCES[1:])
    with read(alone) as session, read(crowd) as in_company:
        for tell in (tell_then, tell_now):
            assert not find_differences(tell(session, SOURCES[1]), tell(in_company, SOURCES[1]))
    alone.dispose()


@pytest.mark.parametrize("learned", ASKED_AFTER)
def test_what_is_said_as_of_a_time_is_what_was_said_then(crowd, asked, learned):
    with read(crowd) as session:
        told = tell_then(session, SOURCES[1], Moment(as_of=day(learned)))
    assert not find_differences(asked[learned], told)


def test_ads_vanish_and_return_where_their_own_partition_says_so(crowd):
    query = select(Ad.ref, VanishedPeriod).join(VanishedPeriod, col(VanishedPeriod.ad_id) == Ad.id)
    with read(crowd) as session:
        found = session.exec(
            query.where(Ad.source == SOURCES[0]).order_by(Ad.ref, VanishedPeriod.id)
        )
        told = [(ref, gone.last_seen_at, gone.missed_at, gone.returned_at) for ref, gone in found]
    assert told == [
        ("a4", day(1), day(3), day(7)),
        ("w2", day(1.5), day(6), day(12)),
        ("young", day(7), day(12.5), None),
    ]


KEYS = {
    None: lambda _ad: "all",
    SpendBy.PLATFORM: lambda ad: ad.platform,
    SpendBy.PAYER: lambda ad: ad.payer_name or "unknown:not_disclosed",
    SpendBy.ADVERTISER: lambda ad: ad.advertiser_id,
    SpendBy.COUNTRY: lambda ad: (
        "several" if len(ad.countries) > 1 else (ad.countries or ["unknown:not_disclosed"])[0]
    ),
}


def add_up(ads, key):
    """Sums by key and currency: least, most (`None`: open), ads, open ends, unknown amounts."""
    groups = defaultdict(list)
    for ad in ads:
        groups[key(ad), ad.currency].append((ad.spend_lower_minor, ad.spend_upper_minor))
    for group, amounts in groups.items():
        stated = [(lower, upper) for lower, upper in amounts if lower is not None]
        open_ends = [upper for _, upper in stated].count(None)
        lower = sum(lower for lower, _ in stated) if stated else None
        upper = None if open_ends or not stated else sum(upper for _, upper in stated)
        yield *group, lower, upper, len(amounts), open_ends, len(amounts) - len(stated)


@pytest.mark.parametrize("asked_for", [{}, {"include": "unlabelled"}, {"source": SOURCES[0]}])
@pytest.mark.parametrize("by", KEYS)
def test_sums_over_both_sources_are_those_of_their_lists(crowd, by, asked_for):
    with read(crowd) as session:
        ads = list_ads(session, AdFilter(**asked_for), None, 100).items
        groups = summarise_spending(session, SpendQuery(by=by, **asked_for)).groups
    told = {
        (g.key, g.currency, g.lower_minor, g.upper_minor, g.ads, g.open_count, g.unknown_count)
        for g in groups
    }
    assert told == set(add_up(ads, KEYS[by]))


def walk(session, read_page, limit):
    items, cursor = [], None
    while True:
        page = read_page(session, cursor, limit)
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            return items


def test_pages_of_any_length_hold_the_same_in_the_same_order(crowd):
    def read_ads(session, cursor, limit):
        return list_ads(session, AdFilter(), cursor, limit)

    def read_runs(session, cursor, limit):
        return list_runs(session, SOURCES[0], cursor, limit)

    with read(crowd) as session:
        for read_page in (read_ads, read_runs):
            whole = walk(session, read_page, 100)
            assert len(whole) > 8
            assert walk(session, read_page, 2) == whole
        assert [run.id for run in walk(session, read_runs, 3)] == sorted(
            (run.id for run in walk(session, read_runs, 3)), reverse=True
        )


def test_what_held_at_a_time_before_anything_came_late_is_what_was_known_then(crowd):
    """Learned and said at one time, so that both clocks tell the same but for when it was learned."""
    with read(crowd) as session:
        known, held = (
            list_ads(session, AdFilter(include="unlabelled"), None, 100, moment).items
            for moment in (Moment(as_of=day(1.7)), Moment(valid_at=day(1.7)))
        )
        sums = [
            summarise_spending(session, SpendQuery(by=SpendBy.PAYER, moment=moment)).groups
            for moment in (Moment(as_of=day(1.7)), Moment(valid_at=day(1.7)))
        ]
    learned = {"recorded_at"}
    assert [ad.model_dump(exclude=learned) for ad in held] == [
        ad.model_dump(exclude=learned) for ad in known
    ]
    assert len(known) == 2 * 8
    assert sums[0] == sums[1]


def test_lists_stand_in_the_order_that_they_promise(crowd):
    ad = f"{SOURCES[0]}:a1"
    with read(crowd) as session:
        versions, metrics = list_versions(session, ad), list_metrics(session, ad)
        corrections = list_corrections(session, CorrectionFilter()).items
        advertisers = list_advertisers(session, include="unlabelled").items
        names = read_advertiser(session, f"{SOURCES[0]}:p3").names
        missing = what_is_missing(session)
        evidence = list_evidence(session, ad)
    for rows in (versions, metrics):
        assert [row.observed_at for row in rows] == sorted(row.observed_at for row in rows)
        assert len({row.observed_at for row in rows}) == len(rows) > 2
    assert [version.content["bodies"][0] for version in versions[:3]] == [
        "Vote 0 a1",
        "Late words",
        "Vote 0 now",
    ]
    ids = [one.id for one in corrections]
    assert ids == sorted(ids, reverse=True)
    assert {one.source for one in corrections} == set(SOURCES)
    assert [one.id for one in advertisers] == sorted(one.id for one in advertisers)
    assert [name.name for name in names] == ["Party 0", "Union"]
    data_gaps = [
        (data_gap.what, data_gap.source, data_gap.reason) for data_gap in missing.data_gaps
    ]
    by_kind = [list(group) for _, group in groupby(data_gaps, key=itemgetter(0))]
    assert all(group == sorted(group) for group in by_kind)
    assert len(by_kind) > 5
    runs = [run.id for run in missing.runs_not_done]
    assert runs == sorted(runs, reverse=True)
    assert len(runs) == 4
    captured = [one.id for one in evidence]
    assert captured == sorted(captured, reverse=captured[0] > captured[-1])


def test_corrections_tell_the_figures_before_and_after_with_their_times(crowd):
    with read(crowd) as session:
        told = list_corrections(session, CorrectionFilter(source=SOURCES[0]), None, 100).items
    facts = [
        (
            one.subject.removeprefix(f"{SOURCES[0]}:"),
            one.kind.value,
            (one.before_observed_at - day(0)) / DAY,
            (one.observed_at - day(0)) / DAY,
        )
        for one in told
    ]
    assert facts == [
        ("f1", "withdrawn", 3, 12.5),
        ("parts|p1|region|", "withdrawn", 3, 12.5),
        ("totals|p2|lifetime|", "withdrawn", 3, 12.5),
        ("totals|p1|lifetime|", "withdrawn", 3, 12.5),
        ("old", "restated", 3, 12.5),
        ("a3", "restated", 3, 12.5),
        ("f9", "returned", 6, 12),
        ("totals|p9|lifetime|", "returned", 6, 12),
        ("f9", "withdrawn", 1.5, 6),
        ("totals|p9|lifetime|", "withdrawn", 1.5, 6),
        ("f3", "withdrawn", 1, 3),
        ("f2", "withdrawn", 1, 3),
        ("weeks|p1|week|2026-02-22", "withdrawn", 1, 3),
        ("f1", "restated", 1, 3),
        ("totals|p1|lifetime|", "restated", 1, 3),
        ("old", "restated", 1, 3),
        ("a3", "restated", 1, 3),
    ]
