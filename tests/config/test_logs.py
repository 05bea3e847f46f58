"""A log says who says what and when, on one line, in the form that was asked for, and counts what repeats."""

import json
import logging
import warnings
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from archive.terminal import note
from config.logs import MOST_COUNTED, LogForm, is_log_kept, kept_log, under_way

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()

Say = Callable[..., None]


@pytest.fixture
def say() -> Say:
    """Log something so many seconds after noon."""

    def log(text: str, after: float = 0, level: int = logging.WARNING, **values: object) -> None:
        record = logging.LogRecord("api.x", level, "x.py", 1, text, None, None)
        record.created = NOON + after
        vars(record).update(values)
        logging.getLogger("api.x").handle(record)

    return log


def test_as_text_a_line_begins_with_time_level_and_process(say, capsys) -> None:
    with kept_log(LogForm.TEXT, "worker"):
        say("a crawl ended", level=logging.INFO, source="snap", seconds=3)

    line = capsys.readouterr().err
    assert line.startswith("2026-03-01 12:00:00 UTC info worker[")
    assert line.endswith("]: a crawl ended source=snap seconds=3\n")


def test_as_json_each_line_is_one_object_with_the_fields_that_were_given(say, capsys) -> None:
    with kept_log(LogForm.JSON, "worker"), under_way(run=7):
        say("a crawl\nended", source="snap", at=datetime(2026, 3, 1, tzinfo=UTC))
        note("nothing is due")

    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first["time"] == "2026-03-01T12:00:00+00:00"
    told = {name: first[name] for name in ("level", "process", "message", "run", "source")}
    assert told == {
        "level": "warning",
        "process": "worker",
        "message": "a crawl\nended",
        "run": 7,
        "source": "snap",
    }
    assert (second["message"], second["level"], second["run"]) == ("nothing is due", "info", 7)


def test_nobody_elses_words_feign_a_line_or_a_field_of_ours(say, capsys) -> None:
    with kept_log(LogForm.TEXT, "serve"):
        say("GET /%0a\n2026-03-01 12:00:01 UTC info serve[1]: all is well\x1b[2J")
    with kept_log(LogForm.JSON, "serve"):
        say("x", process="another", level_of="y", time="never")

    text, as_json = capsys.readouterr().err.splitlines()
    assert r"/%0a\n2026" in text
    assert "\x1b" not in text
    assert (json.loads(as_json)["process"], json.loads(as_json)["time"][:4]) == ("serve", "2026")


def fail() -> None:
    raise ValueError("hunter2\n2026 feigned")


@pytest.mark.parametrize("form", LogForm)
def test_an_error_comes_with_its_traceback_and_without_what_may_stand_in_no_log(
    form: LogForm, capsys
) -> None:
    with kept_log(form, "crawl", lambda text: text.replace("hunter2", "REDACTED")):
        try:
            fail()
        except ValueError:
            logging.getLogger("scrapy").exception("of hunter2", extra={"key": "hunter2"})

    lines = capsys.readouterr().err.splitlines()
    assert "hunter2" not in "".join(lines)
    if form is LogForm.JSON:
        assert json.loads(lines[0])["error"].startswith("Traceback")
        assert len(lines) == 1
    else:
        assert lines[1].strip().startswith("Traceback")
        assert all(line.startswith("    ") for line in lines[1:])


def test_a_warning_that_repeats_is_written_once_and_counted(say, capsys) -> None:
    with kept_log(LogForm.TEXT, "serve"):
        for after in range(50):
            say("no room for a connection", after)
            say("another trouble", after) if after == 10 else None
        say("later", 61)
        say("no room for a connection", 62)

    lines = [line.partition("]: ")[2] for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "no room for a connection",
        "another trouble",
        "49 times more in 49 s: no room for a connection repeated=49",
        "later",
        "no room for a connection",
    ]


def test_of_a_library_the_same_with_other_numbers_is_a_repeat_and_of_ours_it_is_news(
    capsys,
) -> None:
    with kept_log(LogForm.TEXT, "serve"):
        for number in (1, 2, 3):
            logging.getLogger("asyncio").error(
                "failed <TimerHandle when=%s at 0x7f%sa>", number, number
            )
            logging.getLogger("scrapers.work").warning("row %s is put aside", number)

    told = [line.partition("]: ")[2] for line in capsys.readouterr().err.splitlines()]
    assert [line for line in told if line.startswith("row")] == [
        f"row {number} is put aside" for number in (1, 2, 3)
    ]
    assert len([line for line in told if line.startswith("failed")]) == 1
    assert any(line.startswith("2 times more in ") for line in told)


def test_what_is_still_counted_when_the_log_ends_is_told(say, capsys) -> None:
    with kept_log(LogForm.JSON, "serve"):
        for after in (0, 1, 2):
            say("no room", after)

    assert json.loads(capsys.readouterr().err.splitlines()[-1])["repeated"] == 2


def test_news_is_not_counted_however_often_it_comes(say, capsys) -> None:
    with kept_log(LogForm.TEXT, "serve"):
        for _ in range(3):
            say("GET / 200", level=logging.INFO)

    assert len(capsys.readouterr().err.splitlines()) == 3


def test_ever_new_warnings_fill_no_memory(say, capsys) -> None:
    with kept_log(LogForm.TEXT, "serve"):
        say("the first")
        say("the first", 1)
        for number in range(MOST_COUNTED):
            say(f"{number}", 2)

    lines = capsys.readouterr().err.splitlines()
    assert lines[-2].endswith("]: 1 time more in 1 s: the first repeated=1")


def test_of_libraries_only_what_warns_is_told(capsys) -> None:
    with kept_log(LogForm.TEXT, "crawl"):
        for name in ("scrapy.core.engine", "scrapers.work"):
            logger = logging.getLogger(name)
            logger.setLevel(logging.DEBUG)
            logger.info("info of %s", name)
            logger.setLevel(logging.NOTSET)

    told = capsys.readouterr().err
    assert "info of scrapers.work" in told
    assert "scrapy" not in told


def test_a_warning_of_python_is_a_line_too(capsys) -> None:
    with (
        warnings.catch_warnings(),
        kept_log(LogForm.JSON, "serve"),
        kept_log(LogForm.JSON, "crawl"),
    ):
        warnings.simplefilter("always")
        warnings.warn("this will go away", UserWarning, stacklevel=1)

    assert "UserWarning: this will go away" in json.loads(capsys.readouterr().err)["message"]


def test_a_note_stands_alone_where_no_log_is_kept(capsys) -> None:
    with kept_log(LogForm.TEXT, "worker"), kept_log(LogForm.JSON, "crawl"):
        assert is_log_kept()
    note("next: paidforby stats")

    assert not is_log_kept()
    assert capsys.readouterr().err == "next: paidforby stats\n"
