"""Why something failed, as everybody is told: a closed set of our own sentences, and numbers.

What the archive keeps as a reason is for operators: it may quote an address, an error or bytes of a
source. Every answer and page takes its reason from here; commands and `GET /runs/{id}/detail` show what
was kept. What is in no sentence below is told by how the run ended.
"""

import re

from archive.bounds import list_bounds
from archive.models import QuarantinedBatch
from archive.models.runs import Outcome, QuarantineReason
from archive.records.money import format_units
from archive.runs.lease import WORKER_STOPPED
from archive.store.outages import STOPPED_BY_OPERATOR

OUTCOMES = {
    Outcome.RUNNING: "",
    Outcome.DONE: "",
    Outcome.ATTENTION: "part of it waits for a person",
    Outcome.PARTIAL: "the run ended before it was through",
    Outcome.FAILED: "the run failed",
    Outcome.DEFERRED: "the source asked us to come back later",
    Outcome.BLOCKED: "the source does not let us in",
}
UNREADABLE = "it could not be read"

RUN_SENTENCES = (
    r"the source answered with status \d{3}(?:: it does not let us in|: there is no such file)?",
    r"status \d{3}, and no JSON",
    r"(?:Meta answered with error|TikTok answered) \d{1,6}\b",
    r"TikTok (?:gave no token(?: for this key and secret)?|answered with something that is no JSON)",
    r"TikTok has forgotten the search; the next run starts over",
    r"TikTok's search leads to itself, an endless loop",
    r"Microsoft answered with neither an ad nor a list of ads",
    r"[\d,]{1,12} (?:day has|days have) more than [\d,]{1,12} ads each: Microsoft gives no more of them",
    r"the answer has neither `data` nor `error`",
    r"the answer broke off before its end; what came of it is kept",
    r"the source could not be reached",
    r"the source gave no answer",
    r"the source leads to (?:another host|a private address)",
    r"the source's robots\.txt forbids it",
    r"what its key may ask is used up for now",
    r"the credential of [a-z_]{1,40} expired on \d{4}-\d\d-\d\d",
    r"the crawl was killed \(exit code -?\d{1,4}\)",
    r"the crawl ended early",
    re.escape(WORKER_STOPPED),
    r"[\d,]{1,12} errors? in the log of the crawl",
    # What earlier versions said of it.
    r"stopped from outside before it was through",
    re.escape(STOPPED_BY_OPERATOR),
    r"stopped after the few answers that were wanted",
    r"[\d,]{1,12} pieces? could not be read",
    r"\d{1,9} of them may be of what is missing: nothing is called gone",
    r"what they name counts as still there",
    r"unchanged since the last run",
    r"that run was not complete, so what it missed may still be there",
    r"quarantined as batch-\d{1,18}",
    r"not taken in",
    r"its evidence was read again",
    (
        r"a mass takedown of [\d,]{1,20} (?:ads|statements of spending|filed payments|"
        r"payments of reports filed again), accepted by a person"
    ),
    r"(?:batch-|piece )\d{1,18} (?:of a file )?read again: accepted by a person",
    r"the database was away for \d{1,9} s",
    r"the database did not come back within [\d.e+]{1,12} s",
    r"the disk is full",
)
BOUNDS = "|".join(re.escape(bound.name) for bound in list_bounds())
REFUSED = rf"refused: it passes the bound of [\d,]{{1,20}} (?:{BOUNDS})"
ANSWER_SENTENCES = (
    REFUSED,
    rf"(?:the source sends us on:|an answer was) {REFUSED}",
    r"an answer was refused as it came: the source packed it",
    (
        r"its answer is no HTTP, or has more than [\d,]{1,9} headers of one answer, "
        r"or more than [\d,]{1,9} bytes of one header"
    ),
)
"""Of what is refused by a bound; how a source packed it stands behind, in its own words."""
PIECE_SENTENCES = (
    REFUSED,
    rf"(?:there are more|the rest is not tried); {REFUSED}",
    r"the file breaks off here",
    r"the file cannot be opened",
    r"the zip cannot be opened",
    r"the row cannot be read",
    r"the row has [\d,]{1,12} cells? where [\d,]{1,12} (?:column is|columns are) named",
    r"the text is not UTF-8",
    r"a list of objects holds something else",
    r"the column is missing; what it would say is unknown for every row of this file",
    r"the source has a (?:column|key) we do not know; its values are kept word for word",
    r"there is nothing in it but descriptions",
    r"the file is damaged or breaks off",
    r"the JSON is damaged or breaks off here",
    r"an error stands beside the list, so the answer may not be whole",
    r"holds (?:a NUL(?: byte)?|half of a character \(a lone surrogate\))",
    r"is nested more than \d{1,6} deep",
    r"this is (?:an HTML page, not a file|not a file we know)",
)
MEDIA_SENTENCES = (
    REFUSED,
    rf"it would unpack to [\d,]{{1,20}} x [\d,]{{1,20}} points; {REFUSED}",
    r"its server (?:asks who we are|refuses to give it|says that it was taken away|gives an empty file)",
    r"its server withholds it for legal reasons",
    r"its server (?:cannot give it now \(status \d{3}\)|answers with status \d{3})",
    r"its server sends (?:it packed, unasked|on more than \d{1,3} times)",
    r"its address (?:is not one of the web|does not begin with https?://|holds a user name or a password)",
    r"its address leads to a machine that is not on the public internet",
    r"the name in its address cannot be found",
    r"it (?:is not there any more|took too long to arrive|could not be fetched|broke off before its end)",
    r"it is larger than \d{1,6} MB",
)
RUN = re.compile("|".join((*RUN_SENTENCES, *ANSWER_SENTENCES)))
PIECE = re.compile("|".join(PIECE_SENTENCES))
MEDIA = re.compile("|".join(MEDIA_SENTENCES))
BY_A_PERSON = re.compile(r"(accepted by) .*", re.DOTALL)
"""Who accepted something and why is told where it was settled."""
OF_A_FILE = re.compile(r"^(piece \d{1,18} of) .* (?=read again: )", re.DOTALL)

