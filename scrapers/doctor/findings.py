"""What the doctor says of one thing, and how lines tell it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    works: bool
    detail: str
    is_needed: bool = True
    """Without it, something an operator asked for does not work."""
    to_type: str = ""
    warns: bool = False
    """It works, and somebody should act before it no longer does."""


def tell_findings(findings: list[Finding]) -> list[str]:
    """Findings as lines: what, how it stands, and how to fix it."""
    width = max(len(finding.name) for finding in findings)
    return [_tell_finding(finding, width) for finding in findings]


def _tell_finding(finding: Finding, width: int) -> str:
    missing = "MISSING" if finding.is_needed else "not set"
    state = ("WARNS" if finding.warns else "works") if finding.works else missing
    is_shown = finding.to_type and (finding.warns or not finding.works)
    advice = f"  → {finding.to_type}" if is_shown else ""
    return f"{finding.name.ljust(width)}   {state.ljust(7)}   {finding.detail}{advice}"
