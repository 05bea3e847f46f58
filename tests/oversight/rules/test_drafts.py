"""First drafts of rules: all that is wrong is said at once, and what was told makes a file that loads."""

import re
from pathlib import Path

import pytest

from config.overlay import ConfigFile, Origin
from config.readings import Readings
from config.yaml_files import YamlFileError
from oversight.rules.checking import load_rule
from oversight.rules.loading import Rule
from tests.oversight.rules.drafts import DRAFTS, LAW


def load(folder: Path, text: str) -> Rule:
    path = folder / "xx-named.yaml"
    path.write_text(text, encoding="utf-8")
    return load_rule(ConfigFile("xx-named", path, Origin.LOCAL), Readings({}, []), [])


@pytest.mark.parametrize("mistake", DRAFTS)
def test_a_wrong_draft_is_told_all_its_faults_at_once_and_loads_at_the_second_try(
    tmp_path: Path, mistake: str
) -> None:
    spoil, words = DRAFTS[mistake]
    draft = LAW
    for right, wrong in spoil:
        assert right in draft
        draft = draft.replace(right, wrong)

    with pytest.raises(YamlFileError) as refused:
        load(tmp_path, draft)

    told = [f"line {fault.line}: {fault.field}: {fault.why}" for fault in refused.value.faults]
    left = list(told)
    for word in words:
        found = next((line for line in left if word in line), None)
        assert found, f"{word!r} is not in {left}"
        left.remove(found)
    assert left == []
    assert not [
        line for line in told if re.search("Input should|[Tt]uple|validation|overload", line)
    ]
    assert load(tmp_path, LAW).id == "xx-named"
