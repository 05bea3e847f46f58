"""`paidforby rules new`: a first file of a rule, which loads, for its author to change."""

import re
from typing import Annotated

import typer

from archive.errors import ArchiveError
from archive.terminal import plain_errors, say
from config.settings import Settings
from oversight.reference.countries import check_country

MEMBER_STATE = "GR"
"""Where the examples of a first rule of the European Union are shown."""
ID = re.compile(r"[a-z0-9][a-z0-9-]*")
DRAFT = """\
id: {id}
version: 1
title: What the rule is about, in one line
jurisdiction: {law}
legal_basis:
  - cite: The provision, as people cite it
    evidence: memory                   # once it was read: what was read, act, article, read_on, reader
validity:
  zone: UTC
  statuses:
    - {{from: 2020-01-01, status: in_force}}
review_on: null
stage: draft
kind: disclaimer.missing
unit_of_violation: ad
says: The rule in plain words.
# about many ads together? sum: {{of: ad.spend, where: …, by: payer, days: 30, over: 1000.00 EUR, cite: …}}
asks_where: [ad.countries]
applies_when:
  when: ad.declared_political && "{country}" in ad.countries
  cite: The provision that says whom it is about
requires:
  when: size(ad.payer_name) > 0
  cite: The provision that says what is required
needs_human:
  - question: What can only a person judge?
    answers: [yes, no, cannot be established]
severity: low
tests:
  - name: The payer is named
    ran: {{from: 2026-11-02, to: 2026-11-06, zone: UTC}}
    facts: {{ad.declared_political: true, ad.countries: [{country}], ad.payer_name: Jo Pier}}
    expect: met
  - name: The field for the payer was left blank
    ran: {{from: 2026-11-02, to: 2026-11-06, zone: UTC}}
    facts:
      ad.declared_political: true
      ad.countries: [{country}]
      ad.payer_name: {{missing: not_disclosed}}
    expect: not_met
  - name: The source has no field for the payer
    ran: {{from: 2026-11-02, to: 2026-11-06, zone: UTC}}
    facts: {{ad.declared_political: true, ad.countries: [{country}]}}
    expect: cannot_tell
"""


def write_new_rule(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Such as xx-payer-named.")],
) -> None:
    """Write a first file of a rule into the archive's home; it loads as it is and is a draft.

    Example: paidforby rules new fr/my-rule
    """
    with plain_errors():
        if not ID.fullmatch(rule_id):
            raise ArchiveError(
                f"{rule_id!r} is no id: small letters, digits and hyphens, such as xx-named"
            )
        first = rule_id.partition("-")[0]
        law = first.upper() if re.fullmatch("[a-z]{2}", first) else "XX"
        country = MEMBER_STATE if law == "EU" else law
        if told := check_country(country):
            raise ArchiveError(
                f"{rule_id!r} begins with no country, nor with eu: {told}, in small letters"
            )
        path = Settings().home / "config" / "rules" / law.lower() / f"{rule_id}.yaml"
        if path.exists():
            raise ArchiveError(f"{path} is there already")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(DRAFT.format(id=rule_id, law=law, country=country), encoding="utf-8")
    say(f"{path}: change it, then type: paidforby rules check {path}")
