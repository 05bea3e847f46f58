"""Postal addresses in the names that sources give, by a rule that is published (docs/privacy.md).

Law asks some advertisers for an imprint with name and address, and platforms hand it on as the payer's name:
"Promoted by J Roe on behalf of A Party, both at 1 High Street, Town AB1 2CD". The names stay, the address
does not. Precision goes before recall, but for postcodes: see `tests/archive/records/postal_addresses.yaml`
for what is found and what is not.
"""

import re
from functools import lru_cache

RULE = "postal_address 1"
"""The rule with its version, which rises with every change of what is found."""

BASIS = "A postal address in a name is not shown, the name is: see the rule in docs/privacy.md."

# Royal Mail, PAF Programmers' Guide: the forms of the outward code.
_UK = (
    r"(?i:(?:GIR|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPS-UW]|[A-HK-Y]\d[ABEHMNPRV-Y])))\s?"
    r"(?!\d(?:st|nd|rd|th)\b)(?i:\d[A-Z]{2})"
)
_CANADA = r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ -]?\d[ABCEGHJ-NPRSTV-Z]\d"
_IRELAND = r"(?:D6W|[AC-FHKNPRTV-Y]\d{2})\s?(?=\S*\d)(?=\S*[A-Z])[0-9AC-FHKNPRTV-Y]{4}"
_US = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|"
    r"T[NX]|UT|V[AT]|W[AIVY])\.?,?\s+\d{5}(?:-\d{4})?"
)
POSTCODE = re.compile(rf"(?<!\w)(?:{_UK}|{_CANADA}|{_IRELAND}|{_US})(?!\w)")

_NUMBER = r"\d{1,5}[A-Za-z]?(?:\s?[-–/]\s?\d{1,5}[A-Za-z]?)?"
_WORD = r"[^\W\d][\w'’.-]*"
_ENGLISH = (
    rf"{_NUMBER}\s+(?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th))\s+){{0,4}}(?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|"
    r"Drive|Dr|Square|Sq|Close|Crescent|Court|Ct|Place|Pl|Terrace|Way|Gardens|Boulevard|Blvd|Highway|Hwy|"
    r"Parkway|Pkwy|Row|Walk|Hill|Mews|Quay|Embankment|Grove|Parade|Circle|Broadway|House|"
    r"Cottage|Farm|Mills?|Buildings?|Lodge|Hall|Centre|Center|Manor|Wharf|Yard|Chambers|Works|Rise|Gate|Green|Park)"
    r"(?:\s+(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West))?\.?"
)
_FRENCH = (
    r"\d{1,4}(?:\s?(?:bis|ter))?,?\s+(?:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai|route|cours)"
    r"\s+[^,;\n()]{2,40}"
)
_GERMANIC = (
    rf"(?:{_WORD}\s+){{0,2}}(?:[^\W\d][\w.-]*(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ufer|damm|straat|laan|"
    r"plein|gracht|gatan|vägen|vej|gade)|Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Gasse)\s+\d{1,3}\s?[a-z]?"
)
_NAMED_FIRST = (
    r"(?:Via|Viale|Piazza|Corso|Calle|C/|Avenida|Avda\.?|Plaza|Paseo|Rua|Praça|Carrer|ul\.|al\.|pl\.|Strada|"
    r"Rue)\s+[^,;\n()]{2,40}?,?\s+(?:n[.º°]\s?)?\d{1,3}[A-Za-z]?"
)
_BOX = (
    r"(?:P\.?\s?O\.?\s?Box|Post\s?Office\s+Box|Postfach|Postbus|Boîte\s+postale|Apartado(?:\s+de\s+Correos)?|"
    r"Casella\s+postale)\s+\d[\d ]*"
)
_ENDS = r"(?=\s*(?:$|[,;\n()]|-\s|(?:and|und|et|y)\s|\d{4,5}\s))"
STREET = re.compile(
    rf"(?<!\w)(?:(?i:{_BOX})|(?:(?i:{_ENGLISH})|(?i:{_FRENCH})|{_GERMANIC}|(?i:{_NAMED_FIRST})){_ENDS})"
)
"""A street with a number, or a box; what only looks like one at the beginning of a name is a name."""

LONGEST_LEAD = 40

PARTIES = re.compile(
    r"(\b(?:on\s+behalf\s+of|(?:not\s+)?(?:promoted|published|printed|paid|authori[sz]ed|approved)(?:\s+for)?\s+by)\b)",
    re.IGNORECASE,
)
"""What divides the parties of an imprint; an address belongs to one of them."""

