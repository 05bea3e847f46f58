"""Each credential has an owner, an end and a test call; an end that is near is told, one past stops."""

from datetime import date, timedelta

import pytest

from archive.models.runs import Outcome
from archive.reading.coverage import cover_source
from archive.store.database import read
from config.settings import Settings
from config.yaml_files import YamlFileError
from scrapers.replica.faults import Fault
from scrapers.replica.serve import running_replica
from scrapers.work.plan.credentials import list_standings, list_warnings, read_credentials
from tests.scrapers.crawls import FOREVER, META, TOKEN, Home, now
from tests.scrapers.replica.meta_faults import refuse_call

TODAY = date(2026, 3, 1)


def write_credential(settings: Settings, text: str, source: str = "meta_ad_library") -> None:
    folder = settings.home / "config" / "credentials"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{source}.yaml").write_text(text)


def say_expiry(settings: Settings, expires_on: date) -> None:
    write_credential(settings, f"owner: The Data Desk\nexpires_on: {expires_on}\n")


def meta_standing(settings: Settings):
    return next(s for s in list_standings(settings) if s.source == "meta_ad_library")


@pytest.mark.parametrize(
    ("days", "warned", "stage"),
    [(15, False, None), (14, True, 14), (8, True, 14), (7, True, 7), (1, True, 1), (0, True, 0)],
)
def test_an_end_is_warned_of_14_7_and_1_days_before(home, days, warned, stage):
    say_expiry(home.settings, TODAY + timedelta(days=days))
    warnings = list_warnings(list_standings(home.settings), TODAY)
    assert [w.source for w in warnings] == (["meta_ad_library"] if warned else [])
    assert [w.id.rsplit("/", 1)[1] for w in warnings] == ([str(stage)] if warned else [])


def test_a_warning_names_the_owner_and_the_day(home):
    say_expiry(home.settings, TODAY + timedelta(days=1))
    (warning,) = list_warnings(list_standings(home.settings), TODAY)
    assert warning.reason == "The Data Desk answers for it; it expires on 2026-03-02, in 1 day"


def test_a_credential_of_which_nothing_is_known_is_told_as_such(home):
    assert "nobody has said whose it is" in meta_standing(home.settings).tell(TODAY)


def test_a_credential_may_have_no_end(home):
    write_credential(home.settings, "owner: The Data Desk\nexpires_on: null\n")
    assert meta_standing(home.settings).tell(TODAY).endswith("it does not expire")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("owner: The Data Desk\nexpires_on: soon\n", "line 2: expires_on"),
        ("owner: The Data Desk\n", "expires_on: Field required"),
        ("owner: Desk\nexpires_on: 2026-03-01\ntoken: abc\n", "line 3: token"),
    ],
)
def test_a_file_that_is_wrong_or_holds_a_secret_is_refused_by_line_and_field(home, text, where):
    write_credential(home.settings, text)
    with pytest.raises(YamlFileError, match=where):
        read_credentials(home.settings).find("meta_ad_library")


def test_a_credential_of_no_source_is_refused(home):
    write_credential(home.settings, "owner: Desk\nexpires_on: null\n", source="nobody")
    with pytest.raises(YamlFileError, match="there is no source 'nobody'"):
        read_credentials(home.settings).find("nobody")


def test_an_expired_credential_blocks_the_run_which_is_a_public_gap(home):
    say_expiry(home.settings, now().date())
    received = []
    with running_replica(received=received) as url:
        run = home.crawl_meta(url)

    assert run.outcome == Outcome.BLOCKED
    assert f"the credential of meta_ad_library expired on {now().date()}" in run.reason
    assert "The Data Desk can renew it" in run.reason
    assert received == []
    with read(home.engine) as session:
        (gap,) = cover_source(session, "meta_ad_library", now=now()).gaps
    assert gap.reason == f"the credential of meta_ad_library expired on {now().date()}"


def test_a_source_whose_file_is_bad_is_not_crawled_and_the_run_says_why_in_public(home):
    write_credential(home.settings, "owner: The Desk\nexpires_on: 2026-02-30\n")
    received = []
    with running_replica(received=received) as url:
        run = home.crawl_meta(url)
        other = home.crawl(url, "snap", "2025")

    assert (run.outcome, other.outcome) == (Outcome.BLOCKED, Outcome.DONE)
    assert run.reason == (
        "credentials/meta_ad_library.yaml cannot be used; paidforby doctor says why"
    )


def test_the_last_day_before_the_end_is_a_day_to_look(home):
    say_expiry(home.settings, now().date() + timedelta(days=2))
    with running_replica() as url:
        assert home.crawl_meta(url).outcome == Outcome.DONE


def call_meta(home: Home, url: str):
    return home.command(
        "credentials", "test", "meta_ad_library", "--base-url", f"{url}/meta_ad_library"
    )


def test_the_test_call_tells_whether_the_source_takes_the_credential(home):
    received = []
    with running_replica(received=received) as url:
        taken = call_meta(home, url)
    with running_replica(faults=[Fault(META, refuse_call(190), times=FOREVER)]) as url:
        refused = call_meta(home, url)

    assert (taken.returncode, refused.returncode) == (0, 1)
    assert taken.stdout.startswith("meta_ad_library: taken")
    assert refused.stdout.startswith("meta_ad_library: refused: Meta answered with error 190")
    assert len([r for r in received if "ads_archive" in r.path]) == 1
    assert home.runs() == []
    for told in (taken, refused):
        assert TOKEN not in told.stdout + told.stderr


def test_the_command_says_how_every_credential_stands(home):
    say_expiry(home.settings, date(2031, 5, 6))
    told = home.command("credentials", "list")
    assert told.returncode == 0
    assert "The Data Desk answers for it; it expires on 2031-05-06" in told.stdout
