"""`paidforby init`: the rules that came with the program come into use with its first run."""

import json

import pytest
from sqlmodel import select

from archive.models import LedgerLeaf, RuleUse
from archive.models.changes import LeafKind
from archive.store.database import read, write
from archive.store.realm import claim_realm
from config.settings import Realm


def list_steps(home):
    with read(home.engine) as session:
        uses = session.exec(select(RuleUse)).all()
        leaves = session.exec(select(LedgerLeaf).where(LedgerLeaf.kind == LeafKind.RULE_USE)).all()
        assert len(leaves) == len(uses)
        return [(use.rule_id, use.stage, use.by_name, use.action) for use in uses]


def init(home):
    return json.loads(home.command("init", "--json").stdout)


def test_a_new_archive_records_no_rule_and_says_when_it_will(home):
    assert init(home)["rules_in_use"] == {}
    assert "come into use with its first run" in home.command("init").stdout
    assert list_steps(home) == []


@pytest.mark.parametrize("realm", Realm)
def test_an_archive_that_had_a_run_records_its_rules_once(home, realm):
    with write(home.engine) as session:
        claim_realm(session, realm)
    in_use = init(home)["rules_in_use"]
    steps = list_steps(home)
    assert sum(in_use.values()) == len(steps) > 0
    assert {(by, action) for _, _, by, action in steps} == {("shipped", "use")}
    stages = {stage for _, stage, _, _ in steps}
    assert stages == set(in_use) == ({"shadow"} if realm is Realm.REAL else {"active", "shadow"})
    assert init(home)["rules_in_use"] == in_use
    assert list_steps(home) == steps
    assert f"{in_use['shadow']} shadow" in home.command("init").stdout
