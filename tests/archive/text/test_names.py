"""Which spellings of a name are one name."""

import pytest

from archive.text.names import fold_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME, Inc.", "Acme Inc"),
        ("José Pérez", "JOSE  PEREZ"),
        ("Łódź razem", "lodz RAZEM"),
        ("L'Union", "L’union"),
        ("جبهة", "جبهه"),
    ],
)
def test_spellings_of_a_name_have_one_key(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


def test_names_of_different_words_have_different_keys() -> None:
    assert fold_name("Clean Air Alliance") != fold_name("Cleanair Alliance")


def test_a_name_of_signs_alone_keeps_them() -> None:
    assert fold_name(" ★  ☆ ") == "★ ☆"
    assert fold_name("★") != fold_name("☆")
