"""Forms that settings of text take: what to write, and whether a text is of the form."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr


@dataclass(frozen=True)
class ValueForm:
    """What a value, or each item of a list, is to look like."""

    words: str


def check_web_address(text: str) -> str:
    """The text itself.

    Raises:
        ValueError: if it is no address of the web.
    """
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"[\s\\]", text):
        raise ValueError("no address of the web")
    # Asked for, a port is read: one that is no number, or too large, is a ValueError.
    _ = parts.port
    return text


def check_site(text: str) -> str:
    """The text itself.

    Raises:
        ValueError: if it is no address that paths can be put behind.
    """
    if set(check_web_address(text)) & set("?#@"):
        raise ValueError("something stands behind the path, or a name before the host")
    return text


def check_secret_address(secret: SecretStr) -> SecretStr:
    """The secret itself.

    Raises:
        ValueError: if it is no address of the web.
    """
    check_web_address(secret.get_secret_value())
    return secret


def check_network(text: str) -> str:
    """The text itself.

    Raises:
        ValueError: if it is neither an address nor a network.
    """
    ip_network(text)
    return text


def match(pattern: str) -> Callable[[str], str]:
    """A check of a text against a pattern, which the whole of it must fit."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError("not of its form")
        return text

    return check


WEB_ADDRESS = "an address, such as `https://ads.example/file.zip`"
WebAddress = Annotated[str, AfterValidator(check_web_address), ValueForm(WEB_ADDRESS)]
SecretAddress = Annotated[
    SecretStr, AfterValidator(check_secret_address), ValueForm(f"a secret: {WEB_ADDRESS}")
]
Site = Annotated[
    str,
    AfterValidator(check_site),
    ValueForm("the address of a site, such as `https://ads.example`"),
]
Network = Annotated[
    str, AfterValidator(check_network), ValueForm("an address or a network, such as `10.0.0.0/8`")
]
HostName = Annotated[
    str,
    AfterValidator(match(r"[\w.-]+|[0-9a-fA-F:]+")),
    ValueForm("a name without port, such as `api` or `ads.example`"),
]
MailAddress = Annotated[
    str,
    AfterValidator(match(r"[^@\r\n]+@[^@\s]+")),
    ValueForm("a mail address, such as `us@ads.example`"),
]
