"""Pages about rules: the list, and each rule in plain words with its law, windows and tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import MomentOf, RoomsDep
from api.feeds import FeedEntry, PageFeed
from api.pages.decisions import tell_decision
from api.pages.feed_routes import serve_feed
from api.pages.site import PageHead, render_page, set_moment
from archive.reading.freshness import read_data_as_of
from archive.reading.kept_texts import find_text
from archive.reading.rules import RuleVersionView, count_answers, list_questions, list_rule_versions
from archive.store.database import read
from oversight.cases.decision_register import list_resting, read_decision
from oversight.evaluation.decidable import find_decidable
from oversight.evaluation.kept_counts import count_decided, count_kept
from oversight.reference.elections import Election
from oversight.reference.windows import find_window
from oversight.rules.changed_files import tell_changed_files
from oversight.rules.facts import name_fact
from oversight.rules.loading import Rule
from oversight.rules.rule_book import find_rule
from oversight.rules.sentences import tell_clauses
from oversight.rules.versions import find_text_then, list_rules_then, pick_in_force

router = APIRouter()

EVIDENCE = {
    "statute_text": "the text of the law was read",
    "statute_text_older_version": "an older text of the law was read",
    "official_secondary": "an official description was read, not the law itself",
    "press_or_secondary": "press or other second-hand sources were read, not the law itself",
    "own_pattern": "our own pattern, not a law",
    "memory": "from memory; nobody has read the law for this archive",
}
STATUS = {
    "in_force": "in force",
    "enjoined": "stopped by a court",
    "removed": "no longer law",
    "not_applicable": "does not apply",
    "bill": "a bill, not yet law",
    "guideline": "a guideline, not a law",
    "indicator": "an indicator, not a law",
}
STAGES = {
    "draft": "being written; no ad is held against it",
    "shadow": "on trial; ads are held against it, nobody acts on it",
    "active": "in use",
    "suspended": "suspended",
    "retired": "retired; kept because decisions cite it",
}
ANSWERS = {
    "met": "the ad does as the rule says",
    "not_met": "the ad does not do as the rule says",
    "cannot_tell": "cannot tell",
    "no_breach_possible": "whether or not the rule is about it, the ad does as it says",
    "not_asked": "not asked, because too little is known",
    "does_not_apply": "the rule does not apply to this ad",
}
ENTRIES_SHOWN = 50
NEWEST_OF_EACH = 100
"""Ads of each source that a page holds a rule against; `paidforby rules facts` takes all."""


@dataclass(frozen=True)
class WindowRow:
    """A rule's window at one election in one time zone."""

    election: Election
    zone: str
    place: str
    start_at: datetime
    end_at: datetime

    @property
    def starts_local(self) -> datetime:
        """When it opens, by the clocks of the zone."""
        return self.start_at.astimezone(ZoneInfo(self.zone))

    @property
    def ends_local(self) -> datetime:
        """When it is over, by the clocks of the zone."""
        return self.end_at.astimezone(ZoneInfo(self.zone))


@router.get("/rules")
def show_rules(rooms: RoomsDep, moment: MomentOf) -> HTMLResponse:
    """Every rule this archive holds ads against, or will; or those held, and in force, at a moment."""
    page = PageHead(
        title="Rules",
        path="/rules",
        section="/rules",
        json=set_moment("/api/v1/rules", moment),
        keeps_history=True,
        moment=moment,
    )
    with read(rooms.engine) as session:
        rules = pick_in_force(
            list_rules_then(session, rooms.book.list_in_use(session), moment), moment
        )
        return render_page(
            rooms,
            session,
            page,
            "rules.html",
            rules=rules,
            refused=[each for each in rooms.list_refused(session) if each.is_of_rules],
            counts=count_answers(session, [rule.sha256 for rule in rules]),
            file_notes=tell_changed_files(rooms.settings, rules),
            evidence=EVIDENCE,
            statuses=STATUS,
            stages=STAGES,
        )


