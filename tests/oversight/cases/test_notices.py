"""Reports as they come in: a receipt, the ad they mean, and what is refused."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlmodel import Session

from archive.errors import NotFoundError
from config.settings import Settings
from oversight.cases import CaseError, NoticeDraft, read_notice, receive_notice
from tests.oversight.cases.test_cases import NOW, open_session


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
