"""The payer that a report names beside an amount, as people and programs see it."""

import csv
import io
import re

from tests.api.test_corrections import NEXT_DAY, read_items, state


def test_an_advertisers_page_tells_who_paid_each_amount_and_that_nobody_is_named(client, take_in):
    take_in([state(100_00, payer_name="Harbour Trust"), state(30_00, payer_name="")])
    page = client.get("/advertisers/example:page-1").text
    assert '<td data-label="Paid by"><bdi>Harbour Trust</bdi></td>' in page
    assert re.search(r'data-label="Paid by"><span class="unknown">unknown: the source has', page)


def test_of_a_source_that_names_no_payers_the_page_has_no_such_column(client, take_in):
    take_in([state(100_00)])
    assert "Paid by" not in client.get("/advertisers/example:page-1").text


def test_sums_by_payer_and_of_one_payer_are_asked_of_what_sources_state(client, take_in):
    take_in([state(100_00, payer_name="Harbour Trust"), state(30_00)])
    asked = {"measure": "reported", "from": "2026-02-01", "to": "2026-02-07"}
    groups = client.get("/api/v1/spend", params=asked | {"by": "payer"}).json()["groups"]
    found = [(group["key"], group["lower_minor"]) for group in groups]
    assert found == [("Harbour Trust", 100_00), ("unknown:not_provided", 30_00)]
    one = client.get("/api/v1/spend", params=asked | {"payer": "Harbour Trust"}).json()
    assert [group["lower_minor"] for group in one["groups"]] == [100_00]
    table = client.get("/api/v1/downloads/advertiser_spend.csv").text
    names = {row["payer_name"] for row in csv.DictReader(io.StringIO(table))}
    assert names >= {"Harbour Trust", ""}


def test_a_correction_names_the_payer_whose_amount_it_is_of(client, take_in):
    take_in([state(100_00, payer_name="Harbour Trust")])
    take_in([state(150_00, payer_name="Harbour Trust")], NEXT_DAY)
    [one] = read_items(client)
    assert one["figure"] == (
        "Harbour Party, the week from 2026-02-01, in weekly, paid by Harbour Trust"
    )