AMOUNTS = {"amount_minor", "plausible_spend_minor", "currency"}


def tell_run(outcome: str, kept: str) -> str:
    """Why a run ended as it did: those sentences with which its kept reason begins."""
    kept = OF_A_FILE.sub(r"\1 a file ", BY_A_PERSON.sub(r"\1 a person", kept))
    told: list[str] = []
    while match := RUN.match(kept):
        told.append(match.group())
        rest = kept[match.end() :]
        if not rest.startswith("; "):
            break
        kept = rest.removeprefix("; ")
    return "; ".join(told) or (OUTCOMES[Outcome(outcome)] if kept else "")


def tell_piece(kept: str) -> str:
    """What is wrong with a piece that could not be read."""
    match = PIECE.match(kept)
    return match.group() if match else UNREADABLE


def tell_media(kept: str, otherwise: str) -> str:
    """Why a picture or video is not kept; `otherwise` says it by the state its run ended in."""
    match = MEDIA.match(kept)
    return match.group() if match else otherwise


def tell_batch_reason(batch: QuarantinedBatch) -> str:
    """What is implausible about a batch: its figures, without naming the row they stand in."""
    if batch.cause != QuarantineReason.ABSURD_AMOUNT:
        # Written by `archive.runs.plausibility` from counts and sums alone.
        return batch.reason
    if not batch.figures.keys() >= AMOUNTS:
        return "a row states an amount too large to be true"
    stated, most = (
        format_units(batch.figures[name], batch.figures["currency"])
        for name in ("amount_minor", "plausible_spend_minor")
    )
    currency = batch.figures["currency"] or "(currency not given)"
    return f"a row states {stated} {currency}; up to {most} {currency} is plausible"
