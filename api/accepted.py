"""What a reader accepts: media types by how much each is wanted (RFC 9110, section 12.5.1)."""

from collections.abc import Mapping


def read_accepted(header: str) -> dict[str, float]:
    """Media ranges of an `Accept` header with their weights: 1 where none is said, 0 not wanted."""
    accepted = {}
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        accepted[name] = next(
            (_read_weight(each[2:]) for each in parameters if each.startswith("q=")), 1.0
        )
    return accepted


def weigh(accepted: Mapping[str, float], media_type: str) -> float:
    """How much a media type is wanted, by the closest range that holds it; 0: not at all."""
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((accepted[each] for each in ranges if each in accepted), 0.0)


def _read_weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
