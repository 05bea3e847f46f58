"""Numbers with their nouns, for whoever reads."""


def write_count(value: int, one: str, many: str | None = None) -> str:
    """`1 ad`, `1,284 ads`."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"
