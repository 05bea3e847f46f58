"""Records to the archive, page by page: from a crawl, from files, from quarantine."""
