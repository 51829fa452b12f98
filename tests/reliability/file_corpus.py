"""Files that go wrong, made by code: what arrives when nobody checked it."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

Rng = np.random.Generator
Maker = Callable[[Rng], bytes]
CSV: dict[str, Maker] = {}
PARQUET: dict[str, Maker] = {}
COLUMNS = ["id", "month", "bill", "paid", "default"]


def _of(kinds: dict[str, Maker]) -> Callable[[Maker], Maker]:
    def register(make: Maker) -> Maker:
        kinds[make.__name__] = make
        return make

    return register


def plain(rng: Rng, n: int = 40) -> pd.DataFrame:
    """Return a table in which nothing is wrong."""
    return pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "month": pd.date_range("2023-01-01", periods=n, freq="MS").strftime("%Y-%m"),
            "bill": rng.integers(0, 5000, n),
            "paid": rng.random(n).round(2),
            "default": rng.integers(0, 2, n),
        }
    )


def _csv(frame: pd.DataFrame, **how: object) -> bytes:
    return frame.to_csv(index=False, **how).encode()


def _parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _with(rng: Rng, values: list[object], column: str = "bill") -> bytes:
    frame = plain(rng).astype(object)
    rows = rng.choice(len(frame), size=len(values), replace=False)
    for row, value in zip(rows, values, strict=True):
        frame.loc[row, column] = value
    return _csv(frame)


@_of(CSV)
def truncated_text(rng: Rng) -> bytes:
    data = _csv(plain(rng))
    return data[: int(rng.integers(1, len(data)))]


@_of(CSV)
def wrong_types(rng: Rng) -> bytes:
    return _with(rng, ["many", "12,5", "0x1F", "TRUE", "1_000", "--5", "3e", "½"])


@_of(CSV)
def gaps_of_all_kinds(rng: Rng) -> bytes:
    return _with(rng, ["NaN", "nan", "NULL", "None", "N/A", "-", "", " "])


@_of(CSV)
def infinities(rng: Rng) -> bytes:
    return _with(rng, ["inf", "-inf", "Infinity", "1e309", "-1e999"])


@_of(CSV)
def enormous_numbers(rng: Rng) -> bytes:
    return _with(rng, ["1e308", "-1e308", "9" * 400, "1e30", str(2**63), str(-(2**64))])


@_of(CSV)
def years_at_the_ends(rng: Rng) -> bytes:
    return _with(rng, ["0001-01", "9999-12", "10000-01", "0000-00", "-001-01"], "month")


@_of(CSV)
def months_that_do_not_exist(rng: Rng) -> bytes:
    return _with(rng, ["2023-13", "2023-00", "2023-02-30", "31.02.2023", "202313"], "month")


@_of(CSV)
def ten_thousand_columns(rng: Rng) -> bytes:
    names = ",".join(f"c{k}" for k in range(10_000))
    row = ",".join(map(str, rng.integers(0, 9, 10_000)))
    return f"{names}\n{row}\n{row}\n".encode()


@_of(CSV)
def one_long_line(rng: Rng) -> bytes:
    return _with(rng, ["x" * int(rng.integers(200_000, 2_000_000))])


@_of(CSV)
def zero_bytes(rng: Rng) -> bytes:
    data = bytearray(_csv(plain(rng)))
    for place in rng.integers(0, len(data), 5):
        data[int(place)] = 0
    return bytes(data)


@_of(CSV)
def right_to_left_marks(rng: Rng) -> bytes:
    return _with(rng, ["\u202e12\u202c", "\u200f7", "\u2067x", "\ufeff5"])


@_of(CSV)
def names_that_look_alike(rng: Rng) -> bytes:
    frame = plain(rng)
    frame.columns = ["іd", "mоnth", "bіll", "paid ", "dеfault"]  # noqa: RUF001
    return _csv(frame)


@_of(CSV)
def repeated_names(rng: Rng) -> bytes:
    frame = plain(rng)
    frame.columns = ["id", "id", "bill", "bill", "default"]
    return _csv(frame)


@_of(CSV)
def nameless_columns(rng: Rng) -> bytes:
    return _csv(plain(rng)).replace(b"id,month,bill", b",,", 1)


@_of(CSV)
def open_quote(rng: Rng) -> bytes:
    return _with(rng, ['"open', 'a"b"c', '"""', "'"])


