"""How the API describes itself (OpenAPI): names of operations for generated clients, tags, whom to ask."""

import json
import re
from typing import Any, get_args, get_origin, get_type_hints

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.errors import PROBLEM
from api.listings import Listing
from config.settings import Settings

DESCRIPTION = (
    "Online political ads, what was paid for them and what was decided about them. Reading is open to "
    "all. Amounts are integer minor units; ranges have both ends included, an empty upper end is open; "
    "times are UTC; what is missing has its reason in `missing`."
)

TAGS = {
    "ads": "Ads, their versions, numbers, media and evidence.",
    "search": "Ads by their words and by whatever they are narrowed down by.",
    "advertisers": "Who runs ads, as each source names them.",
    "names": "Who is named, in all spellings of each name.",
    "spend": "Sums of money with their bounds.",
    "disclosures": "Expenditures filed with authorities.",
    "corrections": "Published figures that changed.",
    "downloads": "Whole lists in one file.",
    "evidence": "What each figure rests on.",
    "rules": "The law as data, and what it rests on.",
    "oversight": "Notices, signals, flags and decisions.",
    "sources": "What was collected, when, and what is missing.",
    "health": "Whether this archive works.",
}

_SCHEMA = re.compile(r'"#/components/schemas/([^"]+)"')

VERBS = {"get": "read", "post": "create"}
"""What an operation on one thing is called; on several it lists them."""


class DescribedApi(FastAPI):
    """An application whose description gives the media type of its errors, and no schema without a use."""

    def openapi(self) -> dict[str, Any]:
        """The description (OpenAPI); FastAPI takes errors for the type of a route's own answers."""
        if self.openapi_schema:
            return self.openapi_schema
        described = super().openapi()
        for methods in described["paths"].values():
            for operation in methods.values():
                content = operation["responses"]["default"]["content"]
                operation["responses"]["default"]["content"] = {PROBLEM: content.popitem()[1]}
        used = set(_SCHEMA.findall(json.dumps(described)))
        schemas = described["components"]["schemas"]
        described["components"]["schemas"] = {name: schemas[name] for name in sorted(used)}
        return described


def name_operation(route: APIRoute) -> str:
    """What a client calls it, such as `list_ads`, `read_ad`, `create_flag`."""
    verb, _, what = route.name.partition("_")
    answers = get_type_hints(route.endpoint)["return"]
    is_list = any(map(_is_list, (answers, *get_args(answers))))
    return f"{'list' if is_list and verb == 'get' else VERBS.get(verb, verb)}_{what}"


def _is_list(answer: object) -> bool:
    return get_origin(answer) is list or (isinstance(answer, type) and issubclass(answer, Listing))


def list_tags() -> list[dict[str, str]]:
    """The tags of operations with what each stands for."""
    return [{"name": name, "description": told} for name, told in TAGS.items()]


def find_contact(settings: Settings) -> dict[str, str]:
    """Whom to write to: the operator, by mail or by the address of a page where one is set."""
    contact, site = settings.operator_contact, f"{settings.public_url.rstrip('/')}/about"
    if "@" in contact:
        return {
            "name": settings.operator_name,
            "email": contact.removeprefix("mailto:"),
            "url": site,
        }
    url = contact if contact.startswith(("http://", "https://")) else site
    return {"name": settings.operator_name, "url": url}
