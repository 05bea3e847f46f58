"""Which names answer a question, whatever ads do: asked of the archive, never of an engine.

All plain words of a question stand in the name; or all words of a field that names somebody, in one of
its kind.
"""

from sqlmodel import Session

from archive.models import NameKind
from archive.names.reading import FoundNames, NameQuestion, NameWords, find_names
from search.language import Question, Term

KINDS = {
    None: None,
    "advertiser": NameKind.ADVERTISER,
    "payer": NameKind.PAYER,
    "sponsor": NameKind.SPONSOR,
}
"""Fields that name somebody; a word without a field may stand in a name of any kind."""

NAMES_SHOWN = 10


def name_answers(session: Session, question: Question) -> FoundNames:
    """The names that answer a question; none answers one without such words."""
    return find_names(session, read_names(question), NAMES_SHOWN)


def read_names(question: Question) -> list[NameQuestion]:
    """A question as questions for names: its plain words, and the words of each field."""
    asked = []
    for field, kind in KINDS.items():
        groups = [group for group in question if all(term.field == field for term in group)]
        if any(not term.is_not for group in groups for term in group):
            asked.append(NameQuestion(tuple(tuple(map(_read_term, g)) for g in groups), kind))
    return asked


def _read_term(term: Term) -> NameWords:
    return NameWords(term.words, is_start=term.is_start, is_not=term.is_not)
