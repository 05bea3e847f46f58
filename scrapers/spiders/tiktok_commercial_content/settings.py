"""What an operator says about TikTok's Commercial Content API."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from config.settings import SourceSettings
from config.value_forms import ValueForm
from scrapers.sources.searches import check_search

MOST_CHARACTERS = 50
EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
COUNTRIES = (*EEA.split(), "CH", "GB")

TikTokSearch = Annotated[
    str,
    AfterValidator(check_search(COUNTRIES, MOST_CHARACTERS)),
    ValueForm("a country of the EEA, CH or GB and words, such as `IT referendum`"),
]


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
    searches: list[TikTokSearch] = Field(
        default=[],
        description="Searches of TikTok's Commercial Content API, one partition each: a country and "
        "words (`IT referendum`); at most 50 characters of words.",
    )
