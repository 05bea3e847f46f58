"""Collects: Scrapy spiders, the worker that runs them, and the import of files from disk."""
