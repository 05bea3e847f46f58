"""The form that reports an ad, and the receipt it gives: the only pages that write.

There is no cookie and so no token; a browser says where a form comes from, and a form of another site
is refused.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlmodel import Session
from starlette.exceptions import HTTPException

from api.dependencies import Rooms, RoomsDep
from api.pages.site import PageHead, render_page
from archive.models.notices import NoticeOutcome, NoticeState
from archive.store.database import read
from config.counts import write_count
from oversight.cases import NoticeDraft, read_notice, receive_notice
from oversight.cases.notices import MAX_LINE
from oversight.cases.people import has_anyone
from oversight.cases.powers import CasePower
from oversight.cases.texts import MAX_TEXT

router = APIRouter()

STATES = {
    NoticeState.RECEIVED: "received; nobody has read it yet",
    NoticeState.READ: "read by a person, not closed yet",
    NoticeState.CLOSED: "closed",
}
OUTCOMES = {
    NoticeOutcome.FLAGGED: "The ad was flagged under a rule; a second person decides.",
    NoticeOutcome.NO_GROUND: "Whoever read it found no ground to go on.",
    NoticeOutcome.NOT_HELD: "The ad is not kept in this archive.",
    NoticeOutcome.PASSED_ON: "It was passed on to whom it concerns.",
    NoticeOutcome.DUPLICATE: "It says what another report said before.",
}


class ReportForm(BaseModel):
    """The form as sent: every field is text, and may be empty."""

    ad_address: str = ""
    concern: str = ""
    seen_on: str = ""
    way: str = "tip"
    reporter_name: str = ""
    reporter_contact: str = ""

    @property
    def is_named(self) -> bool:
        """The reporter gives name and contact (a notice), or not (a tip)."""
        return self.way == "named"

    def as_draft(self) -> NoticeDraft:
        """The notice it makes; a tip keeps no name even where one was typed."""
        return NoticeDraft(
            ad_address=self.ad_address,
            concern=self.concern,
            seen_on=_read_day(self.seen_on),
            reporter_name=self.reporter_name if self.is_named else None,
            reporter_contact=self.reporter_contact if self.is_named else None,
        )


@router.get("/report")
def show_form(rooms: RoomsDep, ad_id: str = "") -> HTMLResponse:
    """The form, with the ad filled in where a link names one."""
    with read(rooms.engine) as session:
        form = ReportForm(ad_address=ad_id[:MAX_LINE])
        return render_form(rooms, session, make_head(), form)


@router.post("/report")
def take_report(request: Request, rooms: RoomsDep, form: Annotated[ReportForm, Form()]) -> Response:
    """Take a report in, or show the form again with what is wrong."""
    check_sender(request, rooms.settings.public_url)
    problems = check_form(form, rooms.now().date())
    if problems:
        page = make_head("Error: report an ad")
        with read(rooms.engine) as session:
            return render_form(rooms, session, page, form, problems)
    with rooms.writing() as session:
        address = f"/report/{receive_notice(session, form.as_draft(), rooms.now()).receipt}"
    return RedirectResponse(address, status_code=303)


@router.get("/report/{receipt}")
def show_receipt(rooms: RoomsDep, receipt: str) -> HTMLResponse:
    """Where a report stands, for whoever holds its number."""
    with read(rooms.engine) as session:
        page = PageHead(
            title="Your report",
            path=f"/report/{receipt}",
            section="/report",
            json=f"/api/v1/notices/{receipt}",
        )
        notice = read_notice(session, receipt)
        return render_page(
            rooms,
            session,
            page,
            "receipt.html",
            receipt=notice,
            states=STATES,
            outcomes=OUTCOMES,
            is_read=has_anyone(session, CasePower.HANDLE_NOTICES),
        )


def render_form(
    rooms: Rooms,
    session: Session,
    page: PageHead,
    form: ReportForm,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The form as filled in, with what is wrong with it, and whether anyone would read it."""
    return render_page(
        rooms,
        session,
        page,
        "report.html",
        422 if problems else 200,
        form=form,
        problems=problems or {},
        is_read=has_anyone(session, CasePower.HANDLE_NOTICES),
    )


def make_head(title: str = "Report an ad") -> PageHead:
    """What the page of the form is called."""
    return PageHead(title=title, path="/report", section="/report")


def check_sender(request: Request, public_url: str) -> None:
    """Refuse a form that another site's page sent (Fetch Metadata; the Origin header, RFC 6454).

    A proxy may rewrite Host, so the public address counts too. Programs send neither header; nobody's
    browser can be made to leave out both.

    Raises:
        HTTPException: 403.
    """
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    hosts = {request.headers.get("host"), urlsplit(public_url).netloc}
    is_ours = origin is None or urlsplit(origin).netloc in hosts
    if site not in ("same-origin", "none") or not is_ours:
        raise HTTPException(403, "This form was sent from another site. Open it here and send it.")


def check_form(form: ReportForm, today: date) -> dict[str, str]:
    """What is wrong, by field, in the order of the form; empty: nothing."""
    checks: dict[str, Callable[[], str]] = {
        "ad_address": lambda: _check_text(form.ad_address, MAX_LINE, "Say which ad it is"),
        "concern": lambda: _check_text(form.concern, MAX_TEXT, "Say what is wrong with it"),
        "seen_on": lambda: _check_day(form.seen_on, today),
        "reporter_name": lambda: _check_named(form, form.reporter_name, "Give your name"),
        "reporter_contact": lambda: _check_named(
            form, form.reporter_contact, "Give an address we can write to"
        ),
    }
    found = {field: check() for field, check in checks.items()}
    return {field: problem for field, problem in found.items() if problem}


def _check_text(text: str, longest: int, empty: str) -> str:
    if not text.strip():
        return f"{empty}."
    too_long = len(text) > longest
    return (
        f"This is {write_count(len(text), 'character')}; shorten it to {longest:,}."
        if too_long
        else ""
    )


def _check_named(form: ReportForm, text: str, empty: str) -> str:
    if not form.is_named:
        return ""
    return _check_text(text, MAX_LINE, f"{empty}, or choose to report without your name")


def _check_day(text: str, today: date) -> str:
    if not text.strip():
        return ""
    day = _read_day(text)
    if day is None:
        return "Write the day as year-month-day, such as 2026-11-20, or leave it out."
    return "The day you saw it cannot be in the future." if day > today else ""


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
