"""A site below the path of its public address, such as https://news.example/archive.

Within, every path is as if there were none; here it is taken off what is asked, and put before what pages
lead to. What JSON leads to is written so by its type, `config.site_root.SitePath`.
"""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from config.site_root import SITE_ROOT

_LINK = re.compile(r'(\s(?:href|action|src)=")(?=/(?!/))')
"""Before a path in a tag of ours; in what others wrote a quotation mark is escaped."""


class ServeBelowRoot:
    """Takes requests with and without the path of the public address: a proxy may have taken it off."""

    def __init__(self, app: ASGIApp, root: str) -> None:
        self.app = app
        self.root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as if the site had a host of its own."""
        if scope["type"] == "http":
            SITE_ROOT.set(self.root)
            path = scope["path"]
            if self.root and (path == self.root or path.startswith(f"{self.root}/")):
                scope = {**scope, "path": path.removeprefix(self.root) or "/"}
        await self.app(scope, receive, send)


def lead_links(page: str) -> str:
    """A page whose links lead below the site's root."""
    return _LINK.sub(rf"\g<1>{SITE_ROOT.get()}", page)
