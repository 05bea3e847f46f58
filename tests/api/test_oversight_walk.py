"""From a flag to a public decision, and what is seen by whom on the way."""

import re
from datetime import timedelta

from archive.models import RuleUse
from archive.store.database import open_engine, write
from oversight.evaluation.changes import evaluate_changes
from oversight.rules.rule_book import read_rule_book
from tests.api.conftest import DECISION, make_ad


def test_a_flag_is_on_the_desk_and_not_public_until_decided(ask, raise_flag, rule_id):
    flagged = raise_flag()
    flag = flagged.json()
    assert flagged.headers["location"] == f"/api/v1/flags/{flag['reference']}"
    assert (flag["ad_id"], flag["rule_id"], flag["state"]) == ("example:a1", rule_id, "open")
    assert [f["reference"] for f in ask("GET", "/flags", "reviewer").json()["items"]] == [
        flag["reference"]
    ]
    assert ask("GET", "/decisions").json()["items"] == []
    assert ask("GET", f"/flags/{flag['reference']}").status_code == 401


def test_a_decision_is_public_with_reasons_and_names_nobody(ask, raise_flag):
    reference = raise_flag().json()["reference"]
    decided = ask("POST", f"/flags/{reference}/decision", "reviewer", DECISION)
    [public] = ask("GET", "/decisions").json()["items"]

    assert decided.headers["location"] == f"/api/v1/decisions/{public['reference']}"
    assert ask("GET", f"/decisions/{public['reference']}").json() == public == decided.json()
    assert DECISION.items() <= public.items()
    assert (public["ad_id"], public["flag"], public["state"]) == (
        "example:a1",
        reference,
        "decided",
    )
    assert "analyst" not in str(public)
    assert "reviewer" not in str(public)


def test_a_flag_is_decided_once(ask, raise_flag):
    path = f"/flags/{raise_flag().json()['reference']}/decision"
    assert ask("POST", path, "reviewer", DECISION).status_code == 201
    again = ask("POST", path, "reviewer", DECISION)
    assert again.status_code == 409
    assert len(ask("GET", "/decisions").json()["items"]) == 1


def test_a_refused_decision_leaves_no_trace(ask, raise_flag):
    reference = raise_flag("reviewer").json()["reference"]
    ask("POST", f"/flags/{reference}/decision", "reviewer", DECISION)
    flag = ask("GET", f"/flags/{reference}", "analyst").json()
    assert (flag["state"], len(flag["steps"])) == ("open", 1)


