"""What people cannot do with a case; in sentences, knowing nothing of HTTP."""

from archive.errors import ArchiveError


class CaseError(ArchiveError):
    """A flag, decision or notice that cannot be taken as it is."""


class CaseStepError(CaseError):
    """A step that does not follow from where the flag stands."""


class NotEntitledError(CaseError):
    """A step that this person, or this operator, may not take."""
