"""What can go wrong in the archive; each carries facts and knows nothing of HTTP or exit codes."""

from datetime import datetime

LONGEST_ECHO = 200
"""Of what somebody asked, so much is repeated to them."""


def cut_echo(text: str) -> str:
    """Words of others as a sentence, heading or row of ours repeats them: cut, with a mark."""
    return text if len(text) <= LONGEST_ECHO else f"{text[: LONGEST_ECHO - 1]}…"


class ArchiveError(Exception):
    """Anything the archive refuses, in a sentence a person can act on."""


class OutageError(ArchiveError):
    """What everything needs is away, whatever was being worked on: database, disk, search engine."""


class NotInitialisedError(ArchiveError):
    """The archive has no tables yet."""


class OtherTablesError(ArchiveError):
    """The tables are of another revision than this program's; both are said, and what to do."""

    def __init__(self, revision: str, wanted: str) -> None:
        self.revision, self.wanted = revision, wanted
        self.is_newer = revision > wanted
        if self.is_newer:
            what = "a newer program made them: upgrade paidforby on this machine"
        else:
            what = "back up with the program that made them, then type: paidforby init"
        super().__init__(
            f"the archive's tables are at {revision}, this program is for {wanted}; {what}"
        )


class DatabaseAddressError(ArchiveError):
    """The configured address is no database's; it may hold a password, so it is not repeated."""

    def __init__(self) -> None:
        super().__init__(
            "PAIDFORBY_DATABASE_URL is not an address of PostgreSQL or SQLite; "
            "one looks like postgresql://user:password@host/database"
        )


class RealmError(ArchiveError):
    """Invented data met a real archive, or the other way round."""


class PartitionBusyError(ArchiveError):
    """Another run holds this partition, of a process that may live."""

    def __init__(self, source: str, partition: str, holder: str, until: datetime) -> None:
        by = f"another run ({holder})" if holder else "another run"
        super().__init__(
            f"{source}/{partition} is being read by {by}, until {until:%Y-%m-%d %H:%M:%S} UTC unless it "
            "says again that it is alive"
        )
        self.until = until


class AlreadyCrawledError(ArchiveError):
    """Another worker was quicker to crawl what several had found due."""

    def __init__(self, source: str, partition: str) -> None:
        super().__init__(f"{source}/{partition} has been crawled by another worker meanwhile")


class LeaseLostError(ArchiveError):
    """A run that stalled was overtaken; nothing it sends may be written any more."""


class NotFoundError(ArchiveError):
    """What was asked for is not in this archive."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} {cut_echo(name)!r} in this archive")
        self.kind = kind
        self.name = name


class NotYetKnownError(NotFoundError):
    """What was asked for is in this archive, and was not at the moment that was asked about."""

    def __init__(self, kind: str, name: str, since: datetime) -> None:
        super().__init__(kind, name)
        told = f"not yet known then; known since {since:%Y-%m-%d %H:%M:%S} UTC"
        self.args = (f"the {kind} {cut_echo(name)!r} was {told}",)


class QuestionError(ArchiveError):
    """A question that cannot be answered as it was asked; the message says what is allowed instead."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class EvidenceError(ArchiveError):
    """A blob is missing or is not what its name says."""
