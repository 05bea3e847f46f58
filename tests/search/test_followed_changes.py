"""A search copy that followed every change answers as one made anew."""

from datetime import date

from search.copies.sync import rebuild_index
from search.port import SearchEngine
from tests.search.conftest import SearchArchive, make_ad, refs_of

FACETS = ("source", "platform", "country", "language", "surface", "currency", "payer", "media_type")


def tell_all(search_archive: SearchArchive, search: SearchEngine) -> dict[str, object]:
    """What the engine answers to every filter, facet and order; hits as they are shown."""
    whole = search_archive.ask(search, include="unlabelled", limit=50, facets=FACETS)
    filters = [(name, value) for name, counts in whole.facets.items() for value in counts]
    return {
        "hits": {hit.id: hit.model_dump() for hit in whole.hits},
        "facets": whole.facets,
        "filters": {
            pair: sorted(refs_of(search_archive.ask(search, filters=[pair]))) for pair in filters
        },
        "sorts": {
            sort: refs_of(search_archive.ask(search, sort=sort)) for sort in ("newest", "spend")
        },
        "words": {
            word: refs_of(search_archive.ask(search, word))
            for word in ("harbour", "quay", "pier", "late")
        },
    }


def test_a_copy_that_followed_every_change_answers_as_one_made_anew(
    search: SearchEngine, search_archive: SearchArchive
):
    shown = {"countries": ["GR", "CY"], "languages": ["el", "en"], "surfaces": ["feed", "story"]}
    money = {"currency": "EUR", "spend_lower_minor": 100, "started_on": date(2026, 1, 1)}
    search_archive.add(
        make_ad("a", "harbour quay", **shown, **money, payer_name="Ann", media_type="image"),
        make_ad("b", "harbour", **shown, currency="USD", spend_lower_minor=500),
        make_ad("c", "late pier", **shown, declared_political=False),
    )
    search_archive.sync(search)
    left = {"countries": ["US"], "languages": ["en"], "surfaces": ["feed"]}
    search_archive.add(
        make_ad("a", "pier", **left, currency="USD", spend_lower_minor=50, media_type="video"),
        make_ad("b", "harbour", **shown, currency="USD", spend_lower_minor=40),
        make_ad("d", "quay", **left, **money),
    )
    search_archive.sync(search)
    search_archive.add(
        make_ad("b", "harbour", **shown, **money), make_ad("d", "quay", countries=[])
    )
    search_archive.add(
        make_ad("a", "harbour", platform="meadow", countries=["DE"]), source="elsewhere"
    )
    search_archive.sync(search)

    followed = tell_all(search_archive, search)
    rebuild_index(search_archive.engine, search, search_archive.now)
    assert followed == tell_all(search_archive, search)
    assert followed["facets"]["country"] == {"CY": 2, "GR": 2, "DE": 1, "US": 1}
    assert followed["filters"]["country", "US"] == ["a"]
    assert followed["filters"]["surface", "story"] == ["b"]
    assert followed["sorts"]["spend"] == ["b", "a", "d", "a"]
