"""What people cannot do with a case; in sentences, knowing nothing of HTTP."""

from sqlmodel import Field, SQLModel

from archive.errors import ArchiveError
from archive.models import AdVersion, RuleVersion
from archive.reading.descriptions import quote_field


class SeenVersions(SQLModel):
    """The versions of an ad and of a rule that a person looked at."""

    ad_version: int = Field(description=quote_field(AdVersion, "seq"))
    rule_sha256: str = Field(description=quote_field(RuleVersion, "sha256"))


class CaseError(ArchiveError):
    """A flag, decision or notice that cannot be taken as it is."""


class CaseStepError(CaseError):
    """A step that does not follow from where the flag stands."""


class SecondCaseError(CaseStepError):
    """A second case on an ad and a rule; the message names the first."""


class OutdatedError(CaseStepError):
    """Somebody looked at versions that are no longer the current ones."""

    def __init__(self, seen: SeenVersions, current: SeenVersions) -> None:
        super().__init__(
            "the ad or the rule has changed since you looked: look at the current versions, then flag"
        )
        self.seen = seen
        self.current = current


class NotEntitledError(CaseError):
    """A step that this person, or this operator, may not take."""
