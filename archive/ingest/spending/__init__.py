"""Spending: statements about advertisers, and filings."""