SHARED = re.compile(r"[\s,]*\b(?:both|all|each)\s+(?:of|at|from)\b", re.IGNORECASE)
PLACED = re.compile(r"[\s,]*\bat\s", re.IGNORECASE)
OF_NUMBER = re.compile(
    r"[\s,]*\b(?:of|from)\s+(?=\d|flat|unit|suite|p\.?\s?o\.?\s?box)", re.IGNORECASE
)
BORDER = re.compile(r"\s*[,;\n(]\s*")
NO_PLACE = re.compile(
    r"\b(?:party|parties|union|association|campaign|committee|council|trust|group|movement|alliance|coalition|"
    r"democrats?|labour|conservatives?|greens?|society|foundation|institute|network|federation|league|club|"
    r"ltd|limited|plc|llp|llc|inc|corp|cic|cio|gmbh|e\.\s?v|ag|sarl|sas|srl|bv|agent|treasurer|secretary|"
    r"chair(?:man|woman)?|director|president|mp|msp|cllr|councillor|candidate)\b",
    re.IGNORECASE,
)
"""A part of a name that is a body or an office, and so no part of an address."""

PLACE = re.compile(r"\s*(?:[,\n]\s*|(?=\d{4,5}\s))[^,;\n()]{1,60}?(?=[,;\n()]|\.?\s*$)")
"""What may follow a street: a town, with or without its number."""

COUNTRY = re.compile(
    r"(?:[\s,]*\b(?:UK|U\.K\.|United Kingdom|Great Britain|England|Scotland|Wales|Northern Ireland|Ireland|"
    r"USA|U\.S\.A\.|United States|Canada))?\)*",
    re.IGNORECASE,
)


@lru_cache(maxsize=16_384)
def cut_address(name: str) -> str:
    """The name without the postal addresses in it; as it was where there is none."""
    # What stood on either side of one may be another, once they meet.
    while any(map(str.isdigit, name)) and (cut := _cut_once(name)) != name:
        name = cut
    return name


def _cut_once(name: str) -> str:
    parts = PARTIES.split(name)
    kept = [_cut_party(part) for part in parts]
    if kept == parts:
        return name
    text = " ".join(" ".join(kept).split())
    text = re.sub(r"\s*,(?:\s*,)+|\s+(?=[,;.])|\(\s*\)", lambda m: "," if "," in m[0] else "", text)
    return text.strip(" ,;:-–")


def tell_address_given(name: str | None, *, is_blank: bool = False) -> bool | None:
    """Whether a name has a postal address; `None` where nobody can tell by the rule.

    `is_blank`: the source has the field and left it blank.
    """
    if name is None:
        return False if is_blank else None
    if cut_address(name) != name:
        return True
    return None if re.search(r"[\d,;\n]", name) or PLACED.search(name) else False


def _cut_party(part: str) -> str:
    """One party of an imprint without its addresses."""
    kept, floor = [], 0
    for anchor in sorted((*POSTCODE.finditer(part), *STREET.finditer(part)), key=re.Match.start):
        if anchor.start() < floor or not _is_address(part, floor, anchor):
            continue
        kept.append(part[floor : _find_begin(part, floor, anchor)])
        floor = _find_end(part, anchor)
        if part[floor:] == ".":
            floor += 1
    return "".join([*kept, part[floor:]])


def _is_address(part: str, floor: int, anchor: re.Match[str]) -> bool:
    """Whether a piece is of an address: a postcode is, a street if a comma or "at" leads to it."""
    if POSTCODE.fullmatch(anchor[0]):
        return True
    lead = part[max(floor, anchor.start() - LONGEST_LEAD) : anchor.start()].rstrip()
    if not lead.strip(" ,;"):
        return False
    return lead[-1] in ",;\n(–" or bool(re.search(r"(?i)\b(?:at|(?:both|all|each) of)$", lead))


def _find_begin(part: str, floor: int, anchor: re.Match[str]) -> int:
    """Where the address begins that an anchor belongs to: after the name and its offices."""
    # What stands in brackets belongs to what is before it, unless the address stands there too.
    head = re.sub(r"\([^()]*\)", lambda m: "x" * len(m[0]), part[floor : anchor.start()])
    for lead in (SHARED, PLACED, OF_NUMBER):
        if leads := [*lead.finditer(f"{head}0")]:
            return floor + leads[-1].start()
    borders = [*BORDER.finditer(head)]
    if STREET.match(head):
        return floor
    if not borders:
        number = re.search(rf"\s{_NUMBER}\s+\S", head)
        return floor + (number.start() if number else len(head))
    if in_name := re.search(rf"\s{_NUMBER}\s+{_WORD}", head[: borders[0].start()]):
        return floor + in_name.start()
    ends = [*(b.start() for b in borders[1:]), len(head)]
    for border, end in zip(borders, ends, strict=True):
        if not NO_PLACE.search(head[border.end() : end]) or re.match(r"\d", head[border.end() :]):
            return floor + border.start()
    return floor + len(head)


def _find_end(part: str, anchor: re.Match[str]) -> int:
    """Where the address ends: with a postcode and its country, or with the places after a street."""
    end = anchor.end()
    if not POSTCODE.fullmatch(anchor[0]):
        while (after := PLACE.match(part, end)) and not NO_PLACE.search(after[0]):
            end = after.end()
    country = COUNTRY.match(part, end)
    return country.end() if country else end
