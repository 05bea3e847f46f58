"""One file a source, `<publisher>[_<dataset>].py`; `scrapers.spider.find_spiders` finds them."""
