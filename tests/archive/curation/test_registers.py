"""Registers and tables of labels: taken whole or refused with file, line and field; nothing overwritten."""

import json
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from archive.curation.label_tables import LabelOrder, import_labels
from archive.curation.labels import LabelWord, label_ad, withdraw_label
from archive.curation.registers import RegisterEntry, RegisterShape, import_register, list_copies
from archive.curation.tables import TableFileError, read_table
from archive.errors import ArchiveError, NotFoundError
from archive.models import AdLabel, AdVersion, LabelTerm
from archive.reading.ads.ads import AdFilter, find_ad_row, list_ads
from archive.reading.as_of.moment import NOW as TODAY
from archive.reading.labels import list_labels
from archive.store.database import read, write
from config.settings import Settings
from oversight.reference.labels import LabelFact, read_labels
from tests.archive.moments import day
from tests.commands import run_paidforby
from tests.migrated import lay_tables

SHAPE = """
title: Third parties of Exampleland
source: {cite: The office's list, read_on: 2026-02-01, evidence: official_secondary}
columns: {name: Who, ref: No, starts_on: Since, ends_on: Until}
day_form: "%d.%m.%Y"
is_complete: true
fresh_days: 30
"""
CSV = 'Who,No,Since,Until\nHarbour Friends,7,01.02.2026,\n"Quay, Unions of",8,,\n'
SAID = ("Ada", "The act of 2025 needs it.")
HOLDS_ON = date(2026, 2, 10)
LABELS = """
title: A panel's table
source: {cite: The panel, evidence: own_pattern}
columns: {ad: Id, says: Yes, reason: Why}
constants: {term: synthetic}
"""


@pytest.fixture
def settings(tmp_path):
    for place, text in {"registers/third.yaml": SHAPE, "labels/panel.yaml": LABELS}.items():
        path = tmp_path / "config" / place
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return Settings(home=tmp_path, database_url=None, meilisearch_url=None)


@pytest.fixture
def bring(engine, settings, tmp_path):
    def bring_copy(text=CSV, on=HOLDS_ON, said=SAID, register="third"):
        path = tmp_path / "list.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        with write(engine) as session:
            return import_register(session, settings, (register, path, on), said, day(1))[::2]

    return bring_copy


def test_a_copy_is_kept_with_its_day_and_source_and_an_older_one_stays(engine, bring):
    copy, is_new = bring()
    assert is_new
    assert [entry.name for entry in copy.entries] == ["Harbour Friends", "Quay, Unions of"]
    assert (copy.entries[0].starts_on, copy.stale_on) == (date(2026, 2, 1), date(2026, 3, 12))
    assert bring() == (copy, False)
    bring(CSV.replace("Harbour", "Pier"))
    with read(engine) as session:
        held = [(kept.entries[0].name, row.by_name) for kept, row in list_copies(session)]
        assert held == [("Harbour Friends", "Ada"), ("Pier Friends", "Ada")]
        assert list_copies(session, as_of=day(0)) == []


@pytest.mark.engines_alike
def test_json_says_the_same_as_csv(bring):
    rows = [
        {"Who": "Harbour Friends", "No": 7, "Since": "01.02.2026", "Until": None, "More": [1]},
        {"Who": "Quay, Unions of", "No": "8"},
    ]
    copy, _ = bring()
    assert bring(json.dumps(rows)) == (copy, False)
    assert bring("\ufeff" + "\n".join(json.dumps(row) for row in rows)) == (copy, False)