@_of(CSV)
def ragged_rows(rng: Rng) -> bytes:
    lines = _csv(plain(rng)).decode().splitlines()
    for row in rng.integers(1, len(lines), 6):
        lines[int(row)] += ",more,and,more" if rng.random() < 0.5 else ""
        lines[int(row)] = lines[int(row)].replace(",", "", int(rng.integers(0, 2)))
    return "\n".join(lines).encode()


@_of(CSV)
def random_bytes(rng: Rng) -> bytes:
    return rng.bytes(int(rng.integers(1, 5000)))


@_of(CSV)
def changed_bytes(rng: Rng) -> bytes:
    data = bytearray(_csv(plain(rng)))
    for place in rng.integers(0, len(data), 20):
        data[int(place)] = int(rng.integers(0, 256))
    return bytes(data)


@_of(CSV)
def other_encodings(rng: Rng) -> bytes:
    kind = ["utf-16", "utf-32", "gb18030", "latin-1", "utf-8-sig"][int(rng.integers(0, 5))]
    return _csv(plain(rng)).decode().replace("bill", "账单é"[-1]).encode(kind, "replace")


@_of(CSV)
def nothing_at_all(rng: Rng) -> bytes:
    return [b"", b"\n", b"\n\n\n", b" ", b"\xef\xbb\xbf", b",,,\n", b"id,bill\n"][
        int(rng.integers(0, 7))
    ]


@_of(CSV)
def a_zip_bomb(rng: Rng) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../x.csv", b"0" * int(rng.integers(1, 40)) * 1_000_000)
    return out.getvalue()


@_of(CSV)
def a_gzip_bomb(rng: Rng) -> bytes:
    return gzip.compress(b"0," * int(rng.integers(1, 20)) * 1_000_000)


@_of(CSV)
def markup_and_formulas(rng: Rng) -> bytes:
    return _with(
        rng,
        ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "../../etc/passwd", "{{7*7}}"],
        "id",
    )


@_of(CSV)
def nested_json(rng: Rng) -> bytes:
    return json.dumps([plain(rng).to_dict("records")] * 2).encode()


@_of(CSV)
def patterns_that_slow_readers(rng: Rng) -> bytes:
    n = int(rng.integers(10_000, 60_000))
    return _with(rng, ["1" * n + "x", " " * n + "1", "-" * n, "1," * 3, "(" * n, "a@" * n])


@_of(PARQUET)
def truncated_parquet(rng: Rng) -> bytes:
    data = _parquet(pa.Table.from_pandas(plain(rng)))
    return data[: int(rng.integers(1, len(data)))]


@_of(PARQUET)
def changed_parquet(rng: Rng) -> bytes:
    data = bytearray(_parquet(pa.Table.from_pandas(plain(rng))))
    for place in rng.integers(4, len(data) - 8, 12):
        data[int(place)] = int(rng.integers(0, 256))
    return bytes(data)


@_of(PARQUET)
def nested_types(rng: Rng) -> bytes:
    n = 20
    return _parquet(
        pa.table(
            {
                "id": pa.array(range(n)),
                "bill": pa.array([[1.0, 2.0]] * n),
                "month": pa.array([{"y": 2023, "m": 1}] * n),
                "default": pa.array([[("a", 1)]] * n, pa.map_(pa.string(), pa.int64())),
            }
        )
    )


