"""Names are counted as the public rows bear them, whatever happened to the rows."""

import shutil
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from archive.curation.labels import find_label, label_ad, withdraw_label
from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models import Ad, Name, NamedRow, NameKind, NameSpelling
from archive.models.runs import Outcome, RunKind
from archive.names.checking import check_names, count_names_anew
from archive.names.counting import recount_rows
from archive.names.following import bring_names_on, follow_names, forget_names, has_new_names
from archive.names.reading import spell_names
from archive.privacy.redactions import redact_field
from archive.privacy.shown import read_withheld
from archive.records import (
    AdRecord,
    AdvertiserSpendRecord,
    CommitteeRecord,
    DisclosureRecord,
    Grain,
    MissingReason,
)
from archive.runs.lease import begin_run
from archive.store.database import create_archive_engine, read, write
from tests.archive.moments import day
from tests.examples import few_or_many
from tests.migrated import migrated_file

NAMES = st.sampled_from(
    [None, "ACME, Inc.", "Acme Inc", "Acmé inc.", "Größe", "Grosse", " ", "?!", "Harbour Trust"]
)
REFS = st.sampled_from(["1", "2"])
ADS = st.builds(
    lambda ref, who, by, payer, sponsor, political: AdRecord(
        ref=ref,
        platform="examplatform",
        advertiser_ref=who,
        advertiser_name=by,
        payer_name=payer,
        sponsor_name=sponsor,
        declared_political=political,
        missing={} if political else {"declared_political": MissingReason.NOT_DISCLOSED},
    ),
    REFS,
    st.sampled_from([None, "A", "B"]),
    *(NAMES,) * 3,
    st.sampled_from([True, True, None]),
)
STATEMENTS = st.builds(
    lambda data, who, by, payer, amount: AdvertiserSpendRecord(
        dataset=data,
        platform="examplatform",
        grain=Grain.LIFETIME,
        advertiser_ref=who,
        advertiser_name=by,
        payer_name=payer,
        currency="EUR",
        spend_lower_minor=amount,
        spend_upper_minor=amount,
    ),
    REFS,
    st.sampled_from(["A", "B"]),
    NAMES,
    NAMES,
    st.integers(1, 3),
)
FILINGS = st.builds(
    lambda ref, by, payer, payee, purpose: DisclosureRecord(
        ref=ref,
        committee_ref=by,
        payer_name=payer,
        payee_name=payee,
        payee_kind="IND",
        purpose=purpose,
        currency="USD",
        amount_minor=1,
        is_memo=False,
        is_notice=False,
        is_correction=False,
        spent_on=date(2026, 3, 1),
    ),
    REFS,
    st.sampled_from(["C1", "C2"]),
    NAMES,
    NAMES,
    st.sampled_from(["Ads", "Payroll"]),
)
COMMITTEES = st.builds(
    lambda ref, name: CommitteeRecord(ref=ref, name=name), st.sampled_from(["C1", "C2"]), NAMES
)
STEPS = st.one_of(
    st.tuples(
        st.just("run"),
        st.integers(1, 5),
        st.booleans(),
        st.lists(st.one_of(ADS, STATEMENTS, FILINGS, COMMITTEES), max_size=4),
    ),
    st.tuples(st.just("redact"), REFS, st.sampled_from(["advertiser_name", "payer_name"])),
    st.tuples(st.just("label"), REFS),
    st.tuples(st.just("follow"), st.integers(1, 3)),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """An archive in which every example is undone when it ends."""
    path = shutil.copy(migrated_file(), tmp_path_factory.mktemp("names") / "archive.sqlite3")
    engine = create_archive_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@given(steps=st.lists(STEPS, max_size=12))
@settings(max_examples=few_or_many(60))
def test_after_whatever_happened_names_are_a_plain_count_of_the_rows(archive, steps):
    with archive.connect() as connection, Session(connection) as session:
        for place, step in enumerate(steps):
            take(session, place, *step)
        while has_new_names(session):
            follow_names(session, day(300), limit=5)
        assert find_faults(session) == []

        told = dump_names(session)
        forget_names(session)
        while has_new_names(session):
            follow_names(session, day(300))
        assert dump_names(session) == told


def take(session, place, what, *how):
    now = day(100 + place)
    if what == "run":
        on, is_complete, records = how
        lease = begin_run(
            session, "example", "p", RunKind.IMPORT, now, observed_on=day(on), is_sweep=True
        )
        ingest_page(session, lease, records, None, now)
        close_run(session, lease, Outcome.DONE, now, covered=is_complete)
    elif what == "follow":
        follow_names(session, now, *how)
    elif ad := session.exec(select(Ad).where(Ad.ref == how[0])).first():
        if what == "redact" and how[1] not in read_withheld(session, [ad.id]).get(ad.id, ()):
            redact_field(session, ad, how[1], "a court's order", "Jo Clerk", now)
        elif what == "label" and find_label(session, ad.id):
            withdraw_label(session, ad, "Jo Clerk", "by mistake", now)
        elif what == "label":
            label_ad(session, ad, "Jo Clerk", "it names a candidate", now)


def find_faults(session):
    return check_names(session, lambda _: None).bad


def dump_names(session):
    names = {(n.kind, n.key): n.model_dump(exclude={"id"}) for n in session.exec(select(Name))}
    spelt = session.exec(select(NameSpelling)).all()
    return names, {(s.kind, s.spelling): s.model_dump(exclude={"id", "name_id"}) for s in spelt}


def read_name(engine, kind, key):
    with read(engine) as session:
        return session.exec(select(Name).where(Name.kind == kind, Name.key == key)).first()


def test_spellings_of_a_name_are_one_name_in_its_commonest_spelling(engine, ingest_run, make_ad):
    spelt = ["ACME, Inc.", "Acme Inc", "Acme Inc", "Acmé inc."]
    ingest_run([make_ad(str(i), payer_name=name) for i, name in enumerate(spelt)])
    bring_names_on(engine, day(90))

    acme = read_name(engine, NameKind.PAYER, "acme inc")
    assert (acme.name, acme.ads) == ("Acme Inc", 4)
    with read(engine) as session:
        assert spell_names(session, NameKind.PAYER, ["acme inc", "nobody"]) == {
            "acme inc": "Acme Inc"
        }
        assert find_faults(session) == []


def test_of_equally_common_spellings_the_smallest_by_code_points_is_shown(
    engine, ingest_run, make_ad
):
    ingest_run([make_ad("1", payer_name="acme inc"), make_ad("2", payer_name="Acme Inc")])
    bring_names_on(engine, day(90))

    assert read_name(engine, NameKind.PAYER, "acme inc").name == "Acme Inc"


def test_an_import_of_one_ad_counts_no_other_name_again(engine, ingest_run, make_ad, monkeypatch):
    ingest_run([make_ad(str(i), payer_name=f"Payer {i}") for i in range(20)])
    bring_names_on(engine, day(90))
    ingest_run([make_ad("new", payer_name="Payer 3")], sweep=False)

    counted = []
    monkeypatch.setattr(
        "archive.names.following.recount_rows",
        lambda session, bearing, ids: counted.extend(ids) or recount_rows(session, bearing, ids),
    )
    bring_names_on(engine, day(91))

    assert len(counted) == 1
    assert read_name(engine, NameKind.PAYER, "payer 3").ads == 2


def test_who_is_killed_before_the_end_of_a_step_has_counted_nothing_of_it(
    engine, ingest_run, make_ad, monkeypatch
):
    ingest_run([make_ad(str(i), payer_name="Harbour Trust") for i in range(3)])

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("archive.names.following.move_position", die)
        with pytest.raises(KeyboardInterrupt), write(engine) as session:
            follow_names(session, day(90))
    assert read_name(engine, NameKind.PAYER, "harbour trust") is None

    bring_names_on(engine, day(90))
    assert read_name(engine, NameKind.PAYER, "harbour trust").ads == 3


def test_a_name_that_nobody_bears_any_more_is_gone(engine, ingest_run, make_ad):
    ingest_run([make_ad(payer_name="Mill Holdings")])
    bring_names_on(engine, day(90))
    ingest_run([make_ad(payer_name="Old Mill Trust")], day(91))
    bring_names_on(engine, day(92))

    assert read_name(engine, NameKind.PAYER, "mill holdings") is None
    assert read_name(engine, NameKind.PAYER, "old mill trust").ads == 1


def test_payees_of_wages_and_withheld_payers_have_no_name_here(engine, ingest_run, make_ad):
    wages = DisclosureRecord(
        ref="1",
        committee_ref="C1",
        payee_name="Pat Private",
        payee_kind="IND",
        purpose="Payroll",
        currency="USD",
        amount_minor=1,
        is_memo=False,
        is_notice=False,
        is_correction=False,
    )
    ingest_run([wages, make_ad(payer_name="Sam Private")])
    bring_names_on(engine, day(90))
    with write(engine) as session:
        ad = session.exec(select(Ad)).one()
        redact_field(session, ad, "payer_name", "a court's order", "Jo Clerk", day(91))
    bring_names_on(engine, day(92))

    with read(engine) as session:
        spelt = [row.spelling for row in session.exec(select(NameSpelling))]
        assert [name for name in spelt if "Private" in name] == []
        assert session.exec(select(NamedRow).where(NamedRow.what == "filing")).all() == []


def test_verify_names_a_count_that_is_not_that_of_the_rows(engine, ingest_run, make_ad):
    ingest_run([make_ad(payer_name="Harbour Trust")])
    bring_names_on(engine, day(90))
    with write(engine) as session:
        for row in session.exec(select(Name).where(Name.kind == NameKind.PAYER)):
            row.ads = 7

    with read(engine) as session:
        assert find_faults(session) == ["a payer is not told as its spellings are"]
    assert [count_names_anew(engine, day(91)) for _ in range(2)] == [True, False]
    assert read_name(engine, NameKind.PAYER, "harbour trust").ads == 1
