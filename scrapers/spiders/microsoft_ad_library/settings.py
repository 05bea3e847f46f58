"""What an operator says about Microsoft's Ad Library."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from config.settings import SourceSettings


class MicrosoftSettings(SourceSettings):
    """What is asked of the library."""

    model_config = SettingsConfigDict(env_prefix="PAIDFORBY_MICROSOFT_")

    searches: list[str] = Field(
        default=[],
        description="Searches of Microsoft's Ad Library, one partition each: a country of the EEA, "
        "alone for all of its ads or with words (`DE`, `FR référendum`).",
    )