@_of(PARQUET)
def odd_types(rng: Rng) -> bytes:
    n = 20
    return _parquet(
        pa.table(
            {
                "id": pa.array([b"\xff\x00"] * n),
                "bill": pa.array([None] * n),
                "month": pa.array([2**62] * n, pa.timestamp("us")),
                "paid": pa.array([10**9] * n, pa.duration("s")),
                "default": pa.array([True, None] * (n // 2)),
            }
        )
    )


@_of(PARQUET)
def very_many_rows_in_few_bytes(rng: Rng) -> bytes:
    """A column of one value: some thousand bytes that become gigabytes."""
    out = io.BytesIO()
    n = 1_000_000
    schema = pa.schema([(f"c{k}", pa.int64()) for k in range(4)])
    part = pa.table({name: pa.array(np.zeros(n, np.int64)) for name in schema.names})
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for _ in range(int(rng.integers(2, 4))):
            writer.write_table(part)
    return out.getvalue()


@_of(PARQUET)
def numbers_without_end(rng: Rng) -> bytes:
    """Infinities, NaN and 1e308, as a Parquet file keeps them: no text, so no cell to check."""
    odd = [np.inf, -np.inf, np.nan, 1e308, -1e308, 5e-324, -0.0]
    frame = plain(rng).assign(bill=lambda f: f["bill"].astype(float))
    rows = rng.choice(len(frame), len(odd), replace=False)
    frame.loc[rows, "bill"] = odd
    return _parquet(pa.Table.from_pandas(frame, preserve_index=False))


@_of(PARQUET)
def moments_at_the_ends(rng: Rng) -> bytes:
    """Years 1 and 9999 as dates, which nanoseconds cannot hold."""
    frame = plain(rng)
    days = [-719_162, 2_932_896, 0, 19_000]
    month = pa.array([days[k % 4] for k in range(len(frame))], pa.int32()).cast(pa.date32())
    table = pa.Table.from_pandas(frame.drop(columns="month"), preserve_index=False)
    return _parquet(table.append_column("month", month))


@_of(PARQUET)
def repeated_names_in_parquet(rng: Rng) -> bytes:
    table = pa.Table.from_pandas(plain(rng), preserve_index=False)
    return _parquet(table.rename_columns(["id", "id", "bill", "bill", "default"]))


@_of(PARQUET)
def names_that_are_paths_and_marks(rng: Rng) -> bytes:
    """Columns named as a path, with a zero byte, a mark that turns text, and a look-alike."""
    names = ["../../etc/passwd", "mo\x00nth", "\u202ellib", "p\u0430id", "<b>default</b>"]
    table = pa.Table.from_pandas(plain(rng), preserve_index=False)
    return _parquet(table.rename_columns(names))


@_of(PARQUET)
def ids_of_all_kinds(rng: Rng) -> bytes:
    """Ids as text with a path, a zero byte, a mark, a long line, a look-alike, and none."""
    odd = ["../../x", "A\x001", "\u202e1A", "x" * 300_000, "\u04101", "", None, "<b>", "=1+1"]
    frame = plain(rng)
    frame["id"] = frame["id"].astype(str).astype(object)
    frame.loc[rng.choice(len(frame), len(odd), replace=False), "id"] = np.array(odd, object)
    return _parquet(pa.Table.from_pandas(frame, preserve_index=False))


@_of(PARQUET)
def a_deep_type(rng: Rng) -> bytes:
    """A list of a list of a list, fifty deep."""
    kind, value = pa.int64(), 1
    for _ in range(50):
        kind, value = pa.list_(kind), [value]
    return _parquet(pa.table({"id": pa.array(range(9)), "bill": pa.array([value] * 9, kind)}))


@_of(CSV)
def rows_of_lone_marks(rng: Rng) -> bytes:
    """Old and strange line ends, separators alone, and a quote over many lines."""
    data = _csv(plain(rng))
    changed = [
        data.replace(b"\n", b"\r"),
        data.replace(b"\n", b"\r\r\n"),
        data.replace(b"\n", b"\x0b"),
        data.replace(b"\n", b"\n,,,,\n"),
        data.replace(b"bill", b'"bi\nll"'),
        data.replace(b",", b"\x01"),
    ]
    return changed[int(rng.integers(0, len(changed)))]


def corpus(folder: Path, *, seed: int, count: int) -> Iterator[tuple[str, Path]]:
    """Write the files, and yield the kind and the place of each."""
    kinds = [(k, m, ".csv") for k, m in CSV.items()] + [
        (k, m, ".parquet") for k, m in PARQUET.items()
    ]
    for number in range(count):
        kind, make, suffix = kinds[number % len(kinds)]
        path = folder / f"{number:03d}_{kind}{suffix}"
        path.write_bytes(make(np.random.default_rng([seed, number])))
        yield kind, path
