"""Pages about decisions: the public register, newest first, and each decision with its reasons."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import RoomsDep
from api.feeds import FeedEntry, PageFeed
from api.pages.feed_routes import serve_feed
from api.pages.page_frame import set_query
from api.pages.site import PageHead, render_page
from archive.store.database import read
from oversight.cases import DecisionOutcome, DecisionView, list_decisions, read_decision

router = APIRouter()

PATH = "/decisions"
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


@router.get(PATH)
def show_decisions(rooms: RoomsDep, cursor: str | None = None) -> HTMLResponse:
    """What was decided, newest first."""
    page = PageHead(
        title="Decisions",
        path=PATH,
        section=PATH,
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


def _make_feed(rooms: RoomsDep) -> PageFeed:
    with read(rooms.engine) as session:
        page = list_decisions(session, rooms.book, limit=DECISIONS_SHOWN)
    return PageFeed(
        title="Decisions about ads",
        path=PATH,
        author=rooms.settings.operator_name,
        public_url=rooms.settings.public_url,
        entries=[tell_decision(one) for one in page.items],
        data_as_of=page.data_as_of,
    )


def tell_decision(decision: DecisionView) -> FeedEntry:
    """A decision as it stands: after an appeal it is the same entry, updated."""
    return FeedEntry(
        id=f"decision/{decision.reference}",
        title=f"{OUTCOMES[DecisionOutcome(decision.outcome)]} ({decision.reference})",
        path=f"{PATH}/{decision.reference}",
        updated_at=max([decision.decided_at, *(dict(step)["at"] for step in decision.steps)]),
        summary=f"{decision.plain_summary}\nAbout {decision.ad_id}; {STATES[decision.state]}.",
    )


# Before the page of one: its number may not be taken for an address of the feed.
serve_feed(router, PATH, _make_feed)


@router.get("/decisions/{reference}")
def show_decision(rooms: RoomsDep, reference: str) -> HTMLResponse:
    """One decision with its reasons."""
    with read(rooms.engine) as session:
        decision = read_decision(session, rooms.book, reference)
        rules = rooms.book.list_in_use(session)
        page = PageHead(
            title=f"Decision {decision.reference}",
            path=f"{PATH}/{decision.reference}",
            section=PATH,
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
