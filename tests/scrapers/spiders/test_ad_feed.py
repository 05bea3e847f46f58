"""Feeds of ads without a political label, as plain files under our own names."""

import json
from datetime import date
from pathlib import Path

import pytest

from archive.records import AdRecord, Allowance, Material
from config.settings import DeploymentKind, Settings
from config.yaml_files import YamlFileError
from scrapers.readers.files import SourceFile
from scrapers.replica.serve import running_replica
from scrapers.sources.spider import read_delivery
from scrapers.spiders.ad_feed import AdFeedSpider
from tests.scrapers.crawls import Home
from tests.scrapers.samples import SAMPLES, needs_samples, read_all, records, refusal, refusals

SOURCE = "ad_feed"
FEED = (
    "url: https://panel.example/files/ads.jsonl?year=2026\ntitle: P\npublisher: P\nlicence: CC0\n"
)
AD = {
    "ref": "1",
    "platform": "meta",
    "bodies": ["Vote for the harbour"],
    "countries": ["Ireland"],
    "url": "https://panel.example/1?access_token=FICTIONAL",
}


def read_ad(**changes: object) -> AdRecord:
    (ad,) = records(read_all(SOURCE, "ads.jsonl", json.dumps(AD | changes)))
    assert isinstance(ad, AdRecord)
    return ad


def write_feed(home: Path, text: str = FEED) -> Settings:
    folder = home / "config" / "feeds"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "panel.yaml").write_text(text, encoding="utf-8")
    return Settings(home=home)


def test_an_ad_keeps_who_is_silent_about_its_label() -> None:
    ad = read_ad()
    assert (ad.declared_political, ad.declared_by) == (None, "feed")


@pytest.mark.parametrize(("said", "meant"), [("no", False), (True, True), ("false", False)])
def test_a_label_that_the_feed_gives_is_kept_with_who_gave_it(said: object, meant: bool) -> None:
    ad = read_ad(declared_political=said, declared_by="advertiser")
    assert (ad.declared_political, ad.declared_by) == (meant, "advertiser")


def test_a_token_in_an_address_is_not_taken() -> None:
    assert "FICTIONAL" not in read_ad().model_dump_json()


def test_a_table_means_what_the_same_objects_mean() -> None:
    table = 'ref,platform,bodies,countries\n1,meta,"[""Vote for the harbour""]",Ireland\n'
    (ad,) = records(read_all(SOURCE, "ads.csv", table))
    assert (ad.ref, ad.bodies, ad.countries) == ("plain/1", ["Vote for the harbour"], ["IE"])


def test_a_key_we_do_not_know_is_named_and_its_value_kept() -> None:
    readings = read_all(SOURCE, "ads.jsonl", json.dumps(AD | {"mood": "calm"}))
    assert refusal(readings).field == "mood"
    assert records(readings)[0].source_fields == {"mood": "calm"}


def test_the_operators_feeds_are_the_partitions_and_the_invented_one_is_the_demos(
    tmp_path: Path,
) -> None:
    settings = write_feed(tmp_path)
    demo = settings.model_copy(update={"deployment_kind": DeploymentKind.DEMO})
    assert AdFeedSpider.list_partitions(settings, date(2026, 11, 23)) == ["panel"]
    assert AdFeedSpider.list_partitions(demo, date(2026, 11, 23)) == ["invented_donations"]


def test_a_feed_is_asked_for_at_its_own_site_or_at_the_one_in_its_place(tmp_path: Path) -> None:
    settings = write_feed(tmp_path)
    site = AdFeedSpider.find_address(settings, "panel")
    addresses = [
        AdFeedSpider.list_files(settings, "panel", address)
        for address in (site, "http://127.0.0.1:9/ad_feed")
    ]
    assert addresses == [
        ["https://panel.example/files/ads.jsonl?year=2026"],
        ["http://127.0.0.1:9/ad_feed/files/ads.jsonl?year=2026"],
    ]


@pytest.mark.parametrize("url", ["ftp://panel.example/a", "https://panel.example", "panel"])
def test_a_feed_without_a_web_address_is_refused_by_file_and_line(tmp_path: Path, url: str) -> None:
    settings = write_feed(tmp_path, FEED.replace("https://panel.example/files/ads.jsonl", url, 1))
    with pytest.raises(YamlFileError, match=r"panel\.yaml, line 1: url: "):
        AdFeedSpider.reader_of(settings, "panel")


def test_a_password_in_a_feeds_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    settings = write_feed(tmp_path, FEED.replace("panel.example", "desk:OPENSESAME@panel.example"))
    with pytest.raises(YamlFileError, match="user name or a password") as refused:
        AdFeedSpider.reader_of(settings, "panel")
    assert "OPENSESAME" not in str(refused.value)


def test_a_feed_says_what_may_be_done_with_its_pictures(tmp_path: Path) -> None:
    terms = "republish:\n  media:\n    allows: publish\n    because: its licence says so\n"
    settings = write_feed(tmp_path, FEED + terms)
    silent = write_feed(tmp_path / "other")

    told, untold = (AdFeedSpider.list_parts(each)["panel"] for each in (settings, silent))

    assert told.republish[Material.MEDIA].allows == Allowance.PUBLISH
    assert untold.republish[Material.MEDIA].allows == Allowance.LEAVE


@pytest.mark.parametrize(
    ("licence", "terms", "message"),
    [
        ("not stated", "media: {allows: publish, because: x}", "a `licence` that is stated"),
        ("CC0", "media: {allows: perhaps, because: x}", r"line 6: republish\.media\.allows: "),
        ("CC0", "texts: {allows: leave, because: x}", "texts of a source are shown"),
    ],
)
def test_terms_that_cannot_be_kept_are_refused(
    tmp_path: Path, licence: str, terms: str, message: str
) -> None:
    text = FEED.replace("licence: CC0", f"licence: {licence}") + f"republish:\n  {terms}\n"
    with pytest.raises(YamlFileError, match=message):
        AdFeedSpider.reader_of(write_feed(tmp_path, text), "panel")


def test_two_days_of_the_invented_feed_bring_news_a_change_and_one_ad_less(home: Home) -> None:
    source, partition = SOURCE, "invented_donations"
    with running_replica(day=1) as url:
        first = home.crawl(url, source, partition)
    with running_replica(day=2) as url:
        second = home.crawl(url, source, partition)
    assert (first.outcome, first.new) == ("done", 4)
    assert (second.outcome, second.new, second.changed, second.unchanged) == ("done", 1, 1, 2)
    assert second.vanished == 1


@needs_samples
@pytest.mark.parametrize(
    ("name", "file", "ads", "open_ends"),
    [
        ("guardian_2023_price", "guardian-oz2023-price.csv", 72, 0),
        ("guardian_2023_ads_classified", "guardian-oz2023-temp_ads_classify.csv", 80, 3),
    ],
)
def test_the_real_tables_of_a_newsroom_are_read_without_a_remainder(
    tmp_path: Path, name: str, file: str, ads: int, open_ends: int
) -> None:
    reader = AdFeedSpider.reader_of(Settings(home=tmp_path), name)
    path = SAMPLES / "meta-ad-library-api" / file
    readings = list(read_delivery(reader, SourceFile.from_path(path)))
    assert refusals(readings) == []
    read_ads = [ad for ad in records(readings) if isinstance(ad, AdRecord)]
    assert len({ad.ref for ad in read_ads}) == len(read_ads) == ads
    assert sum(ad.impressions_upper is None for ad in read_ads) == open_ends
    assert all(ad.spend_upper_minor and ad.declared_political for ad in read_ads)
