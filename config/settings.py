"""Every knob an operator may turn, read from the environment, secret files or arguments.

The front door makes one `Settings` and passes it down; nothing here is global. Settings that only one
source has stand beside its spider, in a subclass of `SourceSettings`.
"""

import json
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, get_origin

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.logs import LogForm
from config.value_forms import HostName, MailAddress, Network, SecretAddress, Site


class DeploymentKind(StrEnum):
    """Who runs this archive, which bounds what it may decide (docs/privacy.md)."""

    DEMO = "demo"
    CIVIL_SOCIETY = "civil_society"
    NEWSROOM = "newsroom"
    RESEARCH = "research"
    AUTHORITY = "authority"


class Realm(StrEnum):
    """Whether an archive holds the replica's invented data or what real sources said."""

    FICTIONAL = "fictional"
    REAL = "real"


SECRETS_DIR = Path("/run/secrets")

READ_FROM = SettingsConfigDict(
    frozen=True,
    extra="ignore",
    secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    # What compose and systemd pass on although nobody has set it.
    env_ignore_empty=True,
    # Lists are taken apart below.
    enable_decoding=False,
)
"""A secret may stand in a file `/run/secrets/<variable in small letters>`; the environment wins."""


class ReadSettings(BaseSettings):
    """How settings are read: a list as `one,two`, or as JSON."""

    model_config = READ_FROM

    @field_validator("*", mode="before")
    @classmethod
    def _split_list(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 (any setting)
        field = cls.model_fields[info.field_name or ""]
        if not isinstance(value, str) or get_origin(field.annotation) is not list:
            return value
        if value.lstrip().startswith("["):
            return json.loads(value)
        return [item.strip() for item in value.split(",") if item.strip()]


class SourceSettings(ReadSettings):
    """Settings of one source; a subclass names its `env_prefix`, such as `PAIDFORBY_SNAP_`."""


Own = TypeVar("Own", bound=SourceSettings)


class Settings(ReadSettings):
    """The whole configuration; each field's variable is its name in capitals after `PAIDFORBY_`."""

    model_config = SettingsConfigDict(env_prefix="PAIDFORBY_")

    home: Path = Field(
        default=Path("var/archive"),
        description="Folder of this archive's state: database, evidence, own configuration.",
    )
    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL of a PostgreSQL server; without it, SQLite in the home folder.",
    )
    database_patience_seconds: float = Field(
        default=300.0,
        ge=0,
        description="Longest time that an import or a crawl waits for a database that is away.",
    )
    lease_seconds: float = Field(
        default=600.0,
        gt=0,
        description="Silence after which a crawl counts as dead and another may take its partition; who "
        "schedules is replaced after as long, at most 90 s. On their own machine at once when they are gone.",
    )
    crawl_memory_mb: int = Field(
        default=2_048,
        ge=512,
        description="Memory, in MB of address space, that the process of one crawl or import may take.",
    )
    disk_reserve_mb: int = Field(
        default=512,
        ge=0,
        description="Room on the disk, in MB, that a download of a large file must leave free.",
    )
    meilisearch_url: Site | None = Field(
        default=None,
        description="Address of a Meilisearch server; without it, search runs on SQLite FTS5.",
    )
    meilisearch_key: SecretStr | None = Field(
        default=None, description="Key for the Meilisearch server that may write documents."
    )
    meilisearch_search_key: SecretStr | None = Field(
        default=None,
        description="Key that may only search and count (actions `search` and `stats.get`) in that index "
        "and in the one beside it, whose name ends in `_about`, for `paidforby serve`; without it, the site "
        "uses the other key.",
    )
    meilisearch_index: str = Field(
        default="ads",
        description="Name of the Meilisearch index that holds this archive's ads; `<name>_about` says whose "
        "they are and how far they follow.",
    )
    exchange_rate_days: int = Field(
        default=45,
        ge=0,
        description="Oldest exchange rate that may stand for a later day, in days; the history comes "
        "with a package that is renewed about once a month.",
    )
    operator_name: str = Field(
        default="an unnamed operator", description="Who runs this archive, shown on every page."
    )
    operator_contact: str = Field(
        default="",
        description="Address people and platforms can write to; part of the crawlers' User-Agent.",
    )
    deployment_kind: DeploymentKind = Field(
        default=DeploymentKind.CIVIL_SOCIETY,
        description="What the operator is, which bounds what decisions here can mean.",
    )
    public_url: Site = Field(
        default="http://127.0.0.1:8000",
        description="Address of the site as readers see it, used in citations and feeds; where it has a "
        "path, as `https://news.example/archive`, every link leads below it.",
    )
    data_licence: str = Field(
        default="CC-BY-4.0",
        description="Licence (SPDX) of what this archive itself adds: structure, coverage, labels, "
        "decisions; what sources publish stays under their terms.",
    )
    allowed_hosts: list[HostName] = Field(
        default=[],
        description="Further names, without port, that the site answers under, such as a proxy's name for "
        "it; those of the public address and of this machine always count.",
    )
    security_contact: str = Field(
        default="",
        pattern=r"^((mailto:|https://|tel:)[!-~]+)?$",
        description="Where to report a vulnerability of this site (mailto:, https:// or tel: address), for "
        "/.well-known/security.txt; that page is absent without it and without an end.",
    )
    security_expires_on: date | None = Field(
        default=None, description="Until when that contact holds, at most a year ahead (RFC 9116)."
    )
    mail_host: str | None = Field(
        default=None,
        description="Mail server that takes alerts (SMTP); without it, none is mailed.",
    )
    mail_port: int = Field(default=25, ge=1, le=65_535, description="Port of the mail server.")
    mail_user: str | None = Field(
        default=None, description="Name to log in with, where the mail server asks for one."
    )
    mail_password: SecretStr | None = Field(default=None, description="Password to that name.")
    mail_from: MailAddress = Field(
        default="paidforby@localhost", description="Address that alerts are mailed from."
    )
    mail_to: list[MailAddress] = Field(
        default=[], description="Addresses that alerts are mailed to."
    )
    alert_webhook: SecretAddress | None = Field(
        default=None,
        description="Address that alerts are posted to as JSON (Slack, Mattermost and others show its "
        "`text`): https and public, or with a network address in place of a name any of one's own.",
    )

    log: LogForm = Field(
        default=LogForm.TEXT,
        description="How lines of the log are written on standard error: for people, or an object each.",
    )
    trusted_proxies: list[Network] = Field(
        default=[],
        description="Networks of servers in front of the site whose X-Forwarded-For and X-Request-ID count.",
    )

    of_sources: tuple[SourceSettings, ...] = Field(
        default=(),
        exclude=True,
        description="Settings of sources that are given here; the others are read when asked for.",
    )

    def of(self, kind: type[Own]) -> Own:
        """The settings of one source: as given with these, else as the environment has them."""
        given = (own for own in self.of_sources if isinstance(own, kind))
        return next(given, None) or kind()

    @property
    def resolved_database_url(self) -> str:
        """SQLAlchemy URL of the archive's database."""
        return self.database_url or f"sqlite:///{self.home / 'archive.sqlite3'}"

    @property
    def user_agent(self) -> str:
        """How this archive introduces itself to every server it asks, with an address to write to."""
        contact = self.operator_contact or "no contact address given"
        return f"paidforby (political ad archive; {self.operator_name}; {contact})"

    @property
    def blobs_dir(self) -> Path:
        """Folder of the evidence store."""
        return self.home / "blobs"

    @property
    def spool_dir(self) -> Path:
        """Folder of large files that are being downloaded."""
        return self.home / "spool"
