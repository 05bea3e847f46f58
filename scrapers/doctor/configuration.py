"""Rules in use, credentials of sources, and files of configuration that cannot be used."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.exc import SQLAlchemyError

from archive.errors import OtherTablesError
from archive.records.escaping import escape_text
from config.setting_forms import list_odd_variables
from config.settings import Settings
from oversight.rules.changed_files import tell_changed_files
from oversight.rules.rule_book import find_rules_here, read_rule_book
from scrapers.doctor.findings import Finding
from scrapers.work.plan.credentials import CredentialStatus
from scrapers.work.plan.refused_files import list_refused_files


def examine_rules(settings: Settings) -> list[Finding]:
    """The rules in use: a file that was changed or taken away takes none of them out of use."""
    try:
        here = find_rules_here(read_rule_book(settings))
    except (SQLAlchemyError, OtherTablesError):
        # What is wrong with the database is said of the archive.
        return []
    named = tell_changed_files(settings, here.rules) | here.unreadable
    told = [f"{rule_id}: {sentence}" for rule_id, sentence in named.items()]
    told += [f"{rule.id} is suspended" for rule in here.rules if rule.suspension]
    detail = "; ".join(told) or f"{len(here.rules)}, each as in its file"
    return [Finding("rules", True, detail, to_type="paidforby rules list", warns=bool(told))]


def examine_files(settings: Settings) -> list[Finding]:
    """Files of configuration that cannot be used, each with everything that is wrong with it."""
    return [
        Finding("file", False, escape_text(str(fault)), to_type="correct that file")
        for error in list_refused_files(settings)
        for fault in error.faults
    ]


def examine_variables(environ: Mapping[str, str]) -> list[Finding]:
    """Variables that look like settings and are none: mistyped, or of another version."""
    return [
        Finding(
            "setting",
            True,
            f"{name} is no setting",
            to_type=f"write {near}, or unset it"
            if near
            else "unset it; there are: paidforby settings",
            warns=True,
        )
        for name, near in list_odd_variables(environ).items()
    ]


def tell_standing(standing: CredentialStatus, today: date) -> Finding:
    """How long one source's credential holds, and who renews it."""
    name, days = standing.source, standing.count_days(today)
    if standing.missing:
        detail = "its credential is not given, so it is not crawled"
        return Finding(name, False, detail, is_needed=False, to_type=standing.missing)
    told, test = (
        f"credential: {standing.tell(today)}",
        f"paidforby credentials test {standing.source}",
    )
    file = f"config/credentials/{standing.source}.yaml"
    if days is not None and days <= 0:
        return Finding(
            name, False, told, to_type=f"renew it, set the new day in {file}, then {test}"
        )
    if standing.is_warned(today):
        return Finding(name, True, told, to_type=f"renew it, set the new day in {file}", warns=True)
    return Finding(
        name,
        True,
        told,
        to_type=f"write owner and expires_on into {file}",
        warns=not standing.owner,
    )
