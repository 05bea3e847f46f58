"""Twelve wrong drafts of one invented law, each with the mistakes people make with the page in hand.

Each is the good rule with words replaced; what is said of it is what its author should write.
"""

LAW = """\
id: xx-named
version: 1
title: Harbour ads name their payer
jurisdiction: XX
legal_basis:
  - cite: Harbour Elections Act, section 12
    act: Harbour Elections Act
    article: "12"
    read_on: 2026-11-20
    evidence: statute_text
validity:
  zone: Europe/Dublin
  statuses:
    - {from: 2021-03-01, status: in_force}
review_on: 2027-11-20
stage: shadow
kind: disclaimer.missing
unit_of_violation: ad
says: The payer of an ad must be named in the last month before a vote.
window:
  from: polling_day - P1M
  to: poll_closes
applies_when:
  when: ad.declared_political && "XX" in ad.countries && window.overlaps
  cite: section 12(1)
requires:
  when: size(ad.payer_name) > 0
  cite: section 12(2)
unless:
  - id: small-ad
    shown_by: addressee
    question: What did the ad cost?
    when: ad.spend.under("50.00 EUR")
    cite: section 12(4)
needs_human:
  - question: Is the name that of the payer?
    answers: [yes, no]
severity: medium
tests:
  - name: The payer is named
    ran: {from: 2026-11-02, to: 2026-11-06, zone: Europe/Dublin}
    election: &VOTE
    facts: {ad.declared_political: true, ad.countries: [XX], ad.payer_name: Jo}
    expect: met
  - name: The field was left blank
    ran: {from: 2026-11-02, to: 2026-11-06, zone: Europe/Dublin}
    election: &VOTE
    facts:
      ad.declared_political: true
      ad.countries: [XX]
      ad.payer_name: {missing: not_disclosed}
    expect: not_met
  - name: The source has no field for the payer
    ran: {from: 2026-11-02, to: 2026-11-06, zone: Europe/Dublin}
    election: &VOTE
    facts: {ad.declared_political: true, ad.countries: [XX]}
    expect: cannot_tell
""".replace(
    "&VOTE",
    """
      country: XX
      polling_days: [2026-11-08]
      polls: [{zone: Europe/Dublin, opens: "07:00", closes: "22:00"}]""",
)

SUM = """\
sum:
  of: ad.spend
  where: ad.declared_political && "XX" in ad.countries
  by: payer
  days: window
  over: 1000.00 EUR
  cite: section 14(1)
applies_when:
"""
CAP = (
    LAW.replace("applies_when:\n", SUM)
    .replace("requires:\n  when: size(ad.payer_name) > 0", "forbids:\n  when: sum.is_over")
    .replace(
        "    shown_by: addressee\n    question: What did the ad cost?\n",
        "    shown_by: authority\n",
    )
    .replace('ad.spend.under("50.00 EUR")', 'ad.payer_name == "Harbour Board"')
    .replace(
        "    facts: {ad.declared_political: true, ad.countries: [XX], ad.payer_name: Jo}",
        "    sum: {least: 500.00 EUR, most: 1000.00 EUR}\n"
        "    facts: {ad.declared_political: true, ad.countries: [XX], ad.payer_name: Jo}",
    )
    .replace(
        "    facts:\n      ad.declared_political: true\n",
        "    sum: {least: 1000.01 EUR}\n    facts:\n      ad.declared_political: true\n",
    )
    .replace(
        "    facts: {ad.declared_political: true, ad.countries: [XX]}",
        "    sum: {least: 900.00 EUR, most: 1100.00 EUR}\n"
        "    facts: {ad.declared_political: true, ad.countries: [XX]}",
    )
)
"""The law of the drafts, with a cap on what one payer spends in place of a name."""

FORMER = """\
id: xx-former
version: 1
title: Harbour ads name their payer
jurisdiction: XX
legal_basis: [{cite: Harbour Act s. 1, evidence: statute_text, read_on: 2020-01-01}]
validity: {from: 2020-01-01, to: 2024-01-01, status: repealed, zone: Europe/Dublin}
stage: active
kind: disclaimer.missing
says: The payer must be named.
window: {from: polling_day - P1D, to: poll_closes}
applies_when: {when: window.overlaps, cite: s. 1}
requires: {when: size(ad.payer_name) > 0, cite: s. 2}
unless: [{id: small-ad, when: 'ad.spend.under("5.00 EUR")', cite: s. 3}]
needs_human: [Is it so?]
severity: low
tests:
  - {name: a, facts: {window.overlaps: true, ad.payer_name: Jo}, expect: met}
  - {name: b, facts: {window.overlaps: true}, expect: cannot_tell}
  - {name: c, facts: {window.overlaps: true, ad.payer_name: {missing: not_disclosed}}, expect: not_met}
"""
"""A rule as it was written before law and tests had dates."""

WHEN = 'ad.declared_political && "XX" in ad.countries && window.overlaps'
RUN = "ran: {from: 2026-11-02, to: 2026-11-06, zone: Europe/Dublin}"

