"""The two addresses of a page's feed: Atom and JSON PageFeed beside the page itself.

Each page that has a feed calls `serve_feed` with its own entries.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.feeds import PageFeed, answer_atom, answer_json_feed


def serve_feed(router: APIRouter, path: str, make_feed: Callable[..., PageFeed]) -> None:
    """Answer `<path>/feed.atom` and `<path>/feed.json` with what is new on the page.

    `make_feed` takes what a route may take: the rooms, parts of the path, the request.
    """

    @router.get(f"{path}/feed.atom")
    def get_atom(feed: Annotated[PageFeed, Depends(make_feed)]) -> Response:
        return answer_atom(feed)

    @router.get(f"{path}/feed.json")
    def get_json_feed(feed: Annotated[PageFeed, Depends(make_feed)]) -> Response:
        return answer_json_feed(feed)
