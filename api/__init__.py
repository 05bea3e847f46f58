"""Answers over HTTP: JSON under /api/v1 and the server-rendered web site."""
