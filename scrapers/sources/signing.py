"""Secrets a source must be shown, and how to take them out of whatever they came into.

The download handler signs with them; captures and log lines are cleaned of them here.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, urlencode

from pydantic import SecretStr

from archive.errors import ArchiveError
from archive.runs.captures import REDACTED, redact_text


class MissingCredentialError(ArchiveError):
    """The operator has not given what a source needs; says how to fix it."""


@dataclass(frozen=True)
class Secret:
    """A value that no one else may see, and the query parameter it is shown in.

    With an empty `parameter` it is never part of an address: it is only taken out of what comes in.
    """

    parameter: str
    value: SecretStr
    others: list[SecretStr] = field(default_factory=list)
    """What is taken out likewise: the name that goes with it, a token that was given for it."""

    def sign_url(self, url: str) -> str:
        """The address with the secret in it."""
        if not self.parameter:
            return url
        joint = "&" if "?" in url else "?"
        return f"{url}{joint}{urlencode({self.parameter: self.value.get_secret_value()})}"

    def hide_in_text(self, text: str) -> str:
        """The text without the secret."""
        for form in self._spell():
            text = text.replace(form, REDACTED)
        return text

    def hide_in_bytes(self, data: bytes) -> bytes:
        """The bytes without the secret.

        This is the one change ever made to bytes before they are kept: Meta writes the caller's token
        into every page, and evidence that holds a token could be shown to nobody.
        """
        for form in self._spell():
            data = data.replace(form.encode(), REDACTED.encode())
        return data

    def _spell(self) -> list[str]:
        return [form for value in (self.value, *self.others) for form in spell_value(value)]


def spell_value(value: SecretStr) -> list[str]:
    """The ways one value may stand in a text, an address, a JSON string or a header; none if empty."""
    plain = value.get_secret_value()
    if not plain:
        return []
    encoded = b64encode(plain.encode()).decode().rstrip("=")
    addressed = [quote(plain, safe=safe) for safe in ("", "/")]
    return [plain, *addressed, quote_plus(plain), plain.replace("/", r"\/"), encoded]


def clean_logged(secret: Secret | None, shown: frozenset[str] | None, text: str) -> str:
    """What is logged, tracebacks included, without the secret and without secrets in addresses."""
    text = redact_text(text, shown)
    return secret.hide_in_text(text) if secret else text
