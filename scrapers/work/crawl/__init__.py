"""One crawl: in this process, or in a child."""
