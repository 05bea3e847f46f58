"""An ad that says a word of its own in each field, with its picture, a signal and a decision on it."""

import json
from datetime import timedelta

from sqlmodel import select

from archive.duplicates.changes import follow_texts
from archive.exports.mirror import find_folder, sync_mirror
from archive.media.files import FetchOutcome, MachineText, keep_file, list_due, note_fetches
from archive.media.pictures import measure_file
from archive.media.terms import list_terms_scopes
from archive.models import User
from archive.models.media import MediaState
from archive.names.following import bring_names_on
from archive.store.blobs import BlobStore
from archive.store.database import write
from oversight.cases import DecisionDraft, DecisionOutcome, decide_flag
from oversight.evaluation.changes import evaluate_changes
from oversight.rules.rule_book import read_rule_book
from oversight.rules.use import take_into_use
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import DECISION, NOON, SOURCE, make_ad
from tests.drawn import draw_scene, encode_picture
from tests.flagging import adopt, flag_ad

LATER = NOON + timedelta(minutes=40)
THEN = (NOON + timedelta(minutes=10)).isoformat()
PICTURE = "https://cdn.example/qpictureq.png"

WORDS = {
    "payer_name": "qpayerq",
    "sponsor_name": "qsponsorq",
    "advertiser_name": "qadvertiserq",
    "bodies": "qtextq",
    "titles": "qtitleq",
    "landing_urls": "qlinkq",
    "url": "qaddressq",
    "media_urls": "qpictureq",
    "targeting": "qtargetq",
    "election_name": "qelectionq",
    "source_fields": "qfieldq",
}
"""Each field that is withheld, and the word that only it says."""

SEARCHED = {"payer_name", "sponsor_name", "advertiser_name", "bodies", "titles", "landing_urls"}

IN_PICTURE = "qwordsinthepictureq"
UNKNOWN = ["qunknownq", "qinnerq", "qkeyq"]
"""What stands in a column and in a nested key that nobody has looked at, and in a key's name."""

RULE = """
id: names-its-payer
version: 1
title: A payer is named
jurisdiction: "*"
legal_basis: [{cite: Our own pattern, evidence: own_pattern, note: A test.}]
validity: {statuses: [{from: null, status: indicator}]}
review_on: null
unit_of_violation: ad
stage: active
kind: disclaimer.missing
says: An invented rule that no ad keeps.
applies_when: {when: 'ad.platform == "examplatform"', cite: Our own pattern}
forbids: {when: 'size(ad.payer_name) > 0 && size(ad.text) > 0', cite: Our own pattern}
needs_human:
  - {question: "Is it so?", answers: [yes, no]}
severity: info
severity_at_most: info
tests:
  - name: A payer is named
    facts: {ad.platform: examplatform, ad.payer_name: Ada, ad.text: Vote}
    expect: not_met
  - name: None is
    facts: {ad.platform: examplatform, ad.payer_name: {missing: not_disclosed}, ad.text: Vote}
    expect: met
  - name: The source has no such field
    facts: {ad.platform: examplatform, ad.payer_name: {missing: not_provided}, ad.text: Vote}
    expect: cannot_tell
  - name: Another platform
    facts: {ad.platform: other, ad.payer_name: Ada, ad.text: Vote}
    expect: does_not_apply
"""


def make_secret_ad(**values):
    given = {
        "advertiser_ref": None,
        "advertiser_name": "qadvertiserq",
        "payer_name": "qpayerq",
        "sponsor_name": "qsponsorq",
        "titles": ["qtitleq"],
        "bodies": ["qtextq"],
        "url": "https://example.org/qaddressq",
        "landing_urls": ["https://qlinkq.example/qlinkq"],
        "media_urls": [PICTURE],
        "election_name": "qelectionq",
        "targeting": [{"dimension": "age", "mode": "include", "text": "qtargetq"}],
        "source_fields": {
            "Note": "qfieldq",
            "Buyer": "qunknownq",
            "Reach": json.dumps({"users": 12, "mail": "qinnerq", "qkeyq": 1}),
        },
    }
    return make_ad("secret", **(given | values))


def keep_picture(session, settings, folder):
    path = folder / "picture"
    path.write_bytes(encode_picture(draw_scene()))
    blob = BlobStore(settings.blobs_dir).put_file(path)
    words = MachineText(IN_PICTURE, None, "tesseract 9")
    keep_file(session, blob, measure_file(path), words, NOON)
    (scope,) = list_terms_scopes(session)
    for due in list_due(session, scope, NOON, 10):
        kept = FetchOutcome(MediaState.KEPT, sha256=blob.sha256)
        note_fetches(session, SOURCE.id, due, {PICTURE: kept}, NOON)


def decide(session, settings):
    book = read_rule_book(settings)
    rule = adopt(session, book, "names-its-payer", LATER)
    rules = take_into_use(session, book, LATER)
    while evaluate_changes(session, rules, [], LATER).has_more:
        pass
    people = {user.name: user for user in session.exec(select(User))}
    analyst, reviewer = people["analyst"], people["reviewer"]
    flag = flag_ad(session, "example:secret", rule, "It is named.", analyst, LATER)
    draft = DecisionDraft(**DECISION | {"outcome": DecisionOutcome.OPINION_CONCERN})
    decide_flag(session, flag, draft, reviewer, book, LATER)


def follow(engine, settings):
    bring_names_on(engine, LATER)
    sync_index(engine, open_search(settings, engine), LATER)
    embedded = settings.model_copy(update={"meilisearch_url": None})
    sync_index(engine, open_search(embedded, engine), LATER)
    sync_mirror(engine, find_folder(settings), LATER)
    with write(engine) as session:
        assert follow_texts(session, LATER).put_aside == 0
