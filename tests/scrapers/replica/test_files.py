"""Files are served as a careful web server would: the day over the day before, resumable, stable."""

import io
import zipfile
from pathlib import Path

import pytest

from scrapers.replica.serve import running_replica
from tests.scrapers.replica.asking import BUNDLE, FEC, get, read_member


def test_robots_may_read_everything(day_1: str) -> None:
    assert "Disallow" not in get(day_1, "/robots.txt").text
    assert "Allow: /" in get(day_1, "/robots.txt").text


def test_an_unchanged_file_is_not_sent_again(day_1: str) -> None:
    first = get(day_1, BUNDLE)
    again = get(day_1, BUNDLE, {"If-None-Match": first.headers["ETag"]})
    later = get(day_1, BUNDLE, {"If-Modified-Since": first.headers["Last-Modified"]})
    assert (first.status_code, again.status_code, later.status_code) == (200, 304, 304)
    assert again.content == b""


def test_a_download_resumes_where_it_broke_off(day_1: str) -> None:
    whole = get(day_1, BUNDLE)
    middle = len(whole.content) // 2
    headers = {"Range": f"bytes={middle}-", "If-Range": whole.headers["ETag"]}
    rest = get(day_1, BUNDLE, headers)
    assert rest.status_code == 206
    assert whole.content[:middle] + rest.content == whole.content


def test_a_download_of_a_file_that_changed_starts_over(day_1: str, day_2: str) -> None:
    old_tag = get(day_1, BUNDLE).headers["ETag"]
    answer = get(day_2, BUNDLE, {"Range": "bytes=100-", "If-Range": old_tag})
    assert answer.status_code == 200
    assert zipfile.is_zipfile(io.BytesIO(answer.content))


def test_a_range_behind_the_end_is_refused(day_1: str) -> None:
    assert get(day_1, BUNDLE, {"Range": "bytes=99999999-"}).status_code == 416


def test_a_file_that_does_not_exist_is_not_found(day_1: str) -> None:
    assert get(day_1, "/snap/political/1999/PoliticalAds.zip").status_code == 404
    assert get(day_1, "/snap/../../pyproject.toml").status_code == 404


def test_a_zip_is_the_same_bytes_whenever_it_is_made(day_1: str) -> None:
    with running_replica() as another:
        assert get(another, BUNDLE).content == get(day_1, BUNDLE).content


def test_a_file_that_day_2_leaves_alone_keeps_its_tag(day_1: str, day_2: str) -> None:
    tags = {get(day, f"{FEC}/cm20.zip").headers["ETag"] for day in (day_1, day_2)}
    changed = {get(day, f"{FEC}/oppexp20.zip").headers["ETag"] for day in (day_1, day_2)}
    assert (len(tags), len(changed)) == (1, 2)


def test_a_new_source_needs_a_folder_and_no_code(tmp_path: Path) -> None:
    folder = tmp_path / "nl_register" / "day-1" / "open" / "all.zip"
    folder.mkdir(parents=True)
    (folder / "list.csv").write_text("name\nNobody\n")
    with running_replica(fixtures=tmp_path) as address:
        assert (
            read_member(get(address, "/nl_register/open/all.zip"), "list.csv") == "name\nNobody\n"
        )


def test_fixtures_without_a_first_day_do_not_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="day-1"), running_replica(fixtures=tmp_path):
        pass
