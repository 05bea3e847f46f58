"""Whatever people do with a rule, its version in use never falls, and each moment is told as it was."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import ArchiveError
from archive.reading.as_of.moment import Moment
from archive.store.database import open_archive, read, write
from oversight.rules.rule_book import read_rule_book
from oversight.rules.schema import Stage
from oversight.rules.use import adopt_rule, resume_rule, suspend_rule
from oversight.rules.versions import list_rules_then
from tests.config.bad_files import GOOD, RULE
from tests.examples import few_or_many

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAID = ("Ada", "So decided")
STEPS = st.sampled_from(["shadow", "active", "suspend", "resume"])


@pytest.fixture
def archive(home_settings, write_config):
    write_config("params/good.yaml", GOOD["params/{}.yaml"])
    engine = open_archive(home_settings)
    yield engine, count(1)
    engine.dispose()


@settings(max_examples=few_or_many(10, 60))
@given(st.lists(st.tuples(STEPS, st.integers(1, 4)), max_size=5))
def test_its_version_never_falls_and_as_of_tells_each_moment(
    archive, home_settings, write_config, steps
):
    engine, clock = archive
    told = []
    for step, version in steps:
        write_config("rules/xx/good.yaml", RULE.replace("version: 1", f"version: {version}"))
        book, now = read_rule_book(home_settings), NOW + timedelta(hours=next(clock))
        with write(engine) as session:
            before = book.find_in_use(session, "good")
            try:
                take(session, book, before, step, now)
            except ArchiveError:
                continue
            after = book.find_in_use(session, "good")
        if before.used_stage is not Stage.DRAFT:
            assert after.file.version >= before.file.version
        told.append((now, after.file.version, after.stage))
    with read(engine) as session:
        rules = read_rule_book(home_settings).list_in_use(session)
        for now, version, stage in told:
            (then,) = [r for r in list_rules_then(session, rules, Moment(now)) if r.id == "good"]
            assert (then.file.version, then.stage) == (version, stage)


def take(session, book, rule, step, now):
    if step in {"suspend", "resume"}:
        (suspend_rule if step == "suspend" else resume_rule)(session, rule, *SAID, now)
    else:
        adopt_rule(session, book, "good", Stage(step), SAID, now)
