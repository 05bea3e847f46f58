"""What an operator says about Microsoft's Ad Library."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from config.settings import SourceSettings
from config.value_forms import ValueForm
from scrapers.sources.searches import check_search

MOST_CHARACTERS = 100

NUMBERED = (
    "AT=10 BE=14 BG=26 CY=207 CZ=51 DE=72 DK=53 EE=61 ES=170 FI=65 FR=66 GR=76 HR=49 HU=88 IE=92 "
    "IS=89 IT=93 LI=107 LT=108 LU=109 LV=104 MT=115 NL=129 NO=139 PL=151 PT=152 RO=226 SE=175 "
    "SI=167 SK=165"
)
CODES = {pair[:2]: int(pair[3:]) for pair in NUMBERED.split()}
"""Microsoft's numbers of the countries its library covers."""

MicrosoftSearch = Annotated[
    str,
    AfterValidator(check_search(CODES, MOST_CHARACTERS)),
    ValueForm("a country of the EEA, alone or with words, such as `FR référendum`"),
]


class MicrosoftSettings(SourceSettings):
    """What is asked of the library."""

    model_config = SettingsConfigDict(env_prefix="PAIDFORBY_MICROSOFT_")

    searches: list[MicrosoftSearch] = Field(
        default=[],
        description="Searches of Microsoft's Ad Library, one partition each: a country of the EEA, "
        "alone for all of its ads or with words (`DE`, `FR référendum`).",
    )
