"""Asks an archive of online political ads that runs Paid For By; see `Archive`."""

from paidforby_client.archive import Archive
from paidforby_client.errors import ArchiveError, IncompleteError
from paidforby_client.search import Search

__all__ = ["Archive", "ArchiveError", "IncompleteError", "Search"]
