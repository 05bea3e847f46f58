"""A case reads registers and label lists as this archive had them when the ad was flagged."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from archive.curation.label_tables import LabelOrder, import_labels
from archive.curation.people import add_user
from archive.curation.registers import import_register
from archive.ingest.pages import ingest_page
from archive.models import Flag, Source
from archive.models.people import Role
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, write
from config.settings import Settings
from oversight.cases.explaining import explain_flag
from oversight.rules.rule_book import RuleBook, read_rule_book
from tests.flagging import adopt, flag_ad
from tests.oversight.rules.test_loading import RULE as NAMED
from tests.sources_with_terms import make_source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SAID = ("Ada", "The act needs it.")
SHAPE = "title: T\nsource: {cite: The office, evidence: memory}\n"
RULE = re.sub("unless: .*\n", "", NAMED.replace("id: xx-named", "id: xx-listed"))
REGISTER = "register.third_lists_payer"
LABEL = "label.synthetic"


@pytest.fixture
def session(home_settings: Settings, write_config: Callable[[str, str], Path]) -> Session:
    third = "columns: {name: Who}\nis_complete: true\nfresh_days: 60\n"
    panel = "columns: {ad: Id}\nconstants: {term: synthetic}\ncomplete_for: [example]\ncovers_days: 60\n"
    write_config("registers/third.yaml", SHAPE + third)
    write_config("labels/panel.yaml", SHAPE + panel)
    engine = create_archive_engine(home_settings.resolved_database_url)
    with write(engine) as session:
        session.add(Source(**make_source(None).model_dump()))
        run = begin_run(session, "example", "2026", RunKind.CRAWL, NOW)
        said = {"platform": "examplatform", "payer_name": "Pier Club", "countries": ["XX"]}
        ad = AdRecord(ref="a1", declared_political=True, started_on=date(2026, 2, 1), **said)
        ingest_page(session, run, [ad], None, NOW)
        end_run(session, run, Outcome.DONE, NOW)
        yield session
    engine.dispose()


@pytest.fixture
def flag_under(
    session: Session, home_settings: Settings, write_config: Callable[[str, str], Path]
) -> Callable[[str], tuple[Flag, RuleBook]]:
    """Flag the ad under a rule that requires a fact, one of a list."""

    def flag_now(fact: str) -> tuple[Flag, RuleBook]:
        named = "registers: [third]\nlabels: [panel]\n"
        text = RULE.replace("size(ad.payer_name) > 0", fact).replace(
            "severity:", f"{named}severity:"
        )
        given = text.replace("ad.payer_name: Jo", f"{fact}: true")
        write_config(
            "rules/xx/xx-listed.yaml",
            given.replace("ad.payer_name: {missing: not_disclosed}", f"{fact}: false"),
        )
        book = read_rule_book(home_settings)
        rule = adopt(session, book, "xx-listed", NOW)
        officer, _ = add_user(session, "Ann", [Role.REVIEWER], NOW)
        return flag_ad(session, "example:a1", rule, "?", officer, NOW + DAY), book

    return flag_now


def bring(session: Session, settings: Settings, fact: str, line: str, now: datetime) -> None:
    path, on = settings.home / "list.csv", date(2026, 2, 1)
    path.write_text(f"{'Who' if fact == REGISTER else 'Id'}\n{line}\n")
    if fact == REGISTER:
        import_register(session, settings, ("third", path, on), SAID, now)
    else:
        import_labels(session, settings, LabelOrder("panel", path, *SAID, on), now)


@pytest.mark.parametrize(
    ("fact", "before", "after"),
    [(REGISTER, "Harbour Friends", "Pier Club"), (LABEL, "example:a2", "example:a1")],
)
def test_what_is_brought_after_the_flag_changes_no_case(
    session: Session,
    home_settings: Settings,
    flag_under: Callable[[str], tuple[Flag, RuleBook]],
    fact: str,
    before: str,
    after: str,
) -> None:
    bring(session, home_settings, fact, before, NOW)
    flag, book = flag_under(fact)
    told = explain_flag(session, flag, book)
    assert (told.answer, len(told.trace["rests_on"])) == ("not_met", 1)
    bring(session, home_settings, fact, after, NOW + 2 * DAY)
    assert explain_flag(session, flag, book) == told
    assert book.find_in_use(session, "xx-listed").cited != told.trace["rests_on"]


@pytest.mark.parametrize("fact", [REGISTER, LABEL])
def test_a_case_that_was_flagged_before_any_list_came_cannot_tell(
    session: Session,
    home_settings: Settings,
    flag_under: Callable[[str], tuple[Flag, RuleBook]],
    fact: str,
) -> None:
    flag, book = flag_under(fact)
    bring(session, home_settings, fact, "example:a9", NOW + 2 * DAY)
    told = explain_flag(session, flag, book)
    assert (told.answer, told.trace["rests_on"]) == ("cannot_tell", {})
