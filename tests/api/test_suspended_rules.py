"""A site that is running: what a person suspends binds its next answer, what happens to a file does not."""

import pytest

from archive.store.database import open_engine, write
from oversight.rules.rule_book import read_rule_book
from oversight.rules.use import resume_rule, suspend_rule
from tests.api.conftest import DECISION, NOON

WHY = "A court <stayed> it"


@pytest.fixture
def change_use(settings, rule_id):
    """Suspend or resume the rule, as another process does."""

    def change(step):
        engine = open_engine(settings)
        with write(engine) as session:
            rule = read_rule_book(settings).find_in_use(session, rule_id)
            step(session, rule, "Cleo Judge", WHY, NOON)
        engine.dispose()

    return change


def test_a_suspended_rule_takes_no_flag_and_no_decision_until_it_is_resumed(
    ask, raise_flag, rule_id, change_use
):
    path = f"/flags/{raise_flag().json()['reference']}/decision"
    change_use(suspend_rule)
    for refused in (raise_flag("analyst", "example:a3"), ask("POST", path, "reviewer", DECISION)):
        assert refused.status_code == 409
        assert all(words in refused.json()["detail"] for words in ("Cleo Judge", WHY, rule_id))
    assert ask("GET", "/decisions").json()["items"] == []
    change_use(resume_rule)
    assert raise_flag("analyst", "example:a3").status_code == 201
    assert ask("POST", path, "reviewer", DECISION).status_code == 201


def test_everybody_sees_that_a_rule_is_suspended_since_when_by_whom_and_why(
    ask, client, raise_flag, rule_id, change_use
):
    reference = raise_flag().json()["reference"]
    decided = ask("POST", f"/flags/{reference}/decision", "reviewer", DECISION).json()
    change_use(suspend_rule)
    listed = {rule["id"]: rule for rule in ask("GET", "/rules").json()["items"]}
    said = {
        "stage": "suspended",
        "suspended_at": NOON.isoformat().replace("+00:00", "Z"),
        "suspended_by": "Cleo Judge",
        "suspended_because": WHY,
    }
    assert said.items() <= listed[rule_id].items()
    assert said.items() <= ask("GET", f"/rules/{rule_id}").json().items()
    assert [r["id"] for r in listed.values() if r["suspended_at"]] == [rule_id]
    assert WHY in ask("GET", "/rules?format=csv").text
    for path in ("/rules", f"/rules/{rule_id}"):
        page = client.get(path).text
        assert "Cleo Judge, because: A court &lt;stayed&gt; it" in page
        assert "1 Mar 2026, 12:00" in page
    assert "is suspended since" in client.get(f"/decisions/{decided['reference']}").text
    assert ask("GET", f"/rules/{rule_id}").json()["decisions"] == [decided["reference"]]
    assert f'href="/decisions/{decided["reference"]}"' in client.get(f"/rules/{rule_id}").text


@pytest.mark.parametrize("happens", ["suspended", "changed"])
def test_what_happens_to_a_file_of_a_running_site_changes_no_answer_and_is_named(
    settings, ask, client, raise_flag, rule_id, happens
):
    before = ask("GET", f"/rules/{rule_id}").json()
    assert before["file_note"] == ""
    text = before["text"]
    new = (
        text.replace("stage: active", "stage: suspended") if happens == "suspended" else f"{text}\n"
    )
    file = settings.home / "config" / "rules" / before["jurisdiction"].lower() / f"{rule_id}.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(new)
    after = ask("GET", f"/rules/{rule_id}").json()
    assert after | {"file_note": ""} == before
    said = {
        "suspended": "file was changed and calls it suspended",
        "changed": "words were changed",
    }
    assert said[happens] in after["file_note"]
    assert ask("GET", "/health").json()["rule_files"] == {rule_id: after["file_note"]}
    assert "its file was changed" in client.get("/rules").text
    assert said[happens] in client.get(f"/rules/{rule_id}").text
    assert raise_flag().status_code == 201


def test_a_demonstration_is_one_everywhere(ask, client, raise_flag):
    reference = raise_flag().json()["reference"]
    decided = ask("POST", f"/flags/{reference}/decision", "reviewer", DECISION).json()
    page = client.get(f"/decisions/{decided['reference']}").text
    assert decided["deployment_kind"] == ask("GET", "/health").json()["deployment_kind"] == "demo"
    assert page.count("an unnamed operator, a demonstration") == 1
    assert "civil" not in page
