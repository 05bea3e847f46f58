"""Looks over this machine and this archive: what works, what is missing, how to fix it.

`paidforby doctor` calls it. It changes nothing and goes to no source.
"""

import os
from dataclasses import asdict
from datetime import datetime

import typer

from archive.terminal import DONE, FAILED, AsJson, emit_json, say, utc_now
from config.settings import Settings
from scrapers.doctor.configuration import (
    examine_files,
    examine_rules,
    examine_variables,
    tell_standing,
)
from scrapers.doctor.findings import Finding, tell_findings
from scrapers.doctor.keeping import examine_backup, examine_disk, examine_findings
from scrapers.doctor.machine import (
    examine_fts5,
    examine_machine_text,
    examine_openness,
    examine_python,
)
from scrapers.doctor.search import examine_search
from scrapers.doctor.tables import examine_database, examine_queue
from scrapers.doctor.work import examine_work
from scrapers.work.plan.credentials import list_standings


def doctor(as_json: AsJson = False) -> None:
    """What works here, what is missing, how to fix it.

    Example: paidforby doctor
    """
    findings = examine(Settings(), utc_now())
    is_well = all(finding.works for finding in findings if finding.is_needed)
    if as_json:
        emit_json({"is_well": is_well, "findings": [asdict(finding) for finding in findings]})
    else:
        for line in tell_findings(findings):
            say(line)
        say("next: paidforby sources" if is_well else "next: what stands behind →, then again")
    raise typer.Exit(DONE if is_well else FAILED)


def examine(settings: Settings, now: datetime) -> list[Finding]:
    """Everything that is looked at, in the order of need."""
    backup = examine_backup(settings, now)
    return [
        examine_python(settings),
        examine_disk(settings, now),
        examine_openness(settings),
        examine_fts5(settings),
        examine_database(settings),
        examine_findings(settings),
        examine_search(settings),
        examine_machine_text(settings),
        *([backup] if backup else []),
        *examine_queue(settings),
        *examine_work(settings, now),
        *examine_rules(settings),
        *(tell_standing(standing, now.date()) for standing in list_standings(settings)),
        *examine_files(settings),
        *examine_variables(os.environ),
    ]