DRAFTS: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "words for signs": (
        [
            (WHEN, "ad.declared_political and 'XX' in ad.countries AND window.overlaps"),
            ("size(ad.payer_name) > 0", "ad.payer_name = null"),
        ],
        [
            "write && instead of and",
            "write && instead of AND",
            "write == instead of =",
            "size(f) == 0 asks whether",
        ],
    ),
    "texts that need quotation marks": (
        [
            (WHEN, '"XX" in ad.countries && window.overlaps'),
            ("The payer of an ad must", "Note: the payer of an ad must"),
            ("Is the name that of the payer?", "Who is it: the payer?"),
        ],
        [
            "write says: 'Note: the payer",
            'write when: \'"XX" in ad.countries',
            "write - question: 'Who is it: the payer?'",
        ],
    ),
    "a list where one text stands, and one text where a list stands": (
        [
            ("jurisdiction: XX", "jurisdiction: [XX]"),
            ("answers: [yes, no]", "answers: yes"),
            ("title: Harbour ads name", "title: [Harbour ads] #"),
        ],
        ["a text belongs here", "a text belongs here", "a list belongs here: write [a, b]"],
    ),
    "fields under other names": (
        [
            ("title: Harbour", "titel: Harbour"),
            ("severity: medium", "severity: severe"),
            ("unit_of_violation: ad\n", "unit: ad\n"),
        ],
        [
            "there is no such field; the nearest is title",
            "write title:",
            "write info, low, medium, high or critical",
            "write unit_of_violation: ad",
            "there is no such field",
        ],
    ),
    "the form of last year": (
        [
            (
                "validity:\n  zone: Europe/Dublin\n  statuses:\n    - {from: 2021-03-01, status: in_force}",
                "validity: {from: 2021-03-01, to: null, status: in_force}",
            ),
            ("    shown_by: addressee\n    question: What did the ad cost?\n", ""),
            (
                "- question: Is the name that of the payer?\n    answers: [yes, no]",
                "- Is the name that of the payer?",
            ),
            ("review_on: 2027-11-20\n", ""),
            ("    act: Harbour Elections Act\n", ""),
        ],
        [
            "write statuses: [{from: 2021-03-01, status: in_force}]",
            "write shown_by: authority",
            "write question: and the permitted answers",
            "write review_on:",
            "write act:",
        ],
    ),
    "a window that is said and not reckoned": (
        [
            (RUN, "facts_of_run: none"),
            ("ad.declared_political: true, ad.countries: [XX]", "window.overlaps: true"),
            ("      ad.declared_political: true\n", "      window.inside: true\n"),
        ],
        [
            *["there is no such field"] * 3,
            *["whether the ad was in the window is reckoned: write ran:"] * 3,
        ],
    ),
    "worlds that cannot be": (
        [
            ("to: 2026-11-06", "to: 2026-10-06"),
            (
                "ad.payer_name: Jo",
                "ad.text: VOTE, ad.text_folded: VOTE, ad.surfaces: [Facebook], ad.currency: EURO",
            ),
            (
                "      ad.payer_name: {missing: not_disclosed}\n",
                "      ad.spend_lower_minor: 90\n      ad.spend_upper_minor: 9\n      window.inside: true\n",
            ),
        ],
        [
            *["is before from: 2026-11-02"] * 3,
            "the folded text is made by us",
            "ad.surfaces never has “Facebook”: write facebook",
            "ad.currency never has “EURO”: write EUR",
            "is more than ad.spend_upper_minor",
            "whether the ad was in the window is reckoned: write ran:",
        ],
    ),
    "days as people say them": (
        [
            ("read_on: 2026-11-20", "read_on: 20 November 2026"),
            ("review_on: 2027-11-20", "review_on: 2027-11-31"),
            ("from: 2021-03-01", "from: 01.03.2021"),
            ("from: polling_day - P1M", "from: one month before"),
        ],
        [*["is no day: write year, month and day"] * 3, "is not one of called_on"],
    ),
    "money without its currency": (
        [
            ('ad.spend.under("50.00 EUR")', "ad.spend_upper_minor < 5000"),
            (WHEN, f'{WHEN} && ad.spend.over("100")'),
        ],
        ["write ad.spend.at_least(", '"500.00 CAD"'],
    ),
    "facts that do not exist": (
        [
            ("size(ad.payer_name) > 0", "size(ad.payer) > 0"),
            ("declared_political && ", "is_political && "),
            ("ad.payer_name: Jo", "ad.payer: Jo"),
        ],
        [
            *["there is no fact ad.payer; the nearest is ad.payer_name"] * 2,
            "there is no fact ad.is_political",
        ],
    ),
    "knowledge as a ground, and a duty twice": (
        [
            ("size(ad.payer_name) > 0", "known(ad.payer_name)"),
            ("title: Harbour", "titel: Harbour"),
            ("kind: disclaimer.missing", "kind: content.falsehood"),
            ("expect: cannot_tell", "expect: met"),
            ("severity: medium", "forbids: {when: window.inside, cite: s}\nseverity: medium"),
        ],
        [
            "whether a source tells a fact makes no ad right or wrong",
            "exactly one of requires and",
            "no test expects cannot_tell: write one",
            "write severity: info and severity_at_most: info",
            "the nearest is title",
            "write title:",
        ],
    ),
    "who answers for what": (
        [
            ("shown_by: addressee", "shown_by: sponsor"),
            ("status: in_force}", "status: force}"),
            ("unless:", "params: [xx_cap]\nasks_where: [countries]\nunless:"),
            ("    evidence: statute_text\n", '    evidence: memory\n    quotation: "Named."\n'),
            ("zone: Europe/Dublin\n  statuses", "zone: Dublin\n  statuses"),
        ],
        [
            "write authority or addressee",
            "write in_force, enjoined",
            "no parameter xx_cap: write its file, params/xx_cap.yaml",
            "there is no fact countries; the nearest is ad.countries",
            "read_on belongs to a text that was read",
            "is not a time zone; one looks like Europe/Athens",
        ],
    ),
}
"""Of each mistake: what is written instead of what, and words of everything that must be said at once."""
