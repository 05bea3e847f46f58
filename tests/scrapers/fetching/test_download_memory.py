"""A large download does not swell the process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from /proc")
def test_a_large_body_is_never_in_memory():
    command = [sys.executable, "-m", "tests.benchmarks.download", "--megabytes", "40"]
    told = subprocess.run([*command, "--rounds", "1"], capture_output=True, check=True)

    assert json.loads(told.stdout)["rss_mb"] <= 30
