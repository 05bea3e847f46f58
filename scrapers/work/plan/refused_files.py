"""Every file of configuration that cannot be used, of whatever kind: named here, and kept for the site.

`import`, `crawl`, the worker and the scheduler call it; `doctor` only lists.
"""

from sqlalchemy import Engine
from sqlmodel import Session

from archive.curation.label_tables import read_label_shapes
from archive.curation.registers import read_register_shapes
from archive.runs.refused_files import describe_refused, read_refused_files, write_refused_files
from archive.spending.exchange_rates import list_refused_rates
from archive.store.database import read, write
from archive.terminal import note_refused
from config.settings import Settings
from config.yaml_files import YamlFileError
from scrapers.spiders import find_spiders
from scrapers.work.plan.credentials import read_credentials
from scrapers.work.plan.schedule import read_schedules


def list_refused_files(settings: Settings, session: Session | None = None) -> list[YamlFileError]:
    """All of them; with a session each rule among them says which version stays in use."""
    # Rules take half a second to import, and `sources` and `init` need none.
    from oversight.rules.rule_book import read_rule_book  # noqa: PLC0415

    book = read_rule_book(settings)
    of_sources = [
        error for spider in find_spiders().values() for error in spider.list_refused(settings)
    ]
    return [
        *(book.list_refused(session) if session else book.refused),
        *read_schedules(settings).refused,
        *read_credentials(settings).refused,
        *of_sources,
        *list_refused_rates(settings),
        *read_register_shapes(settings).refused,
        *read_label_shapes(settings).refused,
    ]


def keep_refused_files(
    settings: Settings, engine: Engine, *, is_told: bool = False
) -> list[YamlFileError]:
    """Keep them for the site; names each when they are others than before, or `is_told`."""
    with read(engine) as session:
        errors = list_refused_files(settings, session)
        is_news = read_refused_files(session) != describe_refused(errors)
    if is_news:
        with write(engine) as session:
            write_refused_files(session, describe_refused(errors))
    if is_news or is_told:
        note_refused(errors)
    return errors
