"""One creative once on Meilisearch: two further questions, which readers of every copy do not wait for."""

from collections.abc import Collection
from typing import Any

from search.hits import FoundCreatives
from search.meili.query import list_all_filters, read_facet, spell_question
from search.meili.server import MeilisearchServer
from search.meili.settings import CREATIVE
from search.question.query import AdQuery


def find_best(
    server: MeilisearchServer, uid: str, query: AdQuery, judged: Collection[int] | None
) -> FoundCreatives:
    """The best ad of each creative, and how many it stands for.

    Raises:
        SearchUnavailableError: if the server does not answer.
    """
    [best] = server.ask((uid, spell_best(query, judged)))
    of = {row["ad_id"]: row.get(CREATIVE) for row in best["hits"]}
    named = {creative for creative in of.values() if creative}
    counts = (spell_copies(query, judged, named), spell_not_compared(query, judged))
    counted, not_compared = server.ask(*((uid, question) for question in counts))
    ads = read_facet(counted, CREATIVE)
    return FoundCreatives(
        # A page of a question with `distinct` counts what is distinct, beyond every limit.
        hits=sum(read_facet(best, "source").values()),
        not_compared=sum(read_facet(not_compared, "source").values()),
        # Between the questions an ad may have come to another creative.
        copies={ad_id: ads.get(creative or "", 1) for ad_id, creative in of.items()},
    )


def spell_best(query: AdQuery, judged: Collection[int] | None) -> dict[str, Any]:
    """The question for the best ad of each creative; its counts are of these, and of ads without one."""
    question = spell_question(query, judged)
    return question | {
        "distinct": CREATIVE,
        "facets": ["source"],
        "attributesToRetrieve": ["ad_id", CREATIVE],
    }


def spell_copies(
    query: AdQuery, judged: Collection[int] | None, creatives: Collection[str]
) -> dict[str, Any]:
    """The question for how many ads that answer are of each of these creatives, one page of them at most."""
    filters = [*list_all_filters(query, judged), f"{CREATIVE} IN [{', '.join(sorted(creatives))}]"]
    return {"q": "", "filter": filters, "facets": [CREATIVE], "limit": 0}


def spell_not_compared(query: AdQuery, judged: Collection[int] | None) -> dict[str, Any]:
    """The question for the ads that answer and were not compared with others yet."""
    filters = [*list_all_filters(query, judged), f"{CREATIVE} IS NULL"]
    return {"q": "", "filter": filters, "facets": ["source"], "limit": 0}
