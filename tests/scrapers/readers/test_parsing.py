from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records.money import EXPONENTS, to_minor, to_units
from scrapers.readers import parsing
from scrapers.readers.fields import LONGEST_REASON, FieldError, Fields, take_targeting

CURRENCIES = st.sampled_from(sorted(EXPONENTS))


@given(currency=CURRENCIES, minor=st.integers(0, 10**8))
def test_an_amount_written_out_is_read_as_itself(currency: str, minor: int) -> None:
    assert parsing.read_amount(f"{to_units(minor, currency):f}", currency) == minor


@given(currency=CURRENCIES, minor=st.integers(1, 10**8), digit=st.integers(1, 9))
def test_an_amount_finer_than_its_currency_is_refused(
    currency: str, minor: int, digit: int
) -> None:
    written = f"{to_units(minor, currency):f}"
    finer = written + ("" if "." in written else ".") + str(digit)
    with pytest.raises(ValueError, match="more decimals"):
        parsing.read_amount(finer, currency)


@given(text=st.from_regex(r"0*[0-9]{1,18}", fullmatch=True), currency=CURRENCIES)
def test_digits_alone_are_the_amount_their_decimal_is(text: str, currency: str) -> None:
    most = 10**15
    limit = most * parsing.SMALL_UNIT_FACTOR if currency in parsing.SMALL_UNITS else most
    if Decimal(text) > limit:
        with pytest.raises(ValueError, match="too large"):
            parsing.read_amount(text, currency, most)
    else:
        assert parsing.read_amount(text, currency, most) == to_minor(text, currency)


def test_digits_in_a_currency_no_one_knows_are_refused() -> None:
    with pytest.raises(ValueError, match="not an ISO 4217"):
        parsing.read_amount("12", "EURO")


@given(
    st.lists(
        st.sampled_from(
            [
                "https://",
                "http:",
                "ftp://",
                "//",
                "harbour.example",
                "[",
                "::1]",
                "ü",
                "℀",
                "/",
                "a",
            ]
        )
    )
)
def test_an_address_is_refused_where_its_parts_cannot_be_told(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        parts = urlsplit(text)
        fit = parts.scheme in ("", "http", "https") or "//" not in text
    except ValueError:
        fit = False
    if fit:
        assert parsing.read_address(text) == text
    else:
        with pytest.raises(ValueError, match=r".+"):
            parsing.read_address(text)


@given(st.text(max_size=20))
def test_a_text_is_an_amount_of_at_least_nothing_or_is_refused(text: str) -> None:
    try:
        amount = parsing.read_amount(text, "EUR")
    except ValueError:
        return
    assert amount >= 0


@pytest.mark.parametrize(
    "text", ["1e3", "1,000", "£5", "NaN", "inf", "", "1.", "--1", "\u0661\u0662", "1" * 5_000]
)
def test_what_is_no_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each has words of its own)
        parsing.read_amount(text, "EUR")


def test_an_amount_may_begin_with_its_point() -> None:
    assert parsing.read_amount(".47", "USD") == 47


def test_a_negative_amount_is_refused_unless_signs_are_expected() -> None:
    with pytest.raises(ValueError, match="negative"):
        parsing.read_amount("-5", "USD")
    assert parsing.read_signed_amount("-5", "USD") == -500


@pytest.mark.parametrize(
    ("currency", "most"), [("USD", 200_000_000), ("HUF", 200_000_000_000), (None, 200_000_000)]
)
def test_an_amount_too_large_to_be_true_is_refused(currency: str | None, most: int) -> None:
    assert parsing.read_amount(str(most), currency) > 0
    with pytest.raises(ValueError, match="too large"):
        parsing.read_amount(str(most + 1), currency)


@pytest.mark.parametrize("text", ["-1", "1.5", "1e3", "²", "", "999999999999999"])
def test_what_is_no_plain_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each has words of its own)
        parsing.read_count(text)


def test_an_id_that_a_spreadsheet_rounded_is_refused() -> None:
    with pytest.raises(ValueError, match="digits are lost"):
        parsing.read_ref("1.70585E+15")


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("≤ 10k", (0, 10_000)),
        ("10k-100k", (10_000, 100_000)),
        ("100k–1M", (100_000, 1_000_000)),
        ("> 10M", (10_000_000, None)),
        ("1000-2000", (1_000, 2_000)),
    ],
)
def test_buckets_keep_the_edges_they_are_published_with(
    text: str, bounds: tuple[int, int | None]
) -> None:
    assert parsing.read_bucket(text) == bounds


@pytest.mark.parametrize("text", ["10", "a-b", "10k-", "1-2-3", "≤ 10G", "- 5"])
def test_an_unknown_bucket_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="bucket"):
        parsing.read_bucket(text)


def test_a_share_may_be_written_with_an_exponent() -> None:
    assert parsing.read_share("5.6E-5") == pytest.approx(0.000056)


@pytest.mark.parametrize("text", ["1.1", "-0.1", "NaN", "half"])
def test_a_share_outside_0_to_1_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"share|between 0 and 1"):
        parsing.read_share(text)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_a_list_printed_by_python_is_read_back(items: list[str]) -> None:
    assert parsing.read_sequence(repr(items)) == items


def test_a_text_that_only_begins_like_a_list_is_a_text() -> None:
    for text in ("[VIDEO] Vote for the harbour", "[UPDATE] Vote now [RSVP]", "[2024]", "[exit()]"):
        assert parsing.read_texts(text) == [text]


@pytest.mark.parametrize("text", ["6.39E+14", "639357000000000.0", "639357000000000,00"])
def test_an_id_that_a_program_rounded_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="rounded"):
        parsing.read_ref(text)


@pytest.mark.parametrize("text", ["['x', __import__('os')]", "['open]", "[" * 50_000 + "]"])
def test_a_list_that_is_none_is_refused_and_never_run(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        parsing.read_sequence(text)


def test_a_list_of_a_million_items_in_one_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="200,000 items of a list"):
        parsing.read_sequence("[" + "1," * 1_000_000 + "1]")


def test_a_refusal_names_the_field_and_quotes_no_more_than_a_little() -> None:
    with pytest.raises(FieldError) as refused:
        Fields({"Spend": "9" * 4_000}).take("Spend", lambda text: parsing.read_amount(text, "EUR"))
    assert refused.value.field == "Spend"
    assert len(refused.value.reason) <= LONGEST_REASON


def test_a_field_that_is_blank_is_told_from_one_that_is_absent() -> None:
    fields = Fields({"Bylines": " "})
    wanted = {"payer": ("Bylines", parsing.read_text), "sponsor": ("Sponsor", parsing.read_text)}
    assert fields.take_present(wanted) == {"payer": None}


def test_what_no_one_takes_is_kept_under_the_name_the_source_gave_it() -> None:
    fields = Fields({"taken": "x", "list": [1, "ü"], "blank": "", "text": "as it is"})
    fields.take("taken", parsing.read_text)
    assert fields.rest() == {"list": '[1, "ü"]', "text": "as it is"}


def test_targeting_keeps_the_words_of_the_source() -> None:
    fields = Fields({"Where": "Lampton, Examplia, Saltmarsh", "Where not": " "})
    columns = {"Where": ("location", "include"), "Where not": ("location", "exclude")}
    (only,) = take_targeting(fields, columns)
    assert only == {
        "dimension": "location",
        "mode": "include",
        "text": "Lampton, Examplia, Saltmarsh",
    }
