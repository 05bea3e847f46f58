"""What of a source may be republished, on a terminal."""

from archive.reading.views import SourceView
from archive.records import Allowance, PartInfo
from scrapers.sources.terms import WIDTH, tell_terms
from scrapers.spiders import find_spiders
from tests.sources_with_terms import make_source


def make_view(**changes: object) -> SourceView:
    info = make_source(Allowance.KEEP).model_dump() | {"withheld": {"HOME": "somebody lives there"}}
    counts = dict.fromkeys(
        ("ads", "unlabelled", "ad_versions", "advertiser_spend", "disclosures", "captures"), 0
    )
    return SourceView(**info | counts | {"quarantined": 0, "last_run": None, "parts": {}} | changes)


def test_each_class_each_withheld_field_and_each_feed_says_what_may_be_done_with_it() -> None:
    part = PartInfo(title="A panel", publisher="P", licence="CC-BY-4.0")
    told = " ".join(" ".join(tell_terms(make_view(parts={"panel": part}))).split())

    assert "media may be fetched and kept as evidence, but is not shown: section 4" in told
    assert "HOME is read into no record and not shown" in told
    assert "example/panel: A panel; terms of reuse: CC-BY-4.0" in told
    assert told.count("fields may be fetched, kept and shown") == 2


def test_a_hostile_title_is_shown_plain_and_no_line_is_too_long() -> None:
    lines = list(tell_terms(make_view(title="\x1b[31mred " * 30)))

    assert all(len(line) <= WIDTH for line in lines)
    assert "\x1b" not in "".join(lines)


def test_every_source_says_itself_why_its_media_are_left_or_kept() -> None:
    because = {
        name: spider.info.republish["media"].because for name, spider in find_spiders().items()
    }

    assert "states no terms for pictures" not in " ".join(because.values())
    assert "token" in because["meta_ad_library"]
