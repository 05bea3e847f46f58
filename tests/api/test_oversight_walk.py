"""From a flag to a public decision, and what is seen by whom on the way."""

from tests.api.conftest import DECISION


def test_a_flag_is_on_the_desk_and_not_public_until_decided(ask, raise_flag, rule_id):
    flagged = raise_flag()
    flag = flagged.json()
    assert flagged.headers["location"] == f"/api/v1/flags/{flag['reference']}"
    assert (flag["ad"], flag["rule"], flag["state"]) == ("example:a1", rule_id, "open")
    assert [f["reference"] for f in ask("GET", "/flags", "operator").json()["items"]] == [
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
    assert (public["ad"], public["flag"], public["state"]) == ("example:a1", reference, "decided")
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


def test_a_flag_needs_an_ad_and_a_rule_that_are_here(ask, rule_id):
    said = {"ad": "example:a1", "rule": rule_id, "note": "Why."}
    assert ask("POST", "/flags", "analyst", said | {"ad": "example:zz"}).status_code == 404
    assert ask("POST", "/flags", "analyst", said | {"rule": "zz"}).status_code == 404
    assert ask("POST", "/flags", "analyst", said | {"note": ""}).status_code == 422
    assert ask("POST", "/flags", "analyst", said | {"more": 1}).status_code == 422


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
    assert set(shown.json()) == {"receipt", "state", "received_at"}


def test_a_notice_about_tomorrow_is_refused(ask):
    said = {"ad_address": "x", "concern": "y", "seen_on": "2999-01-01"}
    assert ask("POST", "/notices", body=said).status_code == 422


def test_rules_are_public_word_for_word_with_their_counts(ask, rule_id):
    listed = {rule["id"]: rule for rule in ask("GET", "/rules").json()["items"]}
    whole = ask("GET", f"/rules/{rule_id}").json()
    assert listed[rule_id].items() <= whole.items()
    assert set(whole["counts"].values()) == {0}
    assert rule_id in whole["text"]
    assert whole["file"]["legal_basis"][0]["cite"]
