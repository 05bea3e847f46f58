"""What an operator says about TikTok's Commercial Content API."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from config.settings import SourceSettings


class TikTokSettings(SourceSettings):
    """A project that TikTok has approved, and what is asked with it."""

    model_config = SettingsConfigDict(env_prefix="PAIDFORBY_TIKTOK_")

    client_key: SecretStr | None = Field(
        default=None, description="Client key of an approved Commercial Content API project."
    )
    client_secret: SecretStr | None = Field(
        default=None,
        description="Client secret that belongs to the key; never stored, logged or shown.",
    )
    searches: list[str] = Field(
        default=[],
        description="Searches of TikTok's Commercial Content API, one partition each: a country and "
        "words (`IT referendum`); at most 50 characters of words.",
    )
