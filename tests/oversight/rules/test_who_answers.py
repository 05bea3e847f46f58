"""Rules kept in a former form, and rules that nobody answers for."""

from datetime import UTC, datetime

import pytest

from archive.errors import ArchiveError
from archive.models import RuleUse, RuleVersion
from archive.store.database import open_archive, write
from archive.store.realm import claim_realm
from config.settings import Realm
from oversight.rules.rule_book import find_rules_here, read_rule_book
from tests.flagging import adopt
from tests.oversight.rules.drafts import FORMER, LAW

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine(home_settings):
    engine = open_archive(home_settings)
    yield engine
    engine.dispose()


def test_a_text_kept_in_the_former_form_stays_in_use(engine, home_settings):
    kept = FORMER.replace("window: {from: polling_day - P1D, to: poll_closes}\n", "")
    kept = kept.replace("{when: window.overlaps, cite", "{when: ad.declared_political, cite")
    with write(engine) as session:
        claim_realm(session, Realm.FICTIONAL)
        row = RuleVersion(
            rule_id="xx-former", version=1, sha256="a" * 64, text=kept, recorded_at=NOW
        )
        use = RuleUse(
            rule_id="xx-former", action="use", rule_sha256="a" * 64, stage="active", at=NOW
        )
        use.by_name, use.because = "Ada", "It is needed."
        session.add_all([row, use])
    here = find_rules_here(read_rule_book(home_settings))
    rule = here.find_rule("xx-former")
    assert (rule.stage, here.unreadable) == ("active", {})
    assert [each.status for each in rule.file.validity.statuses] == ["in_force", "removed"]


@pytest.mark.parametrize("named", ["owner", "reader", "owner and reader"])
def test_in_a_real_archive_a_rule_nobody_answers_for_is_shadow_at_most(
    engine, home_settings, write_config, named
):
    text = LAW.replace("stage: shadow", "owner: The Harbour Board\nstage: shadow", "owner" in named)
    read = "evidence: statute_text\n    reader: Ada"
    text = text.replace("evidence: statute_text", read, "reader" in named)
    write_config("rules/xx/xx-named.yaml", text)
    book = read_rule_book(home_settings)
    with write(engine) as session:
        claim_realm(session, Realm.REAL)
        if named == "owner and reader":
            assert adopt(session, book, "xx-named", NOW).stage == "active"
        else:
            with pytest.raises(ArchiveError, match="nobody answers for"):
                adopt(session, book, "xx-named", NOW)
