"""Rules as they were written before: read as what they say, so that no kept text goes out of use.

A file that is still written so is refused, with what to write.
"""

from typing import Any

from config.citations import UNREAD
from config.yaml_files import YamlText
from oversight.rules.conditions import Path

Told = list[tuple[Path, str]]
STATUS_NOW = {"repealed": "in_force", "announced": "bill"}
ANSWERS = ["yes", "no", "cannot be established"]


def read_kept_text(rule_id: str, text: str) -> YamlText:
    """A version of a rule that this archive keeps, in whichever form it was written.

    Raises:
        YamlFileError: if it is not YAML.
    """
    written = YamlText(f"rule {rule_id} as it was kept", text.encode())
    written.values, _ = translate(written.values)
    return written


def translate(values: object) -> tuple[object, Told]:
    """What a rule file says in today's form, and what to write for each thing that is not so."""
    told: Told = []
    if not isinstance(values, dict):
        return values, told
    new: dict[str, Any] = dict(values)
    _date_status(new, told)
    for name, write in {"legal_basis": _name_act, "unless": _say_who, "needs_human": _ask}.items():
        if isinstance(each := new.get(name), list):
            new[name] = [write(item, [name, i], told) for i, item in enumerate(each)]
    fill = {"unit_of_violation": "ad", "review_on": None}
    for name, value in fill.items():
        if name not in new:
            told.append(([name], MISSING[name]))
            new[name] = value
    return new, told


MISSING = {
    "unit_of_violation": "Field required: write unit_of_violation: ad, or request, sponsor or day: what is "
    "counted once if the rule is broken",
    "review_on": "Field required: write review_on: and the day by which the law is read again, or null",
}


def _date_status(new: dict[str, Any], told: Told) -> None:
    said = new.get("validity")
    if not isinstance(said, dict) or "statuses" in said or not said.keys() & {"status", "from"}:
        return
    status, starts_on, ends_on = (said.get(name) for name in ("status", "from", "to"))
    status = STATUS_NOW.get(status, status) if isinstance(status, str) else status
    statuses = [{"from": starts_on, "status": status, "note": said.get("note", "")}]
    line = f"{{from: {starts_on or 'null'}, status: {status}}}"
    if ends_on:
        statuses.append({"from": ends_on, "status": "removed"})
        line += f", {{from: {ends_on}, status: removed}}"
    kept = {name: value for name, value in said.items() if name not in DATED}
    new["validity"] = kept | {"statuses": statuses}
    told.append((["validity"], f"what it is in law stands by date: write statuses: [{line}]"))


DATED = {"status", "from", "to", "note"}


def _name_act(item: Any, place: Path, told: Told) -> Any:  # noqa: ANN401 (whatever a file says)
    if not isinstance(item, dict) or "act" in item or item.get("evidence") in UNREAD:
        return item
    told.append(
        (
            [*place, "act"],
            "Field required: write act: and the name of the act, then article, paragraph",
        )
    )
    return item | {"act": item.get("cite")}


def _say_who(item: Any, place: Path, told: Told) -> Any:  # noqa: ANN401 (whatever a file says)
    if not isinstance(item, dict) or "shown_by" in item:
        return item
    why = (
        "Field required: write shown_by: authority if the authority has to show that the exception does not "
        "hold, shown_by: addressee and a question if the addressee has to show that it does"
    )
    told.append(([*place, "shown_by"], why))
    return item | {"shown_by": "authority"}


def _ask(item: Any, place: Path, told: Told) -> Any:  # noqa: ANN401 (whatever a file says)
    if not isinstance(item, str):
        return item
    told.append((place, "write question: and the permitted answers: [yes, no]"))
    return {"question": item, "answers": ANSWERS}