@pytest.mark.engines_alike
@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (
            CSV.replace("01.02.2026", "2026-02-01"),
            2,
            "starts_on (column 'Since'): '2026-02-01' is no",
        ),
        (CSV.replace("Harbour Friends", ""), 2, "name (column 'Who'): Field required"),
        (CSV.replace("8,,", "8,02.01.2026,01.01.2026"), 3, "before it starts"),
        (CSV.replace("No,", "Nr,"), None, "the column 'No' is not there; there are: Who, Nr"),
        (CSV.replace("No,Since", "No,No"), None, "the column 'No' stands there twice"),
        (CSV + "one,two\n", None, "line 4 has 2 cells, not 4"),
        (CSV.replace("Harbour", "Har\0bour"), 2, "no letter"),
        (CSV.replace("Harbour", "\x1b[2J"), 2, "no letter"),
        (CSV.replace("Harbour", "H" * 3_000), 2, "more than 2000 characters"),
        ("Who,No,Since,Until\n", None, "there is no row in it"),
        ("", None, "the column 'Who' is not there"),
        ('"' + CSV, None, "cannot be read"),
        ('{"Who": "A"}\n{bad\n', None, "line 2, column 2: no JSON"),
        ('[{"Who": "A"},\n {bad}]', None, "line 2, column 3: no JSON"),
        ('{"Who": "A"}\n{"Who": "B", "Who": "C"}', None, "from line 2: one of Who"),
        ('{"Who": "A"}\n{"Who": "B\u2028C"}', 2, "name (column 'Who')"),
        (b"\xff\xfe" + CSV.encode("utf-16-le"), None, "cannot be read: 'utf-8'"),
        ("[" * 100_000, None, "cannot be read"),
        ('[{"Who": "a", "No": 1.5e20}]', 1, "neither a text nor a whole number"),
        ('[{"Who": "a", "Who": "b"}]', None, "given twice"),
        ('[{"Who": "a"}, 3]', None, "row 2 is no object"),
        ('[{"Who": "a", "No": ' + "9" * 5_000 + "}]", None, "cannot be read"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_field_and_nothing_is_kept(
    engine, bring, text, line, told
):
    with pytest.raises(TableFileError) as refused:
        bring(text)
    assert told in str(refused.value)
    assert (refused.value.line, refused.value.file[-8:]) == (line, "list.csv")
    with read(engine) as session:
        assert list_copies(session) == []


@pytest.mark.engines_alike
def test_all_faults_of_a_file_are_told_at_once_up_to_a_bound(bring):
    with pytest.raises(TableFileError) as refused:
        bring("Who,No,Since,Until\n" + ",1,x,\n" * 50)
    assert [fault.line for fault in refused.value.faults] == list(range(2, 22))


@pytest.mark.engines_alike
def test_a_day_to_come_an_unknown_register_and_a_missing_reason_are_refused(bring):
    for wrong in ({"on": date(2030, 1, 1)}, {"said": ("Ada", " ")}):
        with pytest.raises(ArchiveError, match=r"has not come|say who"):
            bring(**wrong)
    with pytest.raises(NotFoundError, match="unheard"):
        bring(register="unheard")


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_bytes_are_more_than_a_refusal(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "list"
    path.write_bytes(data)
    source = {"cite": "The list", "evidence": "memory"}
    shape = RegisterShape.model_validate(
        {
            "title": "T",
            "source": source,
            "columns": {"name": "a"},
            "is_complete": True,
            "fresh_days": 1,
        }
    )
    with suppress(TableFileError):
        assert all(entry.name for entry in read_table(path, shape, RegisterEntry))


@pytest.fixture
def told(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", declared_political=None), make_ad("a2")], day(0))
    return engine


def give_labels(engine, settings, tmp_path, text, because="They asked."):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with write(engine) as session:
        order = LabelOrder("panel", path, "Ada", because)
        return import_labels(session, settings, order, day(1)).model_dump()


def facts_of(engine, ref="a1", as_of=None):
    with read(engine) as session:
        ad_id = find_ad_row(session, f"example:{ref}").id
        return read_labels(session, [ad_id], as_of).get(ad_id, {})


def test_labels_of_a_table_are_given_once_and_what_is_said_otherwise_stays(
    told, settings, tmp_path
):
    table = "Id,Yes,Why\nexample:a1,yes,Six fingers\nexample:a2,no,\nexample:gone,yes,\n"
    first = give_labels(told, settings, tmp_path, table)
    assert (first["given"], first["not_held"]) == (2, ["example:gone"])
    again = give_labels(told, settings, tmp_path, table.replace("a1,yes", "a1,no"))
    assert (again["given"], again["unchanged"], again["contradicted"]) == (0, 1, ["example:a1"])
    assert facts_of(told) == {LabelTerm.SYNTHETIC: LabelFact(True, said_by=("Ada",))}
    assert facts_of(told, as_of=day(0)) == {}
    with read(told) as session:
        reasons = session.exec(select(AdLabel.reason).order_by(AdLabel.id)).all()
    assert reasons == ["Six fingers", "They asked. (The panel)"]


def test_a_table_with_one_bad_row_gives_no_label(told, settings, tmp_path):
    with pytest.raises(TableFileError, match=r"line 3: says \(column 'Yes'\)"):
        give_labels(told, settings, tmp_path, "Id,Yes,Why\nexample:a1,yes,\nexample:a2,perhaps,\n")
    assert facts_of(told) == {}


def test_a_programs_word_lists_no_ad_is_not_public_and_gives_way_to_a_persons(told):
    seer, liar = (
        LabelWord(LabelTerm.POLITICAL, says, who)
        for says, who in ((True, "seer 2"), (False, "ear 1"))
    )
    with write(told) as session:
        ad = find_ad_row(session, "example:a1")
        before = session.exec(select(AdVersion)).all()
        label_ad(session, ad, "Ada", "It found a name.", day(1), word=seer)
        assert [each.ref for each in list_ads(session, AdFilter()).items] == ["a2"]
        assert [label.kind for label in list_labels(session, ad.id, TODAY)] == ["source"]
    alone = LabelFact(True, is_machine_alone=True, said_by=("seer 2",))
    assert facts_of(told) == {LabelTerm.POLITICAL: alone}
    with write(told) as session:
        label_ad(session, ad, "Ada", "It found none.", day(2), word=liar)
    assert facts_of(told)[LabelTerm.POLITICAL].value == "unreadable"
    with write(told) as session:
        label_ad(session, ad, "Ben", "It asks for votes.", day(3))
        assert [each.ref for each in list_ads(session, AdFilter()).items] == ["a1", "a2"]
        assert session.exec(select(AdVersion)).all() == before
    assert facts_of(told)[LabelTerm.POLITICAL] == LabelFact(True, said_by=("Ben",))
    with write(told) as session:
        withdraw_label(session, ad, "Ben", "It does not.", day(4))
    assert facts_of(told)[LabelTerm.POLITICAL].is_machine_alone


def test_the_commands_say_what_was_kept_and_what_was_not(tmp_path, settings):
    lay_tables(settings)
    (tmp_path / "list.csv").write_text(CSV)

    def run(*arguments):
        return run_paidforby(*arguments, environ={"PAIDFORBY_HOME": str(tmp_path)})

    who = ("--by", "Ada", "--because", "The act")
    bring = ("registers", "import", "third", str(tmp_path / "list.csv"), "--on", "2026-02-10", *who)
    assert "no register is loaded" in run("registers", "list").stdout
    made = json.loads(run(*bring, "--json").stdout)
    assert (made["entries"], made["is_new"], len(made["sha256"])) == (2, True, 64)
    assert "held already" in run(*bring).stdout
    (listed,) = json.loads(run("registers", "list", "--json").stdout)
    assert (listed["id"], listed["stale_on"], listed["by_name"]) == ("third", "2026-03-12", "Ada")
    (tmp_path / "list.csv").write_text(CSV.replace("01.02.2026", "x") + ",9,y,\n")
    refused = run(*bring)
    assert refused.returncode == 1
    assert "list.csv, line 2: starts_on (column 'Since'): 'x' is no day" in refused.stderr
    assert "list.csv, line 4: starts_on" in refused.stderr
    (tmp_path / "labels.csv").write_text("Id,Yes,Why\nexample:a1,yes,\n")
    labels = run("labels", "import", "panel", str(tmp_path / "labels.csv"), *who)
    assert (labels.returncode, "1 not in this archive: example:a1" in labels.stderr) == (3, True)
