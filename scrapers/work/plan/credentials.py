"""Credentials of sources: whether each is given, whose it is, and until when it holds.

A crawl asks before it goes out, `sources`, `doctor` and the mailer warn. A secret itself stands in
the environment or a secret file (`config.settings`); the files read here only speak about it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pydantic import Field

from archive.runs.alerts import Alert
from config.counts import write_count
from config.readings import Readings, read_models
from config.settings import Settings
from config.yaml_files import FileModel
from scrapers.sources.signing import MissingCredentialError
from scrapers.sources.spider import SourceSpider
from scrapers.spiders import find_spiders

WARNING_DAYS = (1, 7, 14)
"""Days before the end at which somebody is warned, each once by mail."""


class ExpiredError(MissingCredentialError):
    """The credential of a source holds no longer."""


class Credential(FileModel):
    """What is known about a source's credential: a file `credentials/<source>.yaml`, no secret in it."""

    owner: str = Field(min_length=1, description="Who answers for it, so that they can renew it.")
    expires_on: date | None = Field(
        description="First day (UTC) on which it no longer holds; null: it does not expire."
    )


@dataclass(frozen=True)
class CredentialStatus:
    """How one source's credential stands."""

    source: str
    missing: str
    """What to do to get one; empty: it is given."""
    owner: str | None
    """`None`: no file says whose it is, nor until when it holds."""
    expires_on: date | None

    def count_days(self, today: date) -> int | None:
        """Days on which it still holds, today included; `None` where no end is known."""
        return None if self.expires_on is None else (self.expires_on - today).days

    def is_warned(self, today: date) -> bool:
        """Whether its end is near or past."""
        days = self.count_days(today)
        return days is not None and days <= max(WARNING_DAYS)

    def tell(self, today: date) -> str:
        """How it stands, as a sentence without an end."""
        days = self.count_days(today)
        if self.missing:
            return "not given"
        if self.owner is None:
            return "given; nobody has said whose it is and until when it holds"
        if days is None:
            return f"given; {self.owner} answers for it; it does not expire"
        if days <= 0:
            return f"expired on {self.expires_on}; {self.owner} answers for it"
        return f"{self.owner} answers for it; it expires on {self.expires_on}, {tell_days(days)}"


def tell_days(days: int) -> str:
    """Days that are left: `in 1 day`, `in 14 days`."""
    return f"in {write_count(days, 'day')}"


def read_credentials(settings: Settings) -> Readings[Credential]:
    """What is known about each source's credential, by source."""
    return read_models(settings, "credentials", Credential, find_spiders())


def list_standings(settings: Settings) -> list[CredentialStatus]:
    """How the credential of each source that asks for one stands, by source; not where its file is bad."""
    known = read_credentials(settings)
    bad = {error.name for error in known.refused}
    standings = (
        examine_credential(settings, spider, known.values.get(source))
        for source, spider in find_spiders().items()
        if source not in bad
    )
    return [standing for standing in standings if standing]


def examine_credential(
    settings: Settings, spider: type[SourceSpider], credential: Credential | None
) -> CredentialStatus | None:
    """How a source's credential stands; `None` where the source asks for none."""
    missing = ""
    try:
        if spider.read_secret(settings) is None:
            return None
    except MissingCredentialError as error:
        missing = str(error)
    owner = credential.owner if credential else None
    return CredentialStatus(
        spider.info.id, missing, owner, credential.expires_on if credential else None
    )


def require_valid(settings: Settings, source: str, today: date) -> None:
    """Let a run go out only while the source's credential holds.

    Raises:
        ExpiredError: saying since when it does not, and who answers for it.
        YamlFileError: if what is known of it cannot be read.
    """
    credential = read_credentials(settings).find(source)
    if credential and credential.expires_on and credential.expires_on <= today:
        raise ExpiredError(
            f"the credential of {source} expired on {credential.expires_on}; "
            f"{credential.owner} can renew it, then set the new day in credentials/{source}.yaml"
        )


def list_warnings(standings: list[CredentialStatus], today: date) -> list[Alert]:
    """Credentials whose end is near or past, each as the latest of its warnings."""
    return [_warn(standing, today) for standing in standings if standing.is_warned(today)]


def _warn(standing: CredentialStatus, today: date) -> Alert:
    days = standing.count_days(today)
    if days is None or standing.expires_on is None:
        raise ValueError("only a credential with an end is warned of")
    stage = next(stage for stage in (0, *WARNING_DAYS) if days <= stage)
    since_on = standing.expires_on - timedelta(days=stage)
    name = f"credential/{standing.source}/{standing.expires_on}/{stage}"
    since_at = datetime.combine(since_on, time(), UTC)
    return Alert(name, standing.source, "credential", standing.tell(today), since_at)
