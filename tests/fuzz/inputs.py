"""Inputs made from a number: the same number is the same files, on every machine."""

import gzip
import io
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz import damage, formats, tables
from tests.fuzz.tables import Generator, pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Files of an inbox. `rows`: how many a reader must find, decided or faulty; None where nobody can say."""

    kind: str
    answer: str
    files: dict[str, bytes]
    rows: int | None = None


def make(number: int) -> Input:
    """The input of a number."""
    rng = np.random.default_rng(number)
    names = list(KINDS)
    shares = np.array([share for _, share in KINDS.values()])
    kind = names[int(rng.choice(len(names), p=shares / shares.sum()))]
    return KINDS[kind][0](rng, kind)


def of_kind(kind: str, number: int) -> Input:
    """An input of one kind."""
    return KINDS[kind][0](np.random.default_rng(number), kind)


def _odd(rng: Generator, kind: str) -> Input:
    """Odd values, written as they should be."""
    answer, form = pick(rng, list(tables.ANSWERS)), pick(rng, formats.FORMATS)
    rows = tables.odd(rng, answer, int(rng.integers(1, 40)), share=float(rng.choice([0.05, 0.3, 0.9])))
    return Input(
        kind=f"{kind} {form}", answer=answer, files={f"a.{form}": formats.write(rng, rows, form)}, rows=len(rows)
    )


def _ids(rng: Generator, kind: str) -> Input:
    """Ids that mean something to SQL, to a shell, to a path, to a terminal; many of them twice."""
    answer, form = pick(rng, list(tables.ANSWERS)), pick(rng, formats.FORMATS)
    rows = tables.good(answer, int(rng.integers(2, 60)))
    for row in rows:
        row["id"] = pick(rng, tables.IDS)
        if rng.random() < 0.3:
            row["text"] = "another text"
    return Input(
        kind=f"{kind} {form}", answer=answer, files={f"a.{form}": formats.write(rng, rows, form)}, rows=len(rows)
    )


def _damaged(rng: Generator, kind: str) -> Input:
    """A file that was sound, or nearly, before something happened to it."""
    answer, form = pick(rng, list(tables.ANSWERS)), pick(rng, formats.FORMATS)
    rows = tables.odd(rng, answer, int(rng.integers(1, 60)), share=float(rng.choice([0, 0.05])))
    data, _ = damage.damaged(rng, formats.write(rng, rows, form))
    files = {f"b.{form}": data}
    if rng.random() < 0.2:  # a sound one before it: nothing of it may be written if the other stops the run
        files["a.csv"] = formats.write(rng, tables.good(answer, 3), "csv")
    return Input(kind=f"{kind} {form}", answer=answer, files=files)


def _damaged_inside(rng: Generator, kind: str) -> Input:
    """Text damaged before it was gzipped."""
    answer, form = pick(rng, list(tables.ANSWERS)), pick(rng, ["csv", "jsonl"])
    rows = tables.odd(rng, answer, int(rng.integers(1, 60)), share=0.05)
    data, _ = damage.damaged(rng, formats.write(rng, rows, form))
    return Input(kind=f"{kind} {form}.gz", answer=answer, files={f"a.{form}.gz": gzip.compress(data, mtime=0)})


def _encodings(rng: Generator, kind: str) -> Input:
    """Text in other encodings, with and without marks, whole or in a few lines."""
    form = pick(rng, ["csv", "jsonl"])
    rows = tables.good("number", int(rng.integers(1, 30)))
    for row in rows:
        row["text"] = pick(rng, ["größe", "naïve – “quoted”", "Привет", "\U0001f600", "plain"])
    data = formats.as_csv(rows, end="\n", quoting=0) if form == "csv" else formats.as_jsonl(rows, ascii_only=False)
    text = data.decode()
    whole = pick(
        rng, ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp037", "utf-7", ""]
    )
    if whole:
        data = text.encode(whole, "replace")
    else:
        lines = data.splitlines(keepends=True)
        for place in rng.integers(0, len(lines), 3):
            lines[place] = (
                lines[place].decode("utf-8", "replace").encode(pick(rng, ["latin-1", "utf-16-le", "koi8-r"]), "replace")
            )
        data = b"".join(lines)
    return Input(kind=f"{kind} {form}", answer="number", files={f"a.{form}": data})


def _structure(rng: Generator, kind: str) -> Input:
    """Files that are nearly tables."""
    head = b"id,label,score,text,sender,country,model,cost,ms,at\n"
    row = b"a,bug,0.9,t,s,de,m1,1,1,2026-01-31\n"
    line = json.dumps(tables.good("number", 1)[0]).encode()
    files: list[dict[str, bytes]] = [
        {"a.csv": head}, {"a.csv": head[:-1]}, {"a.csv": head + row * 3 + b'"'}, {"a.csv": head + b'"' + row * 99},
        {"a.csv": (head + row).replace(b"\n", b"\r")}, {"a.csv": head + b"\n\n\r\n" + row}, {"a.csv": head + b",,,,,,,,,\n"},
        {"a.csv": head + row.replace(b",", b";")}, {"a.csv": head + b"," * 5000 + b"\n" + row}, {"a.csv": head * 3},
        {"a.csv": b"id," + head + b"1," + row}, {"a.csv": b"\n" + head + row}, {"a.csv": b"sep=,\n" + head + row},
        {"a.csv": head.replace(b"id", b'"i""d"') + row}, {"a.csv": head.replace(b"id", b"\x1b[31mid") + row},
        {"a.csv": head.replace(b"id", b"i" * 3_000_000) + row}, {"a.csv": (head + row).replace(b",", b",\t")},
        {"a.csv": b"\0" + head + row}, {"a.csv": head + row + b"\0" * 5000}, {"a.csv": head + row + b"\x1a"},
        {"a.csv": b"__line," + head + b"1," + row}, {"a.csv": head + b'a,bug,0.9,"t\n' + row * 50},
        {"a.jsonl": b"[" + line + b"]"}, {"a.jsonl": line + b",\n" + line}, {"a.jsonl": line + line}, {"a.jsonl": b"null\n" + line},
        {"a.jsonl": line + b"\n" + b'{"id": "x", "id": "y"}\n'}, {"a.jsonl": line + b"\n{}\n"}, {"a.jsonl": b"\x1e" + line + b"\n"},
        {"a.jsonl": line.replace(b" ", b"\n")}, {"a.jsonl": line + b"\n\n \n\t\n" + line}, {"a.jsonl": line + b"\n//" + line},
        {"a.jsonl": line.replace(b'"score"', b'"\\u0073core"')}, {"a.jsonl": line.replace(b"0.9", b"00.9") + b"\n" + line},
        {"a.jsonl": line.replace(b"bug", b"b\tug") + b"\n" + line}, {"a.jsonl": line + b"\n" + line[:-1]},
        {"a.csv.gz": gzip.compress(b"")}, {"a.csv.gz": gzip.compress(head) + gzip.compress(row)}, {"a.csv.gz": gzip.compress(gzip.compress(head + row))},
        {"a.csv.gz": gzip.compress(head + row) + b"trailing"}, {"a.csv.gz": gzip.compress(head + row) + bytes(512)},
        {"a.parquet": b"PAR1PAR1"}, {"a.parquet": b"PAR1" + b"\xff" * 8 + b"PAR1"}, {"a.parquet": b"PARE" * 20}, {"a.parquet": b""},
        {"a.parquet": gzip.compress(head)}, {"a.csv": head + row, "b.csv": b""}, {"a.csv": head + row, "b.weird": b"x"},
        {"a.csv": head + row, ".b.csv": b"x", "_b.csv": b"x", "b.csv.part": b"x"}, {"a'; DROP TABLE x.csv": head + row},
        {"a\n\x1b[31m.csv": head + row + b"bad\n"}, {"\udcff.csv": head + row + b"bad\n"}, {"é.csv": head + row, "e\u0301.csv": head + row},
        {}, {"a.csv": head + row + b"a" * 2_000_000}, {"a.xlsx": b"PK\x03\x04"}, {"a.csv": b"PK\x03\x04" + head}, {"a.CSV.GZ": gzip.compress(head + row)},
    ]  # fmt: skip
    return Input(kind=kind, answer="number", files=pick(rng, files))


def _types(rng: Generator, kind: str) -> Input:
    """Parquet columns of every type."""
    answer = pick(rng, list(tables.ANSWERS))
    rows = tables.good(answer, int(rng.integers(1, 20)))
    return Input(kind=kind, answer=answer, files={"a.parquet": formats.every_type(rng, rows)}, rows=len(rows))


def _deep(rng: Generator, kind: str) -> Input:
    """JSON nested far deeper than anybody needs."""
    row = tables.good("number", 1)[0]
    depth = int(10 ** rng.uniform(1, 5.5))
    opens, closes = pick(rng, [("[", "]"), ('{"a":', "}")])
    nested = opens * depth + "1" + closes * depth
    name = pick(rng, ["text", "score", "label", "id", "country", "extra", "at"])
    line = json.dumps(row | {name: "HERE", "id": "deep"} if name != "id" else row | {"id": "HERE"}).replace(
        '"HERE"', nested
    )
    return Input(kind=kind, answer="number", files={"a.jsonl": f"{json.dumps(row)}\n{line}\n".encode()}, rows=2)


def _huge(rng: Generator, kind: str) -> Input:
    """A field of megabytes."""
    form = pick(rng, formats.FORMATS)
    rows = tables.good("number", 4)
    name = pick(rng, ["text", "id", "label", "score", "country", "at", "cost", "model"])
    rows[1][name] = pick(rng, ["x", '"', ",", "\n", "9", "ü", "\\", "<"]) * int(rng.integers(1, 8) * 2**20)
    return Input(kind=f"{kind} {form}", answer="number", files={f"a.{form}": formats.write(rng, rows, form)}, rows=4)


def _wide(rng: Generator, kind: str) -> Input:
    """10^4 or 10^5 columns."""
    form = pick(rng, formats.FORMATS)
    more = {
        f"column {n}": n for n in range(int(pick(rng, [10_000, 100_000] if form != "parquet" else [10_000, 30_000])))
    }
    rows = [row | more for row in tables.good("number", 3)]
    if rng.random() < 0.3:
        for row in rows:
            del row["score"]
    return Input(kind=f"{kind} {form}", answer="number", files={f"a.{form}": formats.write(rng, rows, form)})


def _gzip_bomb(rng: Generator, kind: str) -> Input:
    """Some hundred kilobytes that come to some hundred megabytes, or are said to."""
    head, row = formats.as_csv(tables.good("number", 1), end="\n", quoting=0).split(b"\n")[:2]
    start, piece = pick(rng, [
        (head + b"\n", row + b"\n"), (head + b"\n", b"\n"), (head + b"\n", b"x"), (head + b"\n", b'"'), (b"", b"a,"), (b"", b"\0"),
        (head + b"\n", b","), (head + b"\n", b"\xff\n"), (head + b"\n", b'"\n'),
    ])  # fmt: skip
    if pick(rng, [True, False]):
        start, piece = (
            json.dumps(tables.good("number", 1)[0]).encode() + b"\n",
            pick(rng, [b"{}\n", b"[", b'{"a":', b"\n", b"\xff\n", b'"']),
        )
    packer, sink = zlib.compressobj(9, wbits=31), io.BytesIO()
    block = piece * (2**20 // len(piece))
    sink.write(packer.compress(start))
    for _ in range(int(pick(rng, [4, 100, 300]))):
        sink.write(packer.compress(block))
    sink.write(packer.flush())
    form = "csv" if start.startswith(b"id") or not start else "jsonl"
    return Input(kind=kind, answer="number", files={f"a.{form}.gz": sink.getvalue()})


def _parquet_bomb(rng: Generator, kind: str) -> Input:
    """One value, kept once, that stands in very many rows."""
    count = int(pick(rng, [200_000, 1_000_000]))
    size = int(pick(rng, [10, 10_000, 1_000_000]))
    frame = pl.DataFrame(tables.good("number", 1)).with_columns(text=pl.lit("x" * size)).to_arrow()
    columns = {
        name: pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), frame[name].combine_chunks().cast(kind_))
        for name, kind_ in zip(frame.column_names, [pa.string() if pa.types.is_large_string(f.type) or pa.types.is_string_view(f.type) else f.type for f in frame.schema], strict=True)
    }  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, row_group_size=count, compression="zstd", dictionary_pagesize_limit=2**30)
    return Input(kind=kind, answer="number", files={"a.parquet": sink.getvalue()})


KINDS: dict[str, tuple[Callable[[Generator, str], Input], float]] = {
    "damaged": (_damaged, 50),
    "damaged inside": (_damaged_inside, 8),
    "odd values": (_odd, 20),
    "ids": (_ids, 8),
    "encodings": (_encodings, 4),
    "structure": (_structure, 5),
    "types": (_types, 3),
    "deep": (_deep, 1.5),
    "huge field": (_huge, 0.5),
    "wide": (_wide, 0.1),
    "gzip bomb": (_gzip_bomb, 0.15),
    "Parquet bomb": (_parquet_bomb, 0.05),
}
