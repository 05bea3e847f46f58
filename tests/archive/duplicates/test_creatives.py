"""One creative for copies of a text with the same names; without words for one payer and landing address."""

from sqlmodel import select

from archive.models import PublicAd
from archive.store.changes import last_change_seq, read_changes
from archive.store.database import read
from tests.archive.duplicates.conftest import read_creatives

TOWN = "On Thursday you can choose a council that listens, so vote for {} in {} this time"


def group(engine):
    """Refs of the ads of each creative that several have."""
    groups = {}
    for ref, creative in sorted(read_creatives(engine).items()):
        groups.setdefault(creative, []).append(ref)
    return [refs for refs in groups.values() if len(refs) > 1]


def test_copies_are_one_creative_and_each_town_has_its_own(engine, show):
    show(
        york1=TOWN.format("change", "York"),
        york2=TOWN.format("progress", "York"),
        york3=TOWN.format("change", "York").upper(),
        leeds1=TOWN.format("change", "Leeds"),
        leeds2=TOWN.format("progress", "Leeds") + " https://leeds.example/?utm=1",
    )
    assert group(engine) == [["leeds1", "leeds2"], ["york1", "york2", "york3"]]


FIRST = "one text that is changed word after word until nobody would call it the same text any more"
BETWEEN = (
    "quite other words that is changed word after word until nobody would call it the same text"
)
LAST = "quite other words that is changed word after word until nobody would call it art"


def test_a_copy_between_two_joins_them_and_parts_them_when_it_goes(engine, show):
    show(a=FIRST, c=LAST)
    assert group(engine) == []

    show(b=BETWEEN)
    assert group(engine) == [["a", "b", "c"]]

    show(b="Gone")
    assert group(engine) == []


def test_ads_without_words_are_one_creative_by_payer_and_landing_address(engine, show):
    def leads_to(url, payer="Friends of the Harbour", **fields):
        return {"bodies": [], "landing_urls": [url], "payer_name": payer, **fields}

    show(
        a=leads_to("https://harbour.example/vote?utm=1"),
        b=leads_to("https://harbour.example/vote/", bodies=["https://harbour.example/vote"]),
        c=leads_to("https://harbour.example/join"),
        d=leads_to("https://harbour.example/vote", payer="Others"),
        e={"bodies": [], "landing_urls": [], "payer_name": "Friends of the Harbour"},
        f={"bodies": [], "landing_urls": [], "payer_name": "Friends of the Harbour"},
    )
    assert len(read_creatives(engine)) == 6
    assert group(engine) == [["a", "b"]]


def tell_changed(engine, after=0):
    """Refs of the ads of which the change sequence says that they are of another creative."""
    with read(engine) as session:
        changes = [c for c in read_changes(session, after, 1_000) if c.kind == "ad_creative"]
        refs = dict(session.exec(select(PublicAd.id, PublicAd.ref)).all())
        return sorted(refs[change.subject_id] for change in changes), last_change_seq(session)


def test_who_reads_the_changes_hears_which_ads_are_of_another_creative_and_of_no_other(
    engine, show, compare
):
    show(a=FIRST, c=LAST)
    told, seq = tell_changed(engine)
    assert told == ["a", "c"]

    before = read_creatives(engine)
    show(b=BETWEEN, d="Quite another text that says nothing of the sort to anybody")
    told, seq = tell_changed(engine, seq)
    now = read_creatives(engine)
    assert now["a"] == now["b"] == now["c"]
    assert told == sorted({"b", "d"} | {ref for ref in before if before[ref] != now[ref]})

    show(
        d={
            "bodies": ["Quite another text that says nothing of the sort to anybody"],
            "countries": ["GR"],
        }
    )
    compare()
    assert tell_changed(engine, seq)[0] == []
