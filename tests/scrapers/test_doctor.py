"""The doctor says what works, what lacks and what to type, and changes nothing."""

from config.settings import Settings
from scrapers.doctor import examine, tell_findings


def find(settings: Settings, name: str):
    return next(finding for finding in examine(settings) if finding.name == name)


def test_a_made_archive_is_well(home):
    assert all(finding.works for finding in examine(home.settings) if finding.is_needed)


def test_a_missing_archive_is_not_made_but_told(tmp_path):
    settings = Settings(home=tmp_path / "nowhere", meilisearch_url="http://127.0.0.1:9")

    archive = find(settings, "archive")

    assert (archive.works, archive.to_type) == (False, "paidforby init")
    assert not settings.home.exists()


def test_servers_that_do_not_answer_are_named_with_what_to_check(tmp_path):
    settings = Settings(
        home=tmp_path,
        database_url="postgresql+psycopg://nobody@127.0.0.1:9/none",
        meilisearch_url="http://127.0.0.1:9",
    )

    assert "PAIDFORBY_DATABASE_URL" in find(settings, "archive").to_type
    assert "PAIDFORBY_MEILISEARCH_URL" in find(settings, "Meilisearch").to_type


def test_what_is_only_optional_is_no_illness_and_no_token_is_shown(home):
    lines = "\n".join(tell_findings(examine(home.settings)))

    assert "Meilisearch   not set" in lines
    assert home.settings.meta_access_token.get_secret_value() not in lines


def test_the_command_ends_with_one_when_something_needed_lacks(tmp_path, home):
    nowhere = type(home)(home.settings.model_copy(update={"home": tmp_path / "no"}), home.engine)
    assert home.command("doctor").returncode == 0
    assert nowhere.command("doctor", "--json").returncode == 1
