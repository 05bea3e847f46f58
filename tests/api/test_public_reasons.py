"""What readers are told of a failure holds nothing of its source; operators are told the rest."""

from collections.abc import Callable

import pytest
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from api.app import create_app
from archive.models import AdMedia, Capture, PublicAd, QuarantinedPiece
from archive.models.media import MediaState
from archive.models.runs import Outcome, RunKind
from archive.reading.reasons import (
    MEDIA,
    OUTCOMES,
    PIECE,
    RUN,
    UNREADABLE,
    tell_media,
    tell_piece,
    tell_run,
)
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.runs.plausibility import Gate, ImplausibleBatchError
from archive.runs.quarantined_batches import quarantine_batch
from archive.store.database import open_engine, write
from config.settings import Settings
from tests.api.conftest import NOON, SOURCE, Clock, make_ad
from tests.public_answers import read_everything

SECRET = "SEKRET-7f3a"
KEPT = [
    f"ValueError: <GET https://a.example/ads?apikey={SECRET}>: invalid literal",
    f"the source could not be reached (gaierror: {SECRET}.example)",
    f"the source leads to another host ({SECRET}.example): not followed",
    f"the source answered with status 503: {SECRET}",
    f"Meta answered with error 190: {SECRET}; the token must be one of a person",
    f"status 400, and no JSON but: {SECRET}",
    f"{SECRET}; the source could not be reached",
]

words = st.sampled_from([SECRET, "; ", " ", ": ", "(", "\n", *KEPT])


@given(st.lists(words, max_size=8).map("".join), st.sampled_from(list(Outcome)))
def test_no_reason_is_told_but_our_own_sentences(kept: str, outcome: Outcome) -> None:
    told = tell_run(outcome, kept)
    assert SECRET not in told
    assert told in ("", OUTCOMES[outcome]) or all(RUN.match(part) for part in told.split("; "))
    assert tell_piece(kept) == UNREADABLE or PIECE.fullmatch(tell_piece(kept))
    assert tell_media(kept, "gone") == "gone" or MEDIA.fullmatch(tell_media(kept, "gone"))


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("", ""),
        (KEPT[0], "the run failed"),
        (KEPT[1], "the source could not be reached"),
        (KEPT[3], "the source answered with status 503"),
        ("unchanged since the last run; the database was away for 3 s", None),
        ("2 pieces could not be read; what they name counts as still there", None),
        ("1 piece could not be read", None),
        ("a mass takedown of 1,200 filed payments, accepted by a person", None),
        (
            "piece 7 of a.csv read again: accepted by Ada because: x",
            "piece 7 of a file read again: accepted by a person",
        ),
    ],
)
def test_a_reason_keeps_our_sentence_and_its_numbers(kept: str, told: str | None) -> None:
    assert tell_run(Outcome.FAILED, kept) == (kept if told is None else told)


def doubt_amount() -> ImplausibleBatchError:
    with pytest.raises(ImplausibleBatchError) as caught:
        Gate(SOURCE).weigh_amounts(
            [AdRecord(**make_ad(SECRET, spend_upper_minor=10**15).model_dump())]
        )
    return caught.value


@pytest.fixture
def told_secrets(settings: Settings) -> Settings:
    """An archive whose rows hold the secret wherever a source could put it."""
    engine = open_engine(settings)
    with write(engine) as session:
        for kept in KEPT:
            run = begin_run(session, SOURCE.id, "2026", RunKind.CRAWL, NOON)
            end_run(session, run, Outcome.FAILED, NOON, reason=kept, not_read=[f"{SECRET}.csv: x"])
        piece = {
            "source": SOURCE.id,
            "run_id": run.run_id,
            "sha256": "0" * 64,
            "quarantined_at": NOON,
        }
        session.add(
            QuarantinedPiece(
                **piece, file=f"{SECRET}.csv", field=SECRET, reason=f"'{SECRET}' is no day"
            )
        )
        quarantine_batch(session, run, doubt_amount(), NOON)
        for capture in session.exec(select(Capture)):
            capture.media_type = f"text/csv; boundary={SECRET}"
            session.add(capture)
        ad = session.exec(select(PublicAd)).first()
        session.add(
            AdMedia(
                ad_id=ad.id,
                version_id=ad.version_id,
                url="https://a.example/1.png",
                url_sha256="0" * 64,
                state=MediaState.UNREACHABLE,
                reason=SECRET,
                tries=1,
                fetched_at=NOON,
            )
        )
    engine.dispose()
    return settings


def test_a_stranger_finds_nothing_of_it_in_any_answer(told_secrets: Settings, clock: Clock) -> None:
    names = {"source": "example", "ad_id": "example:a1", "ref": "a1", "source_id": "example"}
    answers = list(read_everything(create_app(told_secrets, clock), **names))
    assert len(answers) > 100
    assert [path for path, answer in answers if SECRET in answer] == []
    whole = "\n".join(answer for _, answer in answers)
    for sentence in (
        "the source could not be reached",
        "a row states",
        UNREADABLE,
        "the run failed",
    ):
        assert sentence in whole


def test_the_operator_reads_what_was_kept_and_nobody_else(
    told_secrets: Settings, client: object, ask: Callable[..., Response]
) -> None:
    newest = ask("GET", "/runs").json()["items"][0]["id"]
    answers = {
        who: ask("GET", f"/runs/{newest}/detail", who) for who in ("nobody", "reviewer", "operator")
    }
    assert [answer.status_code for answer in answers.values()] == [401, 403, 200]
    assert answers["operator"].json()["reason"] == KEPT[-1]
    assert ask("GET", "/runs/999999/detail", "operator").status_code == 404
