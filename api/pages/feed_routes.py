"""The two addresses of a page's feed: Atom and JSON PageFeed beside the page itself.

Each page that has a feed calls `serve_feed` with its own entries.
"""

from collections.abc import Callable

from fastapi import APIRouter, Response

from api.dependencies import Rooms, RoomsDep
from api.feeds import PageFeed, answer_atom, answer_json_feed


def serve_feed(router: APIRouter, path: str, make_feed: Callable[[Rooms], PageFeed]) -> None:
    """Answer `<path>/feed.atom` and `<path>/feed.json` with what is new on the page."""

    @router.get(f"{path}/feed.atom")
    def get_atom(rooms: RoomsDep) -> Response:
        return answer_atom(make_feed(rooms))

    @router.get(f"{path}/feed.json")
    def get_json_feed(rooms: RoomsDep) -> Response:
        return answer_json_feed(make_feed(rooms))
