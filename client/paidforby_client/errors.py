"""What an archive refuses, and what came otherwise than it should; problem documents as exceptions."""

from typing import Any

import requests


class ArchiveError(Exception):
    """An archive refused, failed or could not be reached."""

    def __init__(self, status: int | None, title: str, detail: str) -> None:
        """As in the archive's problem document; `status`: that of HTTP, `None`: there was no answer."""
        super().__init__(f"{title}: {detail}" if status is None else f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail


class IncompleteError(ArchiveError):
    """Rows broke off, or are not those that the archive says there are."""

    def __init__(self, detail: str) -> None:
        super().__init__(None, "Incomplete", detail)


def read_problem(response: requests.Response) -> ArchiveError:
    """What an answer says is wrong; servers in front of an archive may say it in other forms."""
    try:
        told = response.json()
    except requests.RequestException:
        told = None
    problem: dict[str, Any] = told if isinstance(told, dict) else {}
    title = str(problem.get("title") or response.reason or "Refused")
    detail = str(problem.get("detail") or f"{response.url} gave no reason")
    return ArchiveError(response.status_code, title, detail)
