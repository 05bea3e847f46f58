"""What an operator says about Meta's two sources."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from config.settings import SourceSettings
from config.value_forms import ValueForm, WebAddress, match

MetaCountry = Annotated[
    str,
    AfterValidator(match("ALL|[A-Z]{2}")),
    ValueForm("two capital letters, such as `FR`, or `ALL`"),
]


class MetaSettings(SourceSettings):
    """Meta's Ad Library API, and the files of its Ad Library Report."""

    model_config = SettingsConfigDict(env_prefix="PAIDFORBY_META_")

    access_token: SecretStr | None = Field(
        default=None,
        description="User access token for Meta's Ad Library API; never stored, logged or shown.",
    )
    countries: list[MetaCountry] = Field(
        default=["US"],
        description="Countries asked of Meta's Ad Library API, one partition each (ISO alpha-2: FR; or ALL).",
    )
    report_urls: list[WebAddress] = Field(
        default=[],
        description="Addresses of files of Meta's Ad Library Report, one partition each.",
    )
