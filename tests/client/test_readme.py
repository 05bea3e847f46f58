"""What the client's README says is run as it stands there."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "client/README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.fixture
def paste(address, clock, tmp_path, monkeypatch):
    """Run blocks of the README one after another, after the day of which they ask."""
    clock.at = datetime(2026, 11, 1, tzinfo=UTC)
    monkeypatch.chdir(tmp_path)
    names = {}

    def run(blocks):
        for block in blocks:
            exec(block.replace("https://ads.example.org", address), names)
        return names

    return run


def test_every_line_of_the_readme_runs_as_pasted(paste, tmp_path):
    names = paste(BLOCKS)
    assert {"clean-air.csv", "sample.jsonl", "metrics.parquet"} <= {
        path.name for path in tmp_path.iterdir()
    }
    assert len(names["frame"]) == names["search"].total