def test_a_decision_that_removes_an_ad_cannot_be_said(ask, raise_flag):
    path = f"/flags/{raise_flag().json()['reference']}/decision"
    refused = ask("POST", path, "reviewer", DECISION | {"outcome": "remove"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "body.outcome"


def test_a_flag_needs_an_ad_and_a_rule_that_are_here(ask, say_flag):
    said = say_flag()
    assert ask("POST", "/flags", "analyst", said | {"ad_id": "example:zz"}).status_code == 404
    assert ask("POST", "/flags", "analyst", said | {"rule_id": "zz"}).status_code == 404
    assert ask("POST", "/flags", "analyst", said | {"note": ""}).status_code == 422
    assert ask("POST", "/flags", "analyst", said | {"more": 1}).status_code == 422
    for name in ("ad_version", "rule_sha256"):
        unseen = {key: value for key, value in said.items() if key != name}
        assert ask("POST", "/flags", "analyst", unseen).status_code == 422


def test_a_flag_on_what_has_changed_since_is_refused_with_both_versions(
    ask, say_flag, take_in, clock
):
    looked, other = say_flag(), say_flag("example:a3")
    take_in([make_ad("a1", bodies=["Other words"])], clock() - timedelta(minutes=1))
    refused = ask("POST", "/flags", "analyst", looked)
    assert refused.status_code == 409
    seen = {name: looked[name] for name in ("ad_version", "rule_sha256")}
    assert refused.json()["seen"] == seen
    assert refused.json()["current"] == seen | {"ad_version": 2}
    other_rule = ask("POST", "/flags", "analyst", other | {"rule_sha256": "0" * 64})
    assert other_rule.status_code == 409
    assert other_rule.json()["current"]["rule_sha256"] == other["rule_sha256"]
    assert ask("POST", "/flags", "analyst", other).status_code == 201
    assert ask("POST", "/flags", "analyst", say_flag()).json()["ad_version"] == 2


def test_there_is_one_case_an_ad_and_rule_whoever_asks(ask, raise_flag):
    reference = raise_flag("analyst").json()["reference"]
    for who in ("analyst", "reviewer"):
        refused = raise_flag(who)
        assert (refused.status_code, reference in refused.json()["detail"]) == (409, True)
        assert "seen" not in refused.json()
    assert raise_flag("reviewer", "example:a3").status_code == 201
    ask("POST", f"/flags/{reference}/decision", "reviewer", DECISION)
    refused = raise_flag("analyst")
    assert (refused.status_code, f"{reference} " in refused.json()["detail"]) == (409, True)


def test_a_flag_of_a_person_says_what_the_rule_answers_with_its_reckoning(ask, raise_flag):
    flag = raise_flag().json()
    assert flag == ask("GET", f"/flags/{flag['reference']}", "reviewer").json()
    assert flag["answer"] == "does_not_apply"
    assert flag["because"][0] == "The rule is not about this ad."
    assert {"clauses", "facts"} <= flag["trace"].keys()


def test_flags_are_listed_by_where_they_stand(ask, raise_flag):
    raise_flag()
    assert len(ask("GET", "/flags?state=open", "analyst").json()["items"]) == 1
    assert ask("GET", "/flags?state=decided", "analyst").json()["items"] == []


def test_a_receipt_shows_where_a_notice_stands_and_nothing_else(ask):
    said = {
        "ad_address": "example:a1",
        "concern": "It names nobody.",
        "reporter_name": "A. Reader",
        "reporter_contact": "reader@example.org",
    }
    given = ask("POST", "/notices", body=said)
    shown = ask("GET", f"/notices/{given.json()['receipt']}")
    assert given.headers["location"] == f"/api/v1/notices/{given.json()['receipt']}"
    assert shown.json() == given.json()
    standing = {"receipt", "state", "received_at", "read_at", "closed_at", "outcome", "reasons"}
    assert set(shown.json()) == standing
    assert (shown.json()["state"], shown.json()["read_at"]) == ("received", None)


def test_an_officer_reads_and_closes_a_report_and_its_receipt_says_so(ask, client, clock):
    said = {
        "ad_address": "example:a1",
        "concern": "It names nobody.",
        "reporter_name": "A. Reader",
        "reporter_contact": "reader@example.org",
    }
    receipt, other = (ask("POST", "/notices", body=said).json()["receipt"] for _ in "12")
    path = f"/notices/{receipt}"
    closing = {"outcome": "flagged", "reasons": "We have flagged it under the rule on payers."}
    assert ask("POST", f"{path}/close", "analyst", closing).status_code == 409

    [_, first] = ask("GET", "/notices", "analyst").json()["items"]
    assert (first["receipt"], first["ad_id"], first["state"]) == (receipt, "example:a1", "received")
    assert "Reader" not in str(first)
    content = ask("GET", f"{path}/content", "analyst").json()
    assert said.items() <= content.items()
    read_at = ask("GET", path).json()["read_at"]
    assert ask("GET", path).json()["state"] == "read"

    clock.at += timedelta(hours=1)
    ask("GET", f"{path}/content", "reviewer")
    closed = ask("POST", f"{path}/close", "reviewer", closing)
    assert closed.json() == ask("GET", path).json()
    assert closing.items() <= closed.json().items()
    assert closed.json()["read_at"] == read_at < closed.json()["closed_at"]
    assert ask("POST", f"{path}/close", "reviewer", closing).status_code == 409
    assert [
        n["receipt"] for n in ask("GET", "/notices?state=received", "analyst").json()["items"]
    ] == [other]
    page = client.get(f"/report/{receipt}").text
    assert closing["reasons"] in page
    assert "It names nobody" not in page + client.get(f"/report/{other}").text


def test_a_notice_about_tomorrow_is_refused(ask):
    said = {"ad_address": "x", "concern": "y", "seen_on": "2999-01-01"}
    assert ask("POST", "/notices", body=said).status_code == 422


def test_rules_are_public_word_for_word_with_their_counts(ask, rule_id):
    listed = {rule["id"]: rule for rule in ask("GET", "/rules").json()["items"]}
    whole = ask("GET", f"/rules/{rule_id}").json()
    assert listed[rule_id].items() <= whole.items()
    exempt = whole["counts"].pop("does_not_apply")
    assert set(whole["counts"].values()) == {0}
    assert exempt == {"not_about_it": None, "not_in_force": 0, "exception": 0}
    assert (whole["ads"], whole["decided"]) == (3, None)
    assert rule_id in whole["text"]
    assert whole["file"]["legal_basis"][0]["cite"]


def test_an_archive_whose_every_ad_is_flagged_and_decided_shows_just_what_it_showed(ask, say_flag):
    """When something last changed here is told all the same."""

    def look() -> list[str]:
        replies = [ask("GET", path) for path in asked]
        assert [reply.status_code for reply in replies] == [200] * len(asked)
        return [re.sub(r"2026-03-01T1[23]:00:00Z", "then", reply.text) for reply in replies]

    asked = ("/search?q=harbour", "/ads", "/spend?by=payer", "/downloads/ads.csv", "/coverage")
    before = look()
    ads = [ad["id"] for ad in ask("GET", "/ads").json()["items"]]
    assert len(ads) == 3
    for ad in ads:
        flag = ask("POST", "/flags", "analyst", say_flag() | {"ad_id": ad})
        path = f"/flags/{flag.json()['reference']}/decision"
        assert ask("POST", path, "reviewer", DECISION).status_code == 201
    assert look() == before


def test_signals_are_shown_by_where_they_stand_and_in_shadow_to_who_brought_the_rule_there(
    settings, ask, take_in, clock
):
    take_in([make_ad("a9", payer_name="", declared_political=True)], clock())
    book, engine = read_rule_book(settings), open_engine(settings)
    with write(engine) as session:
        evaluate_changes(session, book.rules, book.elections, clock())
    path = "/signals?rule_id=payer-left-blank&historic=true"
    [signal] = ask("GET", path, "reviewer").json()["items"]
    assert (signal["status"], signal["status_because"], signal["ad_version"]) == (
        "current",
        None,
        1,
    )
    assert ask("GET", f"{path}&status=withdrawn", "reviewer").json()["items"] == []
    assert ask("GET", f"{path}&status=gone", "reviewer").status_code == 400
    with write(engine) as session:
        said = {"by_name": "analyst", "because": "A trial.", "stage": "shadow", "at": clock()}
        sha256 = signal["rule_sha256"]
        session.add(RuleUse(rule_id=signal["rule_id"], action="use", rule_sha256=sha256, **said))
    engine.dispose()
    assert ask("GET", path, "reviewer").json()["items"] == []
    assert [s["id"] for s in ask("GET", path, "analyst").json()["items"]] == [signal["id"]]
