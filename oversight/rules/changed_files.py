"""Rules in use whose file is no longer what they were taken from; naming it changes nothing.

The list of rules, the pages, health and the doctor ask, each time anew.
"""

from collections.abc import Iterable

from archive.records.canonical import hash_bytes
from config.overlay import ConfigFile, list_config_files
from config.settings import Settings
from config.yaml_files import YamlFileError, YamlText
from oversight.rules.loading import KeptRule, Rule
from oversight.rules.schema import Stage

ADOPT = "paidforby rules adopt"


def tell_changed_files(settings: Settings, rules: Iterable[KeptRule]) -> dict[str, str]:
    """A sentence on each rule whose file was changed or taken away, by id of the rule."""
    files = {file.path.stem: file for file in list_config_files(settings, "rules", ".yaml")}
    in_use = (rule for rule in rules if isinstance(rule, Rule))
    told = {rule.id: _tell_file(rule, files.get(rule.id)) for rule in in_use}
    return {rule_id: sentence for rule_id, sentence in told.items() if sentence}


def _tell_file(rule: Rule, file: ConfigFile | None) -> str:
    if rule.used_stage is Stage.DRAFT:
        return f"It is a proposal, held against no ad; to use it: {ADOPT} {rule.id}"
    happened = _find_change(rule, file)
    goes_on = "" if rule.suspension else " The version in use goes on being used."
    return f"{happened}{goes_on}" if happened else ""


def _find_change(rule: Rule, file: ConfigFile | None) -> str:
    if file is None:
        return "Its file is gone; its text is kept here."
    try:
        data = file.path.read_bytes()
        if hash_bytes(data) == rule.sha256:
            return ""
        read = YamlText(str(file.path), data).values
    except (OSError, YamlFileError):
        return "Its file was changed and cannot be read."
    values = read if isinstance(read, dict) else {}
    stage, version = values.get("stage"), values.get("version")
    if stage in {Stage.ACTIVE, Stage.SHADOW}:
        if isinstance(version, int) and version <= rule.file.version:
            newer = rule.file.version + 1
            return f"Its words were changed and its version was not: write version: {newer}."
        return f"Its file was changed, which is a proposal; to use it: {ADOPT} {rule.id}."
    said = stage if stage in set(Stage) else "nothing that is known"
    return f"Its file was changed and calls it {said}, which by itself stops nothing."
