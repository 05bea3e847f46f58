"""Sums of money brought into one currency, as programs ask for them."""

import csv
import io
import re


def test_a_conversion_says_by_which_rates_of_which_day_and_source(ask):
    answer = ask("GET", "/spend?convert_to=USD").json()
    conversion = answer["conversion"]
    assert conversion["to"] == "USD"
    assert "rounded down" in conversion["rule"]
    assert {rate["currency"] for rate in conversion["rates"]} >= {"USD"}
    for rate in conversion["rates"]:
        assert rate["first_rate_on"] <= rate["last_rate_on"]
        assert rate["source"]
        assert rate["method"] == "daily_rates"
        assert rate["daily_rates"] >= 1
    assert "USD" in {group["currency"] for group in answer["groups"]}


def test_a_table_names_the_currencies_that_came_into_each_row(ask):
    text = ask("GET", "/spend?convert_to=USD&format=csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert "EUR" in rows[0]["converted_from"]
    assert int(rows[0]["lower_minor"]) <= int(rows[0]["mean_lower_minor"])
    assert rows[0]["upper_minor"] == rows[0]["mean_upper_minor"] == ""


def test_the_page_marks_what_was_converted_and_keeps_what_was_stated(client):
    page = client.get("/spend?convert_to=USD").text
    assert '<option value="USD" selected>converted to USD</option>' in page
    assert "Converted from EUR by this archive." in page
    assert re.search(
        r"converted at the lowest and highest rate; as stated: [\d,]+ to [\d,]+ EUR", page
    )
    assert re.search(r"about [\d,.]+ to [\d,.]+ USD at the mean rate", page)
    assert "European Central Bank, euro foreign exchange reference rates" in page


def test_the_page_offers_to_convert_and_does_not_unasked(client):
    page = client.get("/spend").text
    assert '<option value="" selected>as it is</option>' in page
    assert "as stated:" not in page


def test_the_page_refuses_a_currency_without_rates_by_name(client):
    answer = client.get("/spend?convert_to=UAH")
    assert answer.status_code == 400
    assert "There is no exchange rate of &#39;UAH&#39;" in answer.text


def test_without_the_wish_nothing_is_converted(ask):
    answer = ask("GET", "/spend").json()
    assert answer["conversion"] is None
    assert [group["converted_from"] for group in answer["groups"]] == [[]] * len(answer["groups"])
