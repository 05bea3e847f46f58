"""Who may do what, cell by cell: reading is open, cases need an officer, deciding a reviewer."""

from tests.api.conftest import DECISION

PEOPLE = ("nobody", "unknown key", "disabled", "operator", "analyst", "reviewer")

OPEN = dict.fromkeys(PEOPLE, 200)
DESK = {
    "nobody": 401,
    "unknown key": 401,
    "disabled": 401,
    "operator": 403,
    "analyst": 200,
    "reviewer": 200,
}
"""Who runs an archive does not read its cases."""

READING = {
    "/ads": OPEN,
    "/ads/example/a1": OPEN,
    "/ads/example/a1/versions": OPEN,
    "/ads/example/a1/metrics": OPEN,
    "/ads/example/a1/vanished": OPEN,
    "/ads/example/a1/evidence": OPEN,
    "/ads/example/a1/media": OPEN,
    "/search": OPEN,
    "/advertisers": OPEN,
    "/names": OPEN,
    "/spend": OPEN,
    "/disclosures": OPEN,
    "/rules": OPEN,
    "/decisions": OPEN,
    "/sources": OPEN,
    "/sources/example/coverage": OPEN,
    "/runs": OPEN,
    "/missing": OPEN,
    "/corrections": OPEN,
    "/coverage": OPEN,
    "/downloads": OPEN,
    "/quarantined": OPEN,
    "/quarantined/steps": OPEN,
    "/watch-lists": OPEN,
    "/health": OPEN,
    "/health/live": OPEN,
    "/health/ready": OPEN,
    "/evidence/1": OPEN,
    "/openapi.json": OPEN,
    "/signals": DESK,
    "/flags": DESK,
    "/notices": DESK,
}


def test_who_may_read_what(ask):
    answers = {path: {who: ask("GET", path, who).status_code for who in PEOPLE} for path in READING}
    assert answers == READING


def test_every_reading_route_stands_in_the_matrix(ask):
    paths = ask("GET", "/openapi.json").json()["paths"]
    whole = {path for path, methods in paths.items() if "get" in methods and "{" not in path}
    assert whole <= set(READING)


def test_who_may_flag(raise_flag):
    # One case an ad and rule: the second officer takes another ad.
    statuses = {who: raise_flag(who).status_code for who in PEOPLE[:-1]}
    statuses |= {"reviewer": raise_flag("reviewer", "example:a3").status_code}
    assert statuses == {
        "nobody": 401,
        "unknown key": 401,
        "disabled": 401,
        "operator": 403,
        "analyst": 201,
        "reviewer": 201,
    }


def test_who_may_decide(ask, raise_flag):
    reference = raise_flag("analyst").json()["reference"]
    path = f"/flags/{reference}/decision"
    statuses = {who: ask("POST", path, who, DECISION).status_code for who in PEOPLE}
    assert statuses == {
        "nobody": 401,
        "unknown key": 401,
        "disabled": 401,
        "operator": 403,
        "analyst": 403,
        "reviewer": 201,
    }


def test_who_raised_a_flag_does_not_decide_it(ask, raise_flag):
    reference = raise_flag("reviewer").json()["reference"]
    refused = ask("POST", f"/flags/{reference}/decision", "reviewer", DECISION)
    assert refused.status_code == 403
    assert "two people" in refused.json()["detail"]


def test_an_operator_without_authority_gives_opinions_only(ask, raise_flag):
    reference = raise_flag().json()["reference"]
    said = DECISION | {"outcome": "request_stop"}
    refused = ask("POST", f"/flags/{reference}/decision", "reviewer", said)
    assert refused.status_code == 403
    assert "opinion_concern" in refused.json()["detail"]


def test_anyone_may_report_an_ad(ask):
    said = {"ad_address": "example:a1", "concern": "It names nobody."}
    assert {ask("POST", "/notices", who, said).status_code for who in PEOPLE} == {201}


def test_who_may_read_and_close_a_report(ask):
    said = {"ad_address": "example:a1", "concern": "It names nobody."}
    closing = {"outcome": "no_ground", "reasons": "The payer stands in the picture."}
    content, close = {}, {}
    for who in PEOPLE:
        receipt = ask("POST", "/notices", body=said).json()["receipt"]
        content[who] = ask("GET", f"/notices/{receipt}/content", who).status_code
        ask("GET", f"/notices/{receipt}/content", "analyst")
        close[who] = ask("POST", f"/notices/{receipt}/close", who, closing).status_code
    assert content == close == DESK


def test_a_refusal_for_want_of_a_key_says_how_to_sign_in(ask):
    refused = ask("GET", "/flags")
    assert refused.headers["www-authenticate"] == "Bearer"
    assert "Authorization" in refused.json()["detail"]


def test_a_key_in_the_address_counts_for_nothing(client, keys):
    path = f"/api/v1/flags?access_token={keys['analyst']}&key={keys['analyst']}"
    answer = client.get(path)
    assert answer.status_code == 400
    assert keys["analyst"] not in answer.text
