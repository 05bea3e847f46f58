"""Money is added up over the mirror or in the archive; nobody can tell from the sums."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from sqlalchemy.exc import DBAPIError

from archive.exports.mirror import compact_mirror, sync_mirror
from archive.exports.mirror.answering import answer_spending
from archive.exports.mirror.manifest import require_manifest
from archive.exports.mirror.querying import open_files
from archive.exports.mirror.reading import quote_text
from archive.models.changes import ChangeKind
from archive.models.corrections import SpendMeasure
from archive.reading.as_of.moment import Moment
from archive.reading.visible import Include
from archive.records import Grain, QuarantineStage
from archive.runs.quarantine import put_aside
from archive.spending import SpendBasis, SpendBy, SpendQuery, summarise_spending
from archive.spending.exchange_rates import ExchangeRates, Rate
from archive.spending.summary import SpendRoute
from archive.store.changes import append_changes
from archive.store.database import read, write
from tests.archive.conftest import NOON
from tests.archive.exports.mirrored import later, on_sqlite
from tests.archive.exports.spend_story import Story

PERIOD = {"from_on": date(2026, 2, 22), "to_on": date(2026, 4, 3)}
ADS = [
    *(SpendQuery(by=by) for by in (None, SpendBy.ADVERTISER, SpendBy.PAYER, SpendBy.COUNTRY)),
    *(SpendQuery(by=by) for by in (SpendBy.PLATFORM, SpendBy.ELECTION)),
    SpendQuery(by=SpendBy.PAYER, include=Include.UNLABELLED),
    SpendQuery(country="FR", source="example"),
    SpendQuery(by=SpendBy.ADVERTISER, convert_to="EUR"),
    *(
        SpendQuery(by=by, basis=basis, **PERIOD)
        for by, basis in product(
            (None, SpendBy.PAYER, SpendBy.COUNTRY, SpendBy.DAY, SpendBy.WEEK, SpendBy.MONTH),
            (SpendBasis.BOUNDS, SpendBasis.ESTIMATE),
        )
    ),
    SpendQuery(by=SpendBy.WEEK, convert_to="EUR", **PERIOD),
    SpendQuery(by=SpendBy.PAYER, basis=SpendBasis.LIFETIME, **PERIOD),
    SpendQuery(by=SpendBy.DAY, from_on=date(2026, 3, 9), to_on=date(2026, 3, 9)),
]
OTHERS = [
    *(SpendQuery(measure=SpendMeasure.DISCLOSED, by=by) for by in (None, SpendBy.PAYEE)),
    SpendQuery(measure=SpendMeasure.DISCLOSED, by=SpendBy.MONTH, **PERIOD),
    SpendQuery(measure=SpendMeasure.REPORTED, by=SpendBy.ADVERTISER),
    SpendQuery(measure=SpendMeasure.REPORTED, grain=Grain.LIFETIME),
]
RATES = ExchangeRates(
    [Rate("USD", Decimal(2), date(2026, 1, 1), "invented", is_fixed=True)], 3, lambda _currency: ()
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "it's parquet"


def ask(engine, folder, query, **changed):
    query = replace(query, **changed)
    with read(engine) as session:
        return answer_spending(session, folder, query, RATES if query.convert_to else None)


def ask_archive(engine, query, **changed):
    query = replace(query, **changed)
    with read(engine) as session:
        return summarise_spending(session, query, RATES if query.convert_to else None)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
)
def test_after_any_story_the_mirror_and_the_archive_give_the_same_sums(
    engine, ingest_run, make_ad, folder, seed
):
    story = Story(engine, ingest_run, make_ad, seed)
    for _ in range(4):
        for _ in range(story.dice.randint(2, 6)):
            story.go_on()
        if story.dice.random() < 0.3:
            story.withhold()
        sync_mirror(engine, folder, story.now)
        if story.dice.random() < 0.3:
            compact_mirror(folder, story.now)

        for query in (*ADS, *OTHERS):
            found = ask(engine, folder, query)
            is_converted = query.convert_to is not None
            assert found.route is (SpendRoute.ARCHIVE if is_converted else SpendRoute.MIRROR)
            expected = ask_archive(engine, query)
            assert found == expected.model_copy(update={"route": found.route}), query


@pytest.mark.engines_alike
@pytest.mark.parametrize("seed", [4, pytest.param(5, marks=pytest.mark.slow)])
def test_what_the_mirror_said_the_archive_says_as_of_that_time(
    engine, ingest_run, make_ad, folder, seed
):
    story = Story(engine, ingest_run, make_ad, seed)
    said = []
    for _ in range(3):
        for _ in range(story.dice.randint(2, 5)):
            story.go_on()
        sync_mirror(engine, folder, story.now)
        said += [(query, story.now, ask(engine, folder, query).groups) for query in ADS]

    for query, at, groups in said:
        then = ask(engine, folder, query, moment=Moment(as_of=at))
        assert then.route is SpendRoute.ARCHIVE
        assert then.groups == groups, (query, at)


def test_a_question_of_one_or_of_the_past_is_the_archives(engine, ingest_run, make_ad, folder):
    ingest_run([make_ad(payer_name="Ada")])
    sync_mirror(engine, folder, NOON)

    routes = [
        ask(engine, folder, SpendQuery(), **asked).route
        for asked in (
            {},
            {"advertiser_id": "example:page-1"},
            {"payer": ("Ada",)},
            {"moment": Moment(as_of=NOON)},
            {"moment": Moment(valid_at=NOON)},
        )
    ]
    assert routes == ["mirror", "archive", "archive", "archive", "archive"]


def test_while_the_mirror_is_behind_or_away_the_archive_answers(
    engine, ingest_run, make_ad, folder
):
    asked = SpendQuery(by=SpendBy.PAYER)
    ingest_run([make_ad()])
    assert ask(engine, folder, asked).route is SpendRoute.ARCHIVE
    sync_mirror(engine, folder, NOON)
    ingest_run([make_ad(f"a{n}") for n in range(5)], later(1))

    behind = ask(engine, folder, asked)

    assert (behind.route, behind.groups[0].ads) == ("archive", 5)
    sync_mirror(engine, folder, later(1))
    assert ask(engine, folder, asked) == behind.model_copy(update={"route": SpendRoute.MIRROR})


def test_a_run_that_saw_nothing_move_is_in_the_mirror_before_it_answers_again(
    engine, ingest_run, make_ad, folder
):
    open_ended = make_ad(started_on=date(2026, 2, 20), ended_on=None)
    asked = SpendQuery(from_on=date(2026, 2, 22), to_on=date(2026, 3, 2))
    ingest_run([open_ended], later(0))
    sync_mirror(engine, folder, NOON)
    assert ask(engine, folder, asked).groups[0].upper_minor is None
    ingest_run([open_ended], later(2))

    after = ask(engine, folder, asked)

    assert (after.route, after.groups[0].upper_minor) == ("archive", 199_00)
    assert ask(engine, folder, SpendQuery()).route == "mirror"
    report = sync_mirror(engine, folder, later(2))
    assert (report.rows["public_ad"], report.rows["spend_curve"]) == (0, 1)
    assert ask(engine, folder, asked) == after.model_copy(update={"route": SpendRoute.MIRROR})


@on_sqlite
def test_a_run_that_ended_before_one_that_is_known_makes_every_curve_anew(
    engine, ingest_run, make_ad, folder
):
    ads = [make_ad(f"a{n}", started_on=date(2026, 2, 20)) for n in range(3)]
    ingest_run(ads, later(2))
    sync_mirror(engine, folder, later(2))
    ingest_run(ads[:1], later(1), partition="other", sweep=False)

    assert sync_mirror(engine, folder, later(3)).rows["spend_curve"] == 3
    assert ask(engine, folder, SpendQuery(**PERIOD)).route == "mirror"


@on_sqlite
def test_nobody_can_tell_from_the_route_that_somebody_was_flagged(
    engine, ingest_run, make_ad, folder
):
    ingest_run([make_ad()])
    sync_mirror(engine, folder, NOON)
    with write(engine) as session:
        append_changes(session, ChangeKind.FLAG, [1], later(1))

    assert ask(engine, folder, SpendQuery()).route == "mirror"


@on_sqlite
def test_a_mirror_that_lacks_a_row_does_not_answer(engine, ingest_run, make_ad, folder):
    ingest_run([make_ad()])
    sync_mirror(engine, folder, NOON)
    with write(engine) as session:
        put_aside(session, QuarantineStage.MIRROR, "", "public_ad:7", ValueError("x"), NOON)

    assert ask(engine, folder, SpendQuery()).route == "archive"


@on_sqlite
def test_files_that_are_gone_leave_the_answer_to_the_archive(engine, ingest_run, make_ad, folder):
    ingest_run([make_ad()])
    sync_mirror(engine, folder, NOON)
    for path in folder.glob("*/*.parquet"):
        path.unlink()

    assert ask(engine, folder, SpendQuery()).groups[0].ads == 1


@on_sqlite
def test_the_mirrors_engine_reads_nothing_but_the_mirror(
    engine, ingest_run, make_ad, folder, tmp_path
):
    ingest_run([make_ad()])
    sync_mirror(engine, folder, NOON)
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    files = open_files(folder, require_manifest(folder))

    with files.connect() as connection:
        for statement in (
            f"SELECT * FROM read_csv('{secret}')",
            f"SELECT * FROM read_csv({quote_text(str(folder / '..' / 'secret.csv'))})",
            f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
            "INSTALL httpfs",
            "SET enable_external_access = true",
            "SET memory_limit = '8GB'",
        ):
            with pytest.raises(DBAPIError):
                connection.exec_driver_sql(statement)
