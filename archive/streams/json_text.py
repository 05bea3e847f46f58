"""Values as one line of JSON that every reader takes. The forms write through here."""

import json

import orjson


def write_json(value: object) -> str:
    """JSON in one line, keys in the order given; instants in UTC with `Z`.

    Whole numbers beyond 64 bits, which nested objects of a source may bring, are written in full.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_write_time)


def _write_time(value: object) -> object:
    return json.loads(orjson.dumps(value, option=orjson.OPT_UTC_Z))
