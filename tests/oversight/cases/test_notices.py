"""Reports as they come in: a receipt, the ad they mean, and what is refused."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlmodel import Session

from archive.errors import NotFoundError
from archive.models.notices import NoticeOutcome
from archive.models.people import Role
from config.settings import Settings
from oversight.cases import (
    CaseError,
    CaseStepError,
    NotEntitledError,
    NoticeDraft,
    read_notice,
    receive_notice,
)
from oversight.cases.notices import close_notice, list_notices, open_notice
from oversight.cases.people import has_anyone
from oversight.cases.powers import CasePower
from tests.oversight.cases.test_cases import LATER, NOW, make_user, open_session


@pytest.fixture
def session(home_settings: Settings) -> Iterator[Session]:
    with open_session(home_settings.resolved_database_url, home_settings) as session:
        yield session


@pytest.mark.parametrize(
    "address",
    ["example:a1", "https://archive.example/ads/example/a1", "https://ads.example/a1", "a2"],
)
def test_a_notice_gets_a_receipt_and_finds_its_ad(session: Session, address: str) -> None:
    draft = NoticeDraft(address, "Who paid for this?", date(2026, 2, 28), " ", "me@example.org")
    notice = receive_notice(session, draft, NOW)
    found = read_notice(session, f" {notice.receipt.lower()} ")
    assert (found.ad_id is not None) == (address != "a2")
    assert (found.reporter_name, found.reporter_contact) == (None, "me@example.org")
    assert len(notice.receipt) == 22


def test_a_notice_that_says_nothing_or_comes_from_the_future_is_refused(session: Session) -> None:
    with pytest.raises(CaseError, match="concern is blank"):
        receive_notice(session, NoticeDraft("example:a1", ""), NOW)
    with pytest.raises(CaseError, match="lies ahead"):
        receive_notice(session, NoticeDraft("example:a1", "?", date(2026, 3, 2)), NOW)
    with pytest.raises(NotFoundError):
        read_notice(session, "N-0")


def test_an_officer_reads_and_closes_one_report_and_no_other(
    archive_url: str, home_settings: Settings
) -> None:
    with open_session(archive_url, home_settings) as session:
        assert not has_anyone(session, CasePower.HANDLE_NOTICES)
        olga, ann = make_user(session, "Olga", Role.OPERATOR), make_user(session, "Ann")
        assert has_anyone(session, CasePower.HANDLE_NOTICES)
        drafts = [
            NoticeDraft(address, "?") for address in ("example:a1", "somewhere", "example:a1")
        ]
        first, second, third = (receive_notice(session, draft, NOW).receipt for draft in drafts)
        page = list_notices(session, limit=2)
        rest = list_notices(session, limit=2, cursor=page.next_cursor)
        listed = [(notice.receipt, notice.ad_id) for notice in (*page.items, *rest.items)]
        assert listed == [(third, "example:a1"), (second, None), (first, "example:a1")]
        with pytest.raises(NotEntitledError):
            open_notice(session, second, olga, NOW)
        with pytest.raises(CaseStepError, match="nobody has read it"):
            close_notice(session, second, NoticeOutcome.NOT_HELD, "?", ann, NOW)
        assert open_notice(session, second, ann, NOW).ad_id is None
        assert open_notice(session, second, ann, LATER).read_at == NOW
        with pytest.raises(CaseError, match="reasons is blank"):
            close_notice(session, second, NoticeOutcome.NOT_HELD, " ", ann, LATER)
        closed = close_notice(session, second, NoticeOutcome.NOT_HELD, "We lack it.", ann, LATER)
        assert (closed.state, closed.closed_at) == ("closed", LATER)
        with pytest.raises(CaseStepError, match="it is closed"):
            close_notice(session, second, NoticeOutcome.NOT_HELD, "?", ann, LATER)
        by_state = {
            state: [notice.receipt for notice in list_notices(session, state=state).items]
            for state in ("received", "read", "closed")
        }
        assert by_state == {"received": [third, first], "read": [], "closed": [second]}
