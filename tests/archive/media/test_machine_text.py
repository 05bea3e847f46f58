"""Words in pictures, by Tesseract where there is one; where not, that is said and nothing is made up."""

import os
from pathlib import Path

import pytest
from PIL import Image

from archive.media import machine_text
from archive.media.machine_text import find_tesseract, read_words
from tests.drawn import draw_scene, draw_words, encode_picture, make_bomb
from tests.servers import MissingServerError, report_missing


@pytest.fixture
def poster(tmp_path) -> Path:
    path = tmp_path / "poster.jpg"
    path.write_bytes(encode_picture(draw_words("PAID FOR BY HARBOUR"), "JPEG", quality=90))
    return path


@pytest.fixture
def pretend(tmp_path, monkeypatch):
    """Put a program named tesseract on the PATH that does what a test says."""
    machine_text.name_version.cache_clear()

    def make(script: str) -> None:
        program = tmp_path / "bin" / "tesseract"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    yield make
    machine_text.name_version.cache_clear()


def test_the_real_program_reads_large_words(poster):
    if find_tesseract() is None:
        report_missing(MissingServerError("no tesseract here; Debian has it as tesseract-ocr"))

    words = read_words(poster, "image/jpeg")

    assert (words.text, words.missing) == ("PAID FOR BY HARBOUR", None)
    assert words.by.startswith("tesseract")


def test_without_tesseract_it_was_not_looked(poster, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    words = read_words(poster, "image/jpeg")

    assert (words.text, words.missing) == (None, "not_looked")
    assert words.by == "this machine has no tesseract"


def test_what_the_program_reads_is_marked_with_its_name_and_version(poster, pretend):
    pretend('[ "$1" = --version ] && echo "tesseract 9.9" && exit; echo " PAID FOR BY HARBOUR "')

    words = read_words(poster, "image/jpeg")

    assert (words.text, words.missing) == ("PAID FOR BY HARBOUR", None)
    assert words.by == "tesseract 9.9"


def test_a_picture_without_words_has_an_empty_text_and_no_lack(poster, pretend):
    pretend("exit 0")

    words = read_words(poster, "image/jpeg")

    assert (words.text, words.missing) == ("", None)


def test_the_program_is_handed_a_png_made_here_and_no_secret(tmp_path, pretend, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_META_ACCESS_TOKEN", "FICTIONAL-TOKEN")
    pretend(f'[ "$1" = --version ] && exit; cat > {tmp_path}/given.png; env')
    path = tmp_path / "large.jpg"
    path.write_bytes(encode_picture(draw_scene(size=(3000, 1500)), "JPEG"))

    words = read_words(path, "image/jpeg")

    with Image.open(tmp_path / "given.png") as given:
        assert (given.format, given.size) == ("PNG", (2000, 1000))
    assert "FICTIONAL-TOKEN" not in words.text
    assert "OMP_THREAD_LIMIT=1" in words.text


@pytest.mark.parametrize(
    ("script", "why"), [("exit 1", "tesseract failed on it"), ("exec sleep 30", "took longer")]
)
def test_a_program_that_fails_or_hangs_leaves_the_words_unreadable(
    poster, pretend, monkeypatch, script, why
):
    monkeypatch.setattr(machine_text, "MOST_SECONDS", 0.3)
    pretend(script)

    words = read_words(poster, "image/jpeg")

    assert (words.text, words.missing) == (None, "unreadable")
    assert why in words.by


def test_what_cannot_be_unpacked_is_handed_to_nobody(tmp_path, pretend):
    pretend(f"touch {tmp_path}/was-called")
    path = tmp_path / "bomb.png"
    path.write_bytes(make_bomb())

    words = read_words(path, "image/png")

    assert (words.text, words.missing) == (None, "unreadable")
    assert not (tmp_path / "was-called").exists()


def test_words_are_looked_for_in_pictures_only(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<html>words</html>")

    words = read_words(path, "text/html")

    assert (words.text, words.missing) == (None, "not_provided")
