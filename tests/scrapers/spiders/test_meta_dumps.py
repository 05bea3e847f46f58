"""Collections of Meta's ads that others flattened to tables."""

import pytest

from archive.records import AdRecord
from tests.scrapers.samples import needs_samples, read_all, read_sample, records, refusal, refusals

SOURCE = "meta_ad_library"
FOLDER = "meta-ad-library-api"

DUMP_HEADER = (
    ",ad_creative_bodies,ad_creative_link_titles,bylines,page_name,page_id,id,"
    "impressions.lower_bound,impressions.upper_bound,spend.lower_bound,spend.upper_bound"
)
DUMP_ROW = (
    '0,"[\'Vote for the harbour\']","[""Harbour\'s plan""]",Harbour Party,Harbour,9001,'
    "999000000000002,1000000,,0,99"
)


def read_dump(*rows: str, header: str = DUMP_HEADER) -> list[AdRecord]:
    readings = read_all(SOURCE, "dump.csv", "\n".join([header, *rows]) + "\n")
    return [record for record in records(readings) if isinstance(record, AdRecord)]


def test_a_dump_is_read_like_the_objects_it_was_made_of() -> None:
    (ad,) = read_dump(DUMP_ROW)
    assert (ad.ref, ad.bodies, ad.titles) == (
        "999000000000002",
        ["Vote for the harbour"],
        ["Harbour's plan"],
    )
    assert (ad.impressions_lower, ad.impressions_upper) == (1_000_000, None)
    assert (ad.spend_lower_minor, ad.spend_upper_minor) == (0, 99_00)
    assert ad.source_fields == {}


def test_what_a_dump_has_no_column_for_is_not_provided_and_what_is_blank_not_disclosed() -> None:
    (ad,) = read_dump(DUMP_ROW.replace("Harbour Party", ""))
    assert ad.missing["payer_name"] == "not_disclosed"
    names = ("currency", "started_on", "ended_on")
    assert {ad.missing[name] for name in names} == {"not_provided"}
    assert not {"currency", "started_on"} & set(ad.model_dump(exclude_none=True))


@pytest.mark.parametrize("characters", [30_000, 2_000_000])
def test_a_dumps_cell_may_be_very_long(characters: int) -> None:
    (ad,) = read_dump(DUMP_ROW.replace("Vote for the harbour", "V" * characters))
    assert len(ad.bodies[0]) == characters


def test_a_dump_with_a_renamed_column_is_held_whole() -> None:
    readings = read_all(
        SOURCE, "dump.csv", f"{DUMP_HEADER.replace(',id,', ',ad_id,')}\n{DUMP_ROW}\n"
    )
    assert (refusal(readings).line, refusal(readings).field) == (1, "id")


def test_a_dump_without_ids_has_them_in_the_addresses_of_its_snapshots() -> None:
    header, address = DUMP_HEADER.replace(",id,", ",ad_snapshot_url,"), "https://meta.example/?"
    row = DUMP_ROW.replace(
        "999000000000002", address + "id=123456789012345&access_token=OPENSESAME"
    )
    (ad,) = read_dump(row, header=header)
    assert ad.ref == "123456789012345"
    assert "OPENSESAME" not in ad.model_dump_json()
    readings = read_all(SOURCE, "dump.csv", f"{header}\n{row.replace('id=123456789012345', '')}\n")
    assert refusal(readings).field == "id"


def test_rows_of_a_dump_that_are_latin_1_are_held_and_the_others_read() -> None:
    rows = f"{DUMP_HEADER}\n{DUMP_ROW}\n".encode() + DUMP_ROW.replace("plan", "café").encode(
        "latin-1"
    )
    readings = read_all(SOURCE, "dump.csv", rows)
    assert (refusal(readings).line, refusal(readings).field) == (3, "ad_creative_link_titles")
    assert len(records(readings)) == 1


@needs_samples
def test_twelve_real_ads_ran_without_a_byline_and_five_hundred_without_a_currency() -> None:
    rows = records(read_sample(SOURCE, f"{FOLDER}/sfchronicle-FacebookAds-CT.csv"))
    ads = {ad.ref: ad for ad in rows if isinstance(ad, AdRecord)}
    undisclosed = [ad for ad in ads.values() if ad.missing.get("payer_name") == "not_disclosed"]
    assert (len(rows), len(ads), len(undisclosed)) == (1_285, 500, 12)
    assert {ad.missing["currency"] for ad in ads.values()} == {"not_provided"}


@needs_samples
@pytest.mark.parametrize("name", ["price", "temp_ads_classify"])
def test_a_newsrooms_own_table_is_held_and_breaks_nothing(name: str) -> None:
    assert len(refusals(read_sample(SOURCE, f"{FOLDER}/guardian-oz2023-{name}.csv"))) == 1


@pytest.mark.parametrize("word", ["NA", "<NA>", "NaN", "nan", "NULL", "#N/A"])
def test_what_a_program_writes_for_a_missing_value_is_a_blank_and_no_payer(word: str) -> None:
    row = DUMP_ROW.replace("Harbour Party", word).replace(",,0,99", f",{word},0,99")
    (ad,) = read_dump(row)
    assert (ad.payer_name, ad.missing["payer_name"]) == (None, "not_disclosed")
    assert ad.impressions_upper is None


def test_where_a_name_could_be_meant_such_a_word_is_a_name() -> None:
    (quoted,) = read_dump(DUMP_ROW.replace("Harbour Party", '"NA"'))
    (page,) = read_dump(DUMP_ROW.replace(",Harbour,9001", ",NA,9001"))
    assert (quoted.payer_name, page.advertiser_name) == ("NA", "NA")


def test_a_page_id_that_a_program_made_a_number_with_a_point_holds_its_row() -> None:
    held = refusal(
        read_all(SOURCE, "dump.csv", f"{DUMP_HEADER}\n{DUMP_ROW.replace(',9001,', ',9001.0,')}\n")
    )
    assert (held.field, held.ref, held.hides) == ("page_id", "999000000000002", False)
