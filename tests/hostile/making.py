"""Hostile inputs, made when they are tried: each function is named in `corpus.yaml` with what it is given.

All of them are small here and large, or wrong, for whoever reads them without a bound.
"""

import bz2
import gzip
import io
import json
import lzma
import struct
import zipfile
import zlib
from pathlib import Path

import zstandard

INPUTS = Path(__file__).parent / "inputs"
MB = 1 << 20
GOOD_AD = {"ref": "good-1", "platform": "meta", "bodies": ["Vote for the harbour"]}
OTHER_AD = GOOD_AD | {"ref": "good-2"}
AFTERWARDS = [GOOD_AD | {"ref": f"afterwards-{number}"} for number in (1, 2)]


def spell_ads(*ads: object) -> bytes:
    """JSON Lines: what is no object is taken as a line already."""
    lines = [ad if isinstance(ad, bytes) else json.dumps(ad).encode() for ad in ads]
    return b"".join(line + b"\n" for line in lines)


def between(line: str | bytes) -> bytes:
    """A line between two good ads."""
    data = line if isinstance(line, bytes) else line.encode("utf-8", "surrogatepass")
    return spell_ads(GOOD_AD, data, OTHER_AD)


def long_object(megabytes: int, unit: str) -> bytes:
    """An ad with a list of one thing over and over, between two good ads."""
    many = (unit + ",") * (megabytes * MB // (len(unit) + 1))
    return between(f'{{"ref":"x","platform":"meta","a":[{many}{unit}]}}')


def long_text(megabytes: int, field: str) -> bytes:
    return between(json.dumps(GOOD_AD | {"ref": "x", field: "x" * (megabytes * MB)}))


def deep_object(levels: int) -> bytes:
    return between('{"ref":"x","platform":"meta","a":' + "[" * levels + "]" * levels + "}")


def many_keys(count: int) -> bytes:
    return between(json.dumps(GOOD_AD | {"ref": "x"} | {f"k{n}": 1 for n in range(count)}))


def many_objects(count: int, line: str) -> bytes:
    return spell_ads(GOOD_AD, OTHER_AD, *[line.encode()] * count)


def list_of(count: int, item: str) -> bytes:
    """A list in one line: two good ads, then one thing very often."""
    goods = ",".join(json.dumps(ad) for ad in (GOOD_AD, OTHER_AD))
    return f"[{goods},{','.join([item] * count)}]".encode()


def cut_list() -> bytes:
    return list_of(1, '{"ref": "x"')[:-1]


def long_line(megabytes: int) -> bytes:
    """A table of three rows, the middle one endless."""
    return b"ref,platform\ngood-1,meta\nx,%s\ngood-2,meta\n" % (b"y" * (megabytes * MB))


def open_quote(megabytes: int) -> bytes:
    """A quote that is never closed, before very many lines."""
    return b'ref,platform\ngood-1,meta\nx,"\ngood-2,meta\n' + b"a\n" * (megabytes * MB // 2)


def many_columns(count: int) -> bytes:
    header = ",".join(f"c{number}" for number in range(count))
    return f"ref,platform,{header}\ngood-1,meta{',' * count}\n".encode()


def many_cells(count: int) -> bytes:
    return b"ref,platform\ngood-1,meta\nx%s\ngood-2,meta\n" % (b"," * count)


def spell_zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


GOODS = {"good.jsonl": spell_ads(GOOD_AD, OTHER_AD)}


def zip_bomb(megabytes: int) -> bytes:
    """A file of nothing but zeros beside a good one."""
    return spell_zip({"bomb.jsonl": bytes(megabytes * MB)} | GOODS)


def zip_of_object(megabytes: int) -> bytes:
    return spell_zip({"o.jsonl": long_object(megabytes, "{}")})


def zip_by(method: str) -> bytes:
    """Packed in a way that unpacks before it can be counted, beside a good one."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        number = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}[method]
        archive.writestr("bomb.jsonl", bytes(64 * MB), compress_type=number)
        archive.writestr("good.jsonl", GOODS["good.jsonl"])
    return packed.getvalue()


def zip_of_method(method: int) -> bytes:
    """A way of packing that is a number only."""
    packed = bytearray(spell_zip({"a.jsonl": b"a"}))
    packed[packed.index(b"PK\3\4") + 8] = packed[packed.index(b"PK\1\2") + 10] = method
    return bytes(packed)


def zip_of_many(count: int) -> bytes:
    return spell_zip({f"{number}.jsonl": b"" for number in range(count)})


def zip_of_names(*names: str) -> bytes:
    return spell_zip(dict.fromkeys(names, b"x") | GOODS)


def zip_of_zips(levels: int) -> bytes:
    inner = spell_zip(GOODS)
    for _ in range(levels):
        inner = spell_zip({"inner.zip": inner})
    return spell_zip({"inner.zip": inner} | GOODS)


def zip_encrypted() -> bytes:
    packed = bytearray(spell_zip(GOODS))
    packed[packed.index(b"PK\1\2") + 8] |= 1
    return bytes(packed)


def zip_cut(share: float) -> bytes:
    packed = spell_zip(GOODS)
    return packed[: int(len(packed) * share)]


def zip_overlapping(count: int) -> bytes:
    """Very many entries for the same packed bytes."""
    kernel = spell_zip({"a.jsonl": bytes(45 * MB)})
    start = kernel.index(b"PK\1\2")
    entry = kernel[start : kernel.index(b"PK\5\6")]
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(entry) * count, start, 0)
    return kernel[:start] + entry * count + end


def zip_of_endless_list(megabytes: int) -> bytes:
    """A list of files that calls itself so long."""
    packed = spell_zip(GOODS)
    at = packed.index(b"PK\5\6")
    size = megabytes * MB
    return packed[:at] + bytes(size) + packed[at : at + 12] + struct.pack("<LLH", size, at, 0)


def zip_with_wrong_checksum() -> bytes:
    packed = bytearray(spell_zip({"bad.jsonl": spell_ads(GOOD_AD)} | GOODS, zipfile.ZIP_STORED))
    packed[packed.index(b"harbour")] ^= 1
    return bytes(packed)


def given_file(name: str) -> bytes:
    """A file that lies beside this one."""
    return (INPUTS / name).read_bytes()


def packed_as(method: str, megabytes: int) -> bytes:
    """Zeros, as a server may pack an answer."""
    zeros = bytes(megabytes * MB)
    if method == "zstd":
        return zstandard.compress(zeros)
    return {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
    }[method](zeros)


def ads_packed(megabytes: int) -> bytes:
    """An honest list of ads, far too long, packed well within the ratio."""
    ads = [
        {"id": str(n), "page_name": f"{n * 7919 % 1_000_003:x}" * 20}
        for n in range(megabytes * 7_000)
    ]
    return gzip.compress(json.dumps({"data": ads}).encode(), 1)


def zeros(megabytes: int) -> bytes:
    return bytes(megabytes * MB)


def json_answer(megabytes: int, unit: str) -> bytes:
    """An answer with a list of ads of no use."""
    return b'{"data": [' + (unit.encode() + b",") * (megabytes * MB // (len(unit) + 1)) + b"{}]}"


def robots(megabytes: int) -> bytes:
    return b"User-agent: *\nDisallow: /\n" + b"#" * (megabytes * MB)


def zip_of_empty_objects(megabytes: int) -> bytes:
    return spell_zip({"o.jsonl": b"{}\n" * (megabytes * MB // 3)})


def many_digits(count: int) -> bytes:
    return between('{"ref": "x", "platform": "meta", "spend_lower_minor": ' + "9" * count + "}")


def not_utf_8() -> bytes:
    return between(b'{"ref": "x", "platform": "meta", "titles": ["Caf\xe9"]}')


def utf_16() -> bytes:
    return "ADID,Spend\n1,2\n".encode("utf-16")


def repeated(text: str, times: int) -> bytes:
    return (text * times).encode()


def long_header(length: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * length + b"\r\n\r\n"


def many_headers(count: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(count)) + b"\r\n"


def long_encoding(length: int) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Encoding: "
    return head + b"x" * length + b"\r\n\r\n?"


RULE = """id: xx-t
version: 1
title: Test
jurisdiction: XX
legal_basis:
  - {cite: s 12, act: Harbour Act, read_on: 2026-11-20, evidence: statute_text}
validity: {statuses: [{from: 2021-02-28, status: in_force}]}
review_on: null
unit_of_violation: ad
stage: shadow
kind: disclaimer.missing
says: Text.
applies_when: {when: ad.declared_political && "XX" in ad.countries, cite: s1}
requires: {when: size(ad.payer_name) > 0, cite: s2}
needs_human: []
severity: medium
tests:
  - name: ok
    facts: {ad.declared_political: true, ad.countries: [XX], ad.payer_name: Jo}
    expect: met
  - name: blank
    facts: {ad.declared_political: true, ad.countries: [XX], ad.payer_name: {missing: not_disclosed}}
    expect: not_met
"""
"""A rule of an invented country."""


def rule(day: str) -> bytes:
    return RULE.replace("2021-02-28", day).encode()


def rule_of_version(digits: int) -> bytes:
    return RULE.replace("version: 1", "version: " + "9" * digits).encode()


def rule_with_window(first: str, last: str) -> bytes:
    return f"{RULE}window: {{from: {first}, to: {last}}}\n".encode()