@router.get("/texts/{sha256}")
def show_text(rooms: RoomsDep, sha256: str) -> HTMLResponse:
    """A version of a rule, or of what rules rest on, word for word; it never changes."""
    with read(rooms.engine) as session:
        kept = find_text(session, sha256)
        page = PageHead(
            title=f"{kept.name} as it was kept",
            path=f"/texts/{kept.sha256}",
            section="/rules",
            json=f"/api/v1/texts/{kept.sha256}",
        )
        return render_page(rooms, session, page, "text.html", kept=kept)


@router.get("/rules/{rule_id}")
def show_rule(rooms: RoomsDep, rule_id: str, moment: MomentOf) -> Response:
    """One rule as it stands, with everything needed to check it; at a moment its text of then."""
    with read(rooms.engine) as session:
        in_use, elections = rooms.book.list_in_use(session), rooms.book.elections
        if not moment.is_now:
            return RedirectResponse(f"/texts/{find_text_then(session, in_use, rule_id, moment)}")
        rule = find_rule(in_use, rule_id)
        page = PageHead(
            title=rule.file.title,
            path=f"/rules/{rule.id}",
            section="/rules",
            json=f"/api/v1/rules/{rule.id}",
        )
        return render_page(
            rooms,
            session,
            page,
            "rule.html",
            rule=rule,
            file_note=tell_changed_files(rooms.settings, [rule]).get(rule.id),
            windows=list_windows(rule, elections),
            counts=count_kept(session, [rule.sha256], in_use, elections, rooms.now())[rule.sha256],
            decided=count_decided(session, rule, in_use, elections),
            questions=list_questions(session, [rule.sha256])[rule.sha256],
            name_fact=name_fact,
            sentences=tell_clauses(rule),
            decidable=find_decidable(session, rule, elections, rooms.now(), NEWEST_OF_EACH),
            newest_of_each=NEWEST_OF_EACH,
            versions=list_rule_versions(session, rule.id),
            decisions=list_resting(session, rule.id),
            evidence=EVIDENCE,
            statuses=STATUS,
            stages=STAGES,
            answers=ANSWERS,
        )


def _make_feed(rooms: RoomsDep, rule_id: str) -> PageFeed:
    with read(rooms.engine) as session:
        rule = find_rule(rooms.book.list_in_use(session), rule_id)
        numbers = list_resting(session, rule.id)[:ENTRIES_SHOWN]
        decided = [read_decision(session, rooms.book, number) for number in numbers]
        versions = list_rule_versions(session, rule.id)
        data_as_of = read_data_as_of(session)
    entries = [*map(tell_decision, decided), *(_tell_version(rule.id, one) for one in versions)]
    return PageFeed(
        title=f"{rule.file.title}: its versions, and decisions that rest on it",
        path=f"/rules/{rule.id}",
        author=rooms.settings.operator_name,
        public_url=rooms.settings.public_url,
        entries=sorted(entries, key=lambda one: one.updated_at, reverse=True)[:ENTRIES_SHOWN],
        data_as_of=data_as_of,
    )


def _tell_version(rule_id: str, version: RuleVersionView) -> FeedEntry:
    known = dict(version)
    return FeedEntry(
        id=f"rule/{rule_id}/{known['sha256']}",
        title=f"Version {known['version']} of the rule",
        path=f"/texts/{known['sha256']}",
        updated_at=known["recorded_at"],
        summary="This archive has its text, word for word; from when on ads are held against it, the "
        "rule's page tells.",
    )


serve_feed(router, "/rules/{rule_id}", _make_feed)


def list_windows(rule: Rule, elections: Sequence[Election]) -> list[WindowRow]:
    """The rule's window at each election it watches, zone by zone, in the order of the calendar."""
    spec = rule.file.window
    if spec is None:
        return []
    return [
        WindowRow(election, span.zone, span.place, span.start_at, span.end_at)
        for election in elections
        if spec.concerns(election)
        for span in find_window(spec, election).spans
    ]
