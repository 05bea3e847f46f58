"""Pages about decisions: the public register, newest first, and each decision with its reasons."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import RoomsDep
from api.pages.page_frame import set_query
from api.pages.site import PageHead, render_page
from archive.store.database import read
from oversight.cases import DecisionOutcome, list_decisions, read_decision

router = APIRouter()

DECISIONS_SHOWN = 25

OUTCOMES = {
    DecisionOutcome.OPINION_NO_CONCERN: "Opinion: no concern",
    DecisionOutcome.OPINION_CONCERN: "Opinion: a concern",
    DecisionOutcome.OPINION_CANNOT_TELL: "Opinion: nobody can tell",
    DecisionOutcome.NO_BREACH: "No breach",
    DecisionOutcome.ADVICE: "Advice given",
    DecisionOutcome.WARNING: "Warning given",
    DecisionOutcome.REQUEST_LABEL: "Asked to label the ad",
    DecisionOutcome.REQUEST_COMPLETE_NOTICE: "Asked to say fully who paid",
    DecisionOutcome.REQUEST_STOP: "Asked to stop the ad",
    DecisionOutcome.REFERRAL: "Passed on to another authority",
}
STATES = {
    "decided": "decided; nobody has appealed",
    "appealed": "appealed; the appeal is not settled yet",
    "upheld": "appealed, and upheld",
    "varied": "appealed, and varied by a further decision",
    "annulled": "appealed, and annulled: it no longer stands",
}
STEPS = {
    "raise": "A person flagged the ad",
    "decide": "Decided by a second person",
    "appeal": "Appealed",
    "uphold": "Upheld on appeal",
    "vary": "Varied on appeal",
    "annul": "Annulled on appeal",
    "withdraw": "Withdrawn",
}


@router.get("/decisions")
def show_decisions(rooms: RoomsDep, cursor: str | None = None) -> HTMLResponse:
    """What was decided, newest first."""
    page = PageHead(
        title="Decisions",
        path="/decisions",
        section="/decisions",
        json=set_query("/api/v1/decisions", cursor=cursor, limit=DECISIONS_SHOWN),
    )
    with read(rooms.engine) as session:
        return render_page(
            rooms,
            session,
            page,
            "decisions.html",
            decisions=list_decisions(session, rooms.book, cursor=cursor, limit=DECISIONS_SHOWN),
            is_later=cursor is not None,
            outcomes=OUTCOMES,
            states=STATES,
        )


@router.get("/decisions/{reference}")
def show_decision(rooms: RoomsDep, reference: str) -> HTMLResponse:
    """One decision with its reasons."""
    with read(rooms.engine) as session:
        decision = read_decision(session, rooms.book, reference)
        rules = rooms.book.list_in_use(session)
        page = PageHead(
            title=f"Decision {decision.reference}",
            path=f"/decisions/{decision.reference}",
            section="/decisions",
            json=f"/api/v1/decisions/{decision.reference}",
        )
        return render_page(
            rooms,
            session,
            page,
            "decision.html",
            decision=decision,
            outcomes=OUTCOMES,
            states=STATES,
            step_words=STEPS,
            rule=next((rule for rule in rules if rule.id == decision.rule_id), None),
        )
