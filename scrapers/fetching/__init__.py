"""Fetches: Scrapy's middlewares, downloads to disk, budgets, and what keeps a crawl on its host."""
