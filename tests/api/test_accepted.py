"""A reader who says how much it wants a kind of answer is heard, also where that is not at all."""

import pytest

from api.accepted import read_accepted, weigh


@pytest.mark.parametrize(
    ("header", "weight"),
    [
        ("application/json", 1),
        ("application/json;q=0", 0),
        ("APPLICATION/JSON ; charset=utf-8 ; Q=0.25", 0.25),
        ("text/html, application/*;q=0.5", 0.5),
        ("*/*;q=0.1", 0.1),
        ("application/json;q=0, */*", 0),
        ("text/html", 0),
        ("application/json;q=much", 1),
        ("", 0),
    ],
)
def test_a_media_type_weighs_as_the_closest_range_says(header, weight):
    assert weigh(read_accepted(header), "application/json") == weight


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("application/json", "application/problem+json"),
        ("application/json, text/plain, */*", "application/problem+json"),
        ("application/json;q=0.2, text/html;q=0", "application/problem+json"),
        ("application/json;q=0", "text/html"),
        ("application/json;q=0.5, text/html", "text/html"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
    ],
)
def test_an_error_is_a_page_or_a_problem_as_the_reader_wants_it(client, accept, given):
    answer = client.get("/nowhere", headers={"accept": accept})
    assert answer.headers["content-type"].startswith(given)
