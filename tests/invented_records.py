"""What the invented sources of the small archive say: one ad of every difficult kind, and two payments.

`tests.invented` takes it in; nothing in it is real.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from archive.records import AdRecord, DisclosureRecord

HOSTILE = '<script>alert("x")</script> "><img src=x onerror=alert(1)> \u202egnihton\u202c {{ 7*7 }}'


def harbour_ads(run: int) -> list[AdRecord]:
    """Ads with exact amounts: one whose text, payer and numbers move, one that vanishes."""
    ads = [harbour_mill(run), harbour_plain(2, run), harbour_plain(3, run), harbour_hostile()]
    return ads if run < 2 else ads[:2] + ads[3:]


def harbour_mill(run: int) -> AdRecord:
    """An ad that changed its words and its payer, and whose spend grew."""
    bodies = [
        "Save the old mill. Sign today.",
        "Save the old mill. Sign before 1 December.",
        "Save the old mill. Sign before 1 December.",
    ]
    spend = (120_00, 480_00, 1_020_00)[run]
    return AdRecord(
        ref="mill-1",
        platform="harbour",
        url="https://harbour.example/ads/mill-1",
        advertiser_ref="77",
        advertiser_name="Friends of the Old Mill",
        payer_name="Old Mill Trust" if run else "Mill Holdings Ltd",
        countries=["GR"],
        languages=["en"],
        titles=["The mill belongs to everyone"],
        bodies=[bodies[run]],
        landing_urls=["https://mill.example/climate-action?from=ad"],
        media_type="image",
        declared_political=True,
        started_on=date(2026, 10, 20),
        ended_on=date(2026, 12, 1) if run else None,
        currency="EUR",
        spend_lower_minor=spend,
        spend_upper_minor=spend,
        impressions_lower=(9_000, 41_000, 88_500)[run],
        impressions_upper=(9_000, 41_000, 88_500)[run],
        targeting=[{"dimension": "age", "mode": "include", "text": "35+"}],
        delivery=[
            {"by": "age_gender", "age": "35-44", "gender": "female", "share": 0.41},
            {"by": "age_gender", "age": "35-44", "gender": "male", "share": 0.5895},
            {"by": "age_gender", "age": "45-54", "gender": "male", "share": 0.0005},
            {"by": "region", "region": "Thessaly", "share": 1.0},
        ],
        source_fields={"CreativeKind": "still"},
    )


def harbour_plain(number: int, run: int) -> AdRecord:
    """An ad with an exact amount in dollars and nothing said about who saw it."""
    return AdRecord(
        ref=f"plain-{number}",
        platform="harbour",
        advertiser_ref="78",
        advertiser_name="Neighbours for Night Buses",
        payer_name="Neighbours for Night Buses",
        countries=["US"],
        bodies=[f"Night buses on line {number}: vote for measure B."],
        started_at=datetime(2026, 10, 20, 15, 30, tzinfo=UTC),
        started_on=date(2026, 10, 20),
        currency="USD",
        spend_lower_minor=number * 1_000_00 + run,
        spend_upper_minor=number * 1_000_00 + run,
    )


def harbour_hostile() -> AdRecord:
    """An ad that would like to be more than text."""
    return AdRecord(
        ref="odd/ref ?#%:1",
        platform="harbour",
        advertiser_name=HOSTILE,
        payer_name=HOSTILE,
        titles=[HOSTILE],
        bodies=["climate " + HOSTILE],
        landing_urls=["javascript:alert(1)"],
        election_name=HOSTILE,
        targeting=[
            {"dimension": HOSTILE, "mode": "include", "text": HOSTILE},
            {"dimension": "postal_code", "mode": "exclude", "text": "92801," * 60},
        ],
        source_fields={"Note": HOSTILE},
    )


def meadow_ads() -> Iterator[AdRecord]:
    """Ads with ranges, some with open ends, blank bylines and no currency."""
    texts = [
        ("en", "Clean air is not a luxury. Climate action now."),
        ("ar", "صوّتوا من أجل مستقبل أفضل. حماية المناخ تبدأ اليوم."),
        ("el", "Ψηφίστε για τα πάρκα της πόλης."),
        ("de", "Für bezahlbare Mieten in der Hafenstadt."),
    ]
    for number, (language, body) in enumerate(texts, start=1):
        is_open = number == 2
        yield AdRecord(
            ref=f"90000000{number}",
            platform="meadow",
            advertiser_ref=str(500 + number),
            advertiser_name=f"Voices of the Meadow {number}",
            payer_name="" if number < 3 else "Meadow Voices e.V.",
            countries=["GR"] if number % 2 else ["GR", "US"],
            languages=[language],
            declared_political=True,
            bodies=[body],
            started_at=datetime(2026, 11, number, tzinfo=UTC),
            started_on=date(2026, 11, number),
            currency=None if number == 4 else "EUR",
            spend_lower_minor=number * 300_00,
            spend_upper_minor=None if is_open else number * 300_00 + 99_00,
            impressions_lower=number * 10_000,
            impressions_upper=None if is_open else number * 10_000 + 4_999,
        )


def registry_rows() -> Iterator[DisclosureRecord]:
    """Two payments of one filer, one of them a correction."""
    for number, amount in enumerate((5_000_00, -250_00), start=1):
        yield DisclosureRecord(
            ref=f"R{number}",
            committee_ref="C1",
            payer_name="Old Mill Trust",
            payee_name="Harbour",
            purpose="online ads",
            spent_on=date(2026, 11, number),
            currency="EUR",
            amount_minor=amount,
            is_memo=False,
            is_notice=False,
            is_correction=amount < 0,
        )
