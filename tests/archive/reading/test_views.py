"""Views: each shows the fields it names and no other, in the table's words and in its order."""

import pytest
from sqlmodel import Field, SQLModel

from archive.reading.descriptions import view_of


class Box(SQLModel):
    """Stands for a table."""

    id: int | None = Field(default=None, description="Number of the box.")
    content: dict[str, str] = Field(description="What is in it.")
    owner: str = Field(min_length=1, description="Whose it is; not public.")
    silent: str = ""


class Base(SQLModel):
    place: str = Field(description="Where it stands.")


@view_of(Box, "id as number, weight, content")
class BoxView(Base):
    """A box as readers see it."""

    number: int
    weight: int = Field(description="In grams.")
    colour: str = Field(default="red", description="Its colour.")


def test_a_view_has_the_named_fields_in_order_and_no_other() -> None:
    assert list(BoxView.model_fields) == ["place", "number", "weight", "content", "colour"]
    assert BoxView.__doc__ == "A box as readers see it."
    assert BoxView.__module__ == __name__


def test_a_field_has_the_type_and_the_words_of_its_table_unless_the_view_has_its_own() -> None:
    fields = BoxView.model_fields
    assert (fields["content"].annotation, fields["content"].description) == (
        dict[str, str],
        "What is in it.",
    )
    assert (fields["number"].annotation, fields["number"].description) == (
        int,
        "Number of the box.",
    )
    assert (fields["weight"].annotation, fields["weight"].description) == (int, "In grams.")
    assert fields["number"].is_required()


def test_a_view_reads_a_row_and_leaves_the_rest_of_it() -> None:
    row = Box(id=1, content={"a": "b"}, owner="somebody")
    view = BoxView.model_validate(row, update={"number": 7, "weight": 3, "place": "here"})
    assert view.model_dump() == {
        "place": "here",
        "number": 7,
        "weight": 3,
        "content": {"a": "b"},
        "colour": "red",
    }


@pytest.mark.parametrize(("listed", "error"), [("size", KeyError), ("silent", ValueError)])
def test_a_field_that_the_table_lacks_or_does_not_describe_is_refused(listed, error) -> None:
    with pytest.raises(error, match=listed):
        view_of(Box, listed)(Base)
