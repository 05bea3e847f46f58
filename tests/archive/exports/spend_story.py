"""A story told at random: runs of two sources, with ads, statements and filings of every difficult kind."""

import random
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from sqlmodel import select

from archive.curation.labels import label_ad
from archive.errors import ArchiveError
from archive.ingest.pages import ingest_page
from archive.models import Ad
from archive.models.runs import Outcome, RunKind
from archive.privacy.redactions import redact_field
from archive.runs.lease import begin_run, end_run
from archive.store.database import write
from tests.archive.conftest import NOON
from tests.archive.exports.mirrored import make_disclosure, make_statement


class Story:
    """Random runs of two sources: ads of every difficult kind, statements, filings, labels, withholding."""

    def __init__(self, engine, ingest_run, make_ad, seed):
        self.engine, self.ingest_run, self.make_ad = engine, ingest_run, make_ad
        self.dice = random.Random(seed)
        self.now = NOON

    def go_on(self):
        self.now += timedelta(hours=self.dice.randint(3, 60))
        steps = [self.see_ads] * 4 + [self.import_ads, self.see_money, self.call_political]
        self.dice.choice(steps)()

    def draw_ads(self):
        refs = self.dice.sample([f"a{n}" for n in range(9)], self.dice.randint(1, 7))
        return [self.draw_ad(ref) for ref in refs]

    def draw_ad(self, ref):
        start = date(2026, 2, 20) + timedelta(days=int(ref[1:]))
        start_at = datetime(2026, 2, 28, 23, 30, tzinfo=UTC) + timedelta(hours=7 * int(ref[1:]))
        lower = self.dice.choice([None, 100, 100, 100, 300, 700])
        upper = self.dice.choice([None, 299, 299, 999])
        days = {"started_on": start, "ended_on": start + timedelta(days=self.dice.choice([4, 20]))}
        if ref in ("a1", "a2"):
            days = {"started_at": start_at, "ended_at": start_at + timedelta(days=5, hours=3)}
        if ref == "a3":
            days = {}
        if ref == "a4":
            days = {"started_on": start, "ended_on": start - timedelta(days=2)}
        return self.make_ad(
            ref,
            spend_lower_minor=lower,
            spend_upper_minor=lower and upper and max(lower, upper),
            currency=self.dice.choice(["EUR", "EUR", "EUR", "USD", None]) if ref > "a6" else "EUR",
            payer_name=self.dice.choice(["Ada", "Bob 'n' \\ \"Co\"", None]),
            countries=self.dice.choice([[], ["FR"], ["DE", "FR"]]),
            declared_political=self.dice.choice([True, None, False]) if ref > "a5" else None,
            day_zone=self.dice.choice(
                ["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Nowhere/No"]
            ),
            **(days if self.dice.random() < 0.8 else days | {"ended_on": None, "ended_at": None}),
        )

    def see_ads(self):
        is_late = self.dice.random() < 0.2
        self.ingest_run(
            self.draw_ads(),
            self.now,
            source=self.dice.choice(["example", "harbour_ads"]),
            sweep=self.dice.random() < 0.5,
            observed_on=self.now - timedelta(days=4) if is_late else None,
        )

    def import_ads(self):
        with write(self.engine) as session:
            run = begin_run(session, "example", "file", RunKind.IMPORT, self.now)
            ingest_page(session, run, self.draw_ads(), None, self.now)
            end_run(session, run, Outcome.DONE, self.now, complete=False)

    def see_money(self):
        rounded = {"is_rounded": True, "rounded_to_minor": self.dice.choice([None, 51])}
        life = {"grain": "lifetime", "period_start_on": None, "period_end_on": None}
        records = [
            make_statement(self.dice.choice([10, 100, 200]), **life, **rounded),
            make_statement(self.dice.choice([100, 200]), advertiser_ref="page-2", **life),
            make_disclosure(self.dice.choice([100, 200])),
            make_disclosure(self.dice.choice([-100, 200]), "d2"),
        ]
        some = self.dice.sample(records, 3)
        self.ingest_run(some, self.now, partition="money", sweep=self.dice.random() < 0.5)

    def call_political(self):
        with write(self.engine) as session:
            for ad in session.exec(select(Ad).where(Ad.ref == "a7")).all():
                with suppress(ArchiveError):
                    label_ad(session, ad, "Ada", "It asks for votes.", self.now)

    def withhold(self):
        with write(self.engine) as session:
            for ad in session.exec(select(Ad)).all()[:1]:
                with suppress(ArchiveError):
                    redact_field(session, ad, "payer_name", "a court", "officer", self.now)
