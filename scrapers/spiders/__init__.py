"""One file a source, `<source>.py`, or one folder, whose `*spider.py` say what its sources are."""

import importlib
import pkgutil
from collections.abc import Iterator

from scrapers.sources.spider import SourceSpider


def list_spider_modules() -> Iterator[str]:
    """Names of the modules that each hold a source's spider."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        if not module.ispkg:
            yield module.name
            continue
        package = importlib.import_module(module.name)
        for inner in pkgutil.iter_modules(package.__path__, f"{module.name}."):
            if inner.name.endswith("spider"):
                yield inner.name


def find_spiders() -> dict[str, type[SourceSpider]]:
    """Every source's spider by its id, in alphabetical order."""
    for module in list_spider_modules():
        importlib.import_module(module)
    found = {spider.info.id: spider for spider in SourceSpider.__subclasses__()}
    return dict(sorted(found.items()))
