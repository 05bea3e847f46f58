"""Whether one document answers a query: the plain meaning that every engine's filters must have."""

from search.indexed.documents import SearchDocument
from search.indexed.word_lists import answers, cut_lists
from search.question.filters import BOUNDS, NAME_FILTERS, NOT_TOLD, fold_value, is_least
from search.question.query import AdQuery


def answers_query(document: SearchDocument, query: AdQuery) -> bool:
    """Whether an ad has the words and passes all filters."""
    return passes_filters(document, query) and (
        not query.question or answers(cut_lists(document), query.question)
    )


def passes_filters(document: SearchDocument, query: AdQuery) -> bool:
    """Whether an ad passes all filters; what is unknown passes none that does not say so."""
    if query.only_visible_by_default and not document.is_visible_by_default:
        return False
    if query.not_told and getattr(document, NOT_TOLD[query.not_told]) is not None:
        return False
    asked = dict.fromkeys([*query.values, *query.unknown])
    return (
        all(_has_value(document, name, query) for name in asked)
        and all(_is_within(document, name, bound) for name, bound in query.bounds.items())
        and _ran_between(document, query)
    )


def _has_value(document: SearchDocument, name: str, query: AdQuery) -> bool:
    values = document.values.get(name, [])
    if not values and name in query.unknown:
        return True
    if name in NAME_FILTERS:
        values = [
            *values,
            *(fold_value(each) for each in document.former_names.get(name, ())),
        ]
    return not set(values).isdisjoint(query.values.get(name, ()))


def _is_within(document: SearchDocument, name: str, bound: int) -> bool:
    number = getattr(document, BOUNDS[name])
    if number is None:
        return False
    return bool(number >= bound if is_least(name) else number <= bound)


def _ran_between(document: SearchDocument, query: AdQuery) -> bool:
    since, until = query.since_on, query.until_on
    if not (since or until):
        return True
    started, ended = document.started_day, document.ended_day
    if started is None:
        return False
    begins_before = until is None or started <= until.toordinal()
    return begins_before and (since is None or ended is None or ended >= since.toordinal())
