"""The page of a rule about a sum says what is added up, and that no ad is held against it yet."""

from tests.oversight.rules.drafts import CAP


def test_the_page_of_a_rule_about_a_sum_says_what_it_adds_up(settings, request):
    path = settings.home / "config" / "rules" / "xx" / "xx-named.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(CAP, encoding="utf-8")
    page = request.getfixturevalue("client").get("/rules/xx-named").text
    assert "The spend of all ads of one payer within the window is added up" in page
    assert "This is checked and not evaluated yet" in page
    assert "in sum 500.00 EUR to 1000.00 EUR" in page
    assert "in sum 1000.01 EUR or more" in page
    assert "being written; no ad is held against it" in page
    told = request.getfixturevalue("ask")("GET", "/rules/xx-named").json()
    assert (told["stage"], told["file"]["sum"]["over"]) == ("draft", "1000.00 EUR")
