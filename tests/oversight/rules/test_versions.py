"""Rules of an earlier moment: the versions held then, and those in force on a day."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from archive.curation.reference_texts import keep_reference_text
from archive.models import RuleUse
from archive.models.oversight import ReferenceKind
from archive.reading.as_of.moment import NOW, Moment
from archive.records.canonical import hash_bytes
from archive.store.database import read, write
from config.settings import Settings
from config.yaml_files import YamlFileError, YamlText
from oversight.rules.rule_book import load_rules
from oversight.rules.rule_texts import keep_rule_texts
from oversight.rules.schema import RuleFile
from oversight.rules.validity import LegalStatus, Validity
from oversight.rules.versions import list_rules_then, pick_in_force
from paidforby import app
from tests.migrated import init_fresh

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def rules(tmp_path):
    return load_rules(Settings(home=tmp_path))[:2]


@pytest.fixture
def engine(tmp_path, rules):
    """An archive that loaded one rule, then a second one, then another wording of the first."""
    engine = init_fresh(Settings(home=tmp_path), [])
    first, second = rules
    title = json.dumps(f"{first.file.title}, reworded")
    lines = first.text.splitlines(keepends=True)
    text = "".join(f"title: {title}\n" if line.startswith("title:") else line for line in lines)
    earlier = replace(first, text=text, sha256="0" * 64)
    for loaded, at in ((earlier, NOON), (second, NOON + DAY), (first, NOON + 2 * DAY)):
        with write(engine) as session:
            keep_rule_texts(session, [loaded], at)
    yield engine
    engine.dispose()


def hashes_at(engine, rules, moment):
    with read(engine) as session:
        return [rule.sha256 for rule in list_rules_then(session, rules, moment)]


def test_each_rule_is_listed_in_the_version_held_then(engine, rules):
    first, second = rules
    assert hashes_at(engine, rules, Moment(NOON - DAY)) == []
    assert hashes_at(engine, rules, Moment(NOON)) == ["0" * 64]
    assert hashes_at(engine, rules, Moment(NOON + DAY)) == ["0" * 64, second.sha256]
    assert hashes_at(engine, rules, Moment(NOON + 2 * DAY)) == [first.sha256, second.sha256]
    assert hashes_at(engine, rules, NOW) == [first.sha256, second.sha256]


def test_a_version_no_longer_in_use_is_read_word_for_word(engine, rules):
    with read(engine) as session:
        [earlier] = list_rules_then(session, rules, Moment(NOON))
    assert (earlier.id, earlier.origin) == (rules[0].id, None)
    assert earlier.file.title.endswith("reworded")


def test_a_kept_text_of_an_unknown_form_is_named():
    with pytest.raises(YamlFileError, match="old-rule"):
        YamlText("old-rule", b"colour: red\n").read_as(RuleFile)


@pytest.mark.parametrize(
    ("statuses", "in_force"),
    [
        ([(None, "in_force")], True),
        ([(date(2026, 3, 1), "in_force")], True),
        ([(date(2026, 3, 2), "in_force")], False),
        ([(None, "in_force"), (date(2026, 3, 1), "removed")], False),
        ([(None, "in_force"), (date(2026, 3, 2), "removed")], True),
        ([(None, "in_force"), (date(2026, 2, 1), "enjoined")], False),
        ([(None, "enjoined"), (date(2026, 2, 1), "in_force")], True),
        ([(None, "guideline")], True),
        ([(None, "not_applicable")], False),
        ([(None, "bill")], False),
    ],
)
def test_a_rule_is_in_force_on_the_days_of_which_its_file_says_so(rules, statuses, in_force):
    dated = [{"from": day, "status": LegalStatus(status)} for day, status in statuses]
    validity = Validity(statuses=dated)
    rule = replace(rules[0], file=rules[0].file.model_copy(update={"validity": validity}))
    assert pick_in_force([rule], Moment(valid_at=NOON)) == ([rule] if in_force else [])
    assert pick_in_force([rule], NOW) == [rule]


def test_the_command_lists_the_versions_of_a_time(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    answer = CliRunner().invoke(app, ["rules", "list", "--as-of", "2026-03-01", "--json"])
    assert [rule["sha256"] for rule in json.loads(answer.stdout)] == ["0" * 64]
    table = CliRunner().invoke(app, ["rules", "list", "--as-of", "2026-03-01"])
    assert "earlier" in table.stdout


def test_as_of_a_time_a_rule_is_as_it_was_in_use_then_also_after_an_older_text_was_put_back(
    engine, rules
):
    def use(sha256, at, action="use", stage="active"):
        said = {"by_name": "Ada", "because": "So decided"}
        row = RuleUse(
            rule_id=first.id, action=action, rule_sha256=sha256, stage=stage, at=at, **said
        )
        with write(engine) as session:
            session.add(row)

    first = rules[0]
    use(first.sha256, NOON + 3 * DAY, stage="shadow")
    use("0" * 64, NOON + 4 * DAY)
    use("0" * 64, NOON + 5 * DAY, action="suspend", stage="")
    told = []
    for days in (2, 3, 4, 5):
        with read(engine) as session:
            then = {r.id: r for r in list_rules_then(session, rules, Moment(NOON + days * DAY))}
        told.append((then[first.id].sha256[:1], then[first.id].stage))
    new = first.sha256[:1]
    assert told == [(new, first.file.stage), (new, "shadow"), ("0", "active"), ("0", "suspended")]


def test_as_of_a_time_a_rule_that_nobody_had_brought_into_use_was_a_draft(engine, rules):
    first, second = rules
    assert {first.file.stage, second.file.stage} <= {"active", "shadow"}
    row = RuleUse(
        rule_id=first.id,
        action="use",
        rule_sha256=first.sha256,
        stage="shadow",
        at=NOON + 2 * DAY,
        by_name="Ada",
        because="So decided",
    )
    with write(engine) as session:
        session.add(row)
    with read(engine) as session:
        then = list_rules_then(session, rules, Moment(NOON + 2 * DAY))
        before = list_rules_then(session, rules, Moment(NOON + DAY))
    assert [(rule.id, rule.stage) for rule in then] == [(first.id, "shadow"), (second.id, "draft")]
    # No use had been recorded at all: what a file said was so.
    assert [rule.stage for rule in before] == [first.file.stage, second.file.stage]


def test_every_text_has_a_page_and_json_for_ever_under_its_hash(tmp_path, engine, rules):
    with write(engine) as session:
        said = ("Ada", "The act")
        keep_reference_text(session, ReferenceKind.PARAMETER, "fee", "id: <fee>\n", said, NOON)
    with TestClient(create_app(Settings(home=tmp_path))) as client:
        listed = client.get(f"/api/v1/rules/{rules[0].id}").json()["versions"]
        assert ["0" * 64, rules[0].sha256] == [each["sha256"] for each in listed]
        kept = client.get(f"/api/v1/texts/{rules[0].sha256}").json()
        assert (kept["kind"], kept["name"], kept["text"]) == ("rule", rules[0].id, rules[0].text)
        fee = hash_bytes(b"id: <fee>\n")
        assert client.get(f"/api/v1/texts/{fee}").json()["kind"] == "parameter"
        assert "id: &lt;fee&gt;" in client.get(f"/texts/{fee}").text
        assert f'href="/texts/{"0" * 64}"' in client.get(f"/rules/{rules[0].id}").text
        assert "reworded" in client.get(f"/texts/{'0' * 64}").text
        assert [client.get(f"{at}/texts/1").status_code for at in ("", "/api/v1")] == [404, 404]
        assert client.get(f"/api/v1/texts/{fee}?format=csv").text.startswith('"kind","name",')


def test_at_a_moment_a_rule_is_the_text_that_was_in_use_then(tmp_path, engine, rules):
    first, then = rules[0], f"as_of={NOON:%Y-%m-%d}"
    with TestClient(create_app(Settings(home=tmp_path))) as client:
        page = client.get(f"/rules/{first.id}?{then}")
        assert page.url.path == f"/texts/{'0' * 64}"
        assert "reworded" in page.text
        assert client.get(f"/api/v1/rules/{first.id}?{then}").json()["sha256"] == "0" * 64
        table = client.get(f"/api/v1/rules/{first.id}?{then}&format=csv")
        assert table.text.startswith('"kind","name",')
        assert f'href="/texts/{"0" * 64}"' in client.get(f"/rules?{then}").text
        for moment in ("as_of=2020-01-01", "valid_at=1900-01-01"):
            for path in (f"/rules/{first.id}", f"/api/v1/rules/{first.id}"):
                assert client.get(f"{path}?{moment}").status_code == 404
