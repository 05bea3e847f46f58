"""The search engine and its copy of the archive."""

from archive.store.database import create_archive_engine
from config.counts import write_count
from config.settings import Settings
from scrapers.doctor.findings import Finding
from search.engines import open_search
from search.port import SearchUnavailableError


def examine_search(settings: Settings) -> Finding:
    """The engine and how many ads it holds; nothing where SQLite's full text search is used."""
    if settings.meilisearch_url is None:
        detail = "not asked for: search runs on SQLite FTS5"
        advice = "export PAIDFORBY_MEILISEARCH_URL=…"
        return Finding("Meilisearch", False, detail, is_needed=False, to_type=advice)
    try:
        # Counting documents asks the server only; the archive may not be there yet.
        documents = open_search(settings, create_archive_engine("sqlite://")).count_documents()
    except SearchUnavailableError as error:
        advice = "check PAIDFORBY_MEILISEARCH_URL, PAIDFORBY_MEILISEARCH_KEY and the server"
        return Finding("Meilisearch", False, str(error), to_type=advice)
    detail = (
        "answers, never filled" if documents is None else f"answers, {write_count(documents, 'ad')}"
    )
    return Finding("Meilisearch", True, detail)
