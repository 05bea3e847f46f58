"""The path of the site's public address: where the site lies below one, every path it gives out begins so."""

from contextvars import ContextVar
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import PlainSerializer

SITE_ROOT: ContextVar[str] = ContextVar("site_root", default="")
"""Of the site that a request is asked of, without a slash at its end; empty: it has a host of its own."""


def read_root(public_url: str) -> str:
    """The path of a public address, without a slash at its end."""
    return urlsplit(public_url).path.rstrip("/")


def lead_below(path: str) -> str:
    """A path within the site as others follow it."""
    return f"{SITE_ROOT.get()}{path}"


SitePath = Annotated[str, PlainSerializer(lead_below, when_used="json")]
"""A path within the site; in JSON it leads below the site's root."""
