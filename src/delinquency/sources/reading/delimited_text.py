"""Read a delimited text file as cells of text, strictly: every row has every cell, or it is named.

Nothing is converted here. What the bytes are (length, longest line, line ends, digest) is found in
one scan, so that a broken file is refused with its place before anything is parsed.
"""

import codecs
import csv
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from delinquency.errors import DataError, Fault
from delinquency.sources.reading.mapping_options import TextOptions
from delinquency.sources.reading.raw_table import RawTable

LONGEST_LINE = 1_000_000
"""Bytes. A longer line is not a row of a table but a missing line end or a wrong file."""
CHUNK = 1 << 24
DELIMITERS = (",", ";", "\t", "|")
NUMBER_CELL = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UNDECODABLE = "\ufffd"
"""What stands for bytes that are not in the stated encoding."""


@dataclass(frozen=True)
class TextScan:
    """What one pass over the bytes of a text file finds."""

    n_bytes: int
    n_blank_lines: int
    longest_line: int
    longest_at: int
    quoted: bool
    zero_bytes: int
    digest: str
    head: bytes


def read_text(
    path: Path,
    text: TextOptions,
    *,
    header: tuple[str, ...] = (),
    skip_lines: int = 0,
    columns: list[str] | None = None,
    scan: TextScan | None = None,
) -> RawTable:
    """Read a delimited text file into columns of text.

    Parameters
    ----------
    path : Path
    text : TextOptions
        How the file is written.
    header : tuple of str
        Column names to use; empty to take the first line, or ``text.header``.
    skip_lines : int
        Lines to skip at the start when ``header`` is given: the file's own header lines.
    columns : list of str, optional
        Columns to keep; all when absent.
    scan : TextScan, optional
        What ``scan_text`` found in this file, to spare a second pass.

    Returns
    -------
    RawTable

    Raises
    ------
    DataError
        For an empty file, a line that is too long, bytes that are not in the stated encoding, zero
        bytes, rows with too many or too few cells, a header that names a column twice.
    """
    where = path.name
    scan = scan or scan_text(path)
    refuse_unreadable(scan, text, where)
    repairs = {"blank_lines": scan.n_blank_lines} if scan.n_blank_lines else {}
    if scan.head.startswith(BYTE_ORDER_MARK):
        repairs["byte_order_mark"] = 1
    delimiter = text.delimiter or sniff_delimiter(*head_lines(path, text, 2))
    names = list(header or text.header)
    if not names:
        names = text_header(path, text)
        skip_lines = 1
    check_names(names, where)
    layout = _Layout(names, columns if columns is not None else names, delimiter, skip_lines)
    cells = _parse(path, text, scan, layout)
    if cells.num_rows == 0:
        raise DataError(Fault(where, "", "at least one row below the header", mend="It has none."))
    return RawTable(where, cells, scan.digest, repairs)


def scan_text(path: Path) -> TextScan:
    """Scan the bytes of a file once: digest, longest line, quotes, blank lines.

    Raises
    ------
    DataError
        If there is no such file, or it cannot be read.
    """
    digest = hashlib.sha256()
    n_bytes = blanks = longest = longest_at = zero_bytes = n_lines = 0
    quoted = False
    head = b""
    line_start = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                head = head or chunk[:4]
                digest.update(chunk)
                quoted = quoted or b'"' in chunk
                zero_bytes += chunk.count(b"\0")
                ends = np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == 10) + n_bytes
                lengths = np.diff(ends, prepend=line_start - 1) - 1
                if len(lengths):
                    blanks += int((lengths == 0).sum())
                    if lengths.max() > longest:
                        longest, longest_at = int(lengths.max()), n_lines + int(lengths.argmax())
                    n_lines += len(ends)
                    line_start = int(ends[-1]) + 1
                n_bytes += len(chunk)
    except OSError as error:
        raise DataError(
            Fault(str(path), "", "a file that can be read", 0, (str(error.strerror),))
        ) from error
    if n_bytes - line_start > longest:
        longest, longest_at = n_bytes - line_start, n_lines
    return TextScan(
        n_bytes, blanks, longest, longest_at + 1, quoted, zero_bytes, digest.hexdigest(), head
    )


def text_header(path: Path, text: TextOptions) -> list[str]:
    """Return the column names of a text file, or those that ``text`` states for it.

    Raises
    ------
    DataError
        If the first line is blank, or not in the stated encoding.
    """
    if text.header:
        return list(text.header)
    line, second = head_lines(path, text, 2)
    if not line.strip():
        mend = "The first line is blank: delete it, or the file is empty."
        raise DataError(Fault(path.name, "", "a header in the first line", mend=mend))
    if UNDECODABLE in line and (fault := _encoding_fault(path, text.encoding)):
        raise DataError(fault)
    return split_line(line, text.delimiter or sniff_delimiter(line, second))


def head_lines(path: Path, text: TextOptions, n_lines: int) -> list[str]:
    """Return the first lines of a text file, without byte order mark and line ends."""
    encoding = "utf-8-sig" if _is_utf8(text.encoding) else text.encoding
    lines = []
    with path.open(encoding=encoding, errors="replace", newline=None) as file:
        for _ in range(n_lines):
            lines.append(file.readline(LONGEST_LINE).rstrip("\r\n"))
    return lines


def sniff_delimiter(line: str, second: str = "") -> str:
    """Return the delimiter that occurs most often in a header line.

    Blanks part the cells only where nothing else does, and the line below has as many of them: a
    single column may have a name of several words.
    """
    bare = "".join(line.split('"')[::2])
    best = max(DELIMITERS, key=bare.count)
    if bare.count(best):
        return best
    below = "".join(second.split('"')[::2])
    alike = 0 < bare.count(" ") == below.count(" ") and "  " not in bare
    return " " if alike and not any(mark in below for mark in DELIMITERS) else best


def split_line(line: str, delimiter: str) -> list[str]:
    """Split one line into stripped cells, minding quotes."""
    row = next(csv.reader([line], delimiter=delimiter), [])
    return [cell.strip() for cell in row]


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig", "ascii")


def refuse_unreadable(scan: TextScan, text: TextOptions, where: str) -> None:
    """Raise for a file that cannot be a table of text, and for an encoding that does not exist.

    Raises
    ------
    DataError
    """
    try:
        codecs.lookup(text.encoding)
    except LookupError as error:
        got, mend = (
            (repr(text.encoding),),
            "State another in text.encoding: utf-8, cp1252, utf-16.",
        )
        raise DataError(Fault(where, "", "a known text encoding", 0, got, mend)) from error
    if scan.n_bytes == 0:
        raise DataError(Fault(where, "", "a header and rows", mend="The file is empty."))
    if scan.head.startswith(UTF16_MARKS) and _is_utf8(text.encoding):
        got = (f"the mark of utf-16, {scan.head[:2]!r}, at the start",)
        mend = "State the encoding: text.encoding=utf-16."
        raise DataError(Fault(where, "", f"text in {text.encoding}", 0, got, mend))
    if scan.zero_bytes and not scan.head.startswith(UTF16_MARKS):
        raise DataError(
            Fault(
                where,
                "",
                "text",
                0,
                (f"{scan.zero_bytes:,} zero bytes",),
                "It is not a text file, or it was cut off while being written.",
            )
        )
    if scan.longest_line > LONGEST_LINE:
        raise DataError(
            Fault(
                where,
                "",
                f"lines of at most {LONGEST_LINE:,} bytes",
                0,
                (f"{scan.longest_line:,} bytes in line {scan.longest_at:,}",),
                "A line end or a closing quote is missing, or it is not a table.",
            )
        )


def looks_like_data(first_line: list[str]) -> bool:
    """Return whether the cells of a first line are values, not names: most of them are numbers."""
    filled = [cell for cell in first_line if cell]
    numbers = sum(NUMBER_CELL.fullmatch(cell) is not None for cell in filled)
    return numbers > len(filled) / 2


def check_names(names: list[str], where: str) -> None:
    """Raise for a header with repeated or no names."""
    twice = sorted({name for name, count in Counter(names).items() if count > 1})
    if not twice:
        return
    mend = ""
    if looks_like_data(names):
        mend = (
            "The first line looks like data. If the file has no header, name its "
            f"{len(names)} columns in the mapping: text: {{header: [first, second, ...]}}."
        )
    listed = ", ".join(repr(name) for name in twice)
    raise DataError(Fault(where, listed, "a name used once in the header", mend=mend))


@dataclass(frozen=True)
class _Layout:
    """Where the cells of a text file are."""

    names: list[str]
    kept: list[str]
    delimiter: str
    skip_lines: int


def _parse(path: Path, text: TextOptions, scan: TextScan, layout: _Layout) -> pa.Table:
    """Parse into text columns; rows with another number of cells are counted and refused."""
    broken: list[str] = []

    def note(row: pa_csv.InvalidRow) -> str:
        broken.append(f"{row.actual_columns} cells in {row.text[:60]!r}")
        return "skip"

    try:
        with _without_notes_of_callbacks():
            cells = pa_csv.read_csv(
                str(path),
                pa_csv.ReadOptions(
                    column_names=layout.names,
                    skip_rows=layout.skip_lines,
                    block_size=1 << 22,
                    # Another encoding is turned into UTF-8 block by block, never as a whole.
                    encoding="utf8" if _is_utf8(text.encoding) else text.encoding,
                ),
                pa_csv.ParseOptions(
                    delimiter=layout.delimiter,
                    newlines_in_values=scan.quoted,
                    invalid_row_handler=note,
                ),
                pa_csv.ConvertOptions(
                    column_types={name: pa.string() for name in layout.names},
                    include_columns=layout.kept,
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                    null_values=[""],
                ),
            )
    except (pa.ArrowInvalid, UnicodeError) as error:
        raise DataError(_parse_fault(error, path, text)) from error
    if broken:
        raise DataError(
            Fault(
                path.name,
                "",
                f"{len(layout.names)} cells in every row, as the header has",
                len(broken),
                tuple(broken[:3]),
                "The file is cut off, or the delimiter or the quotes are not as stated.",
            )
        )
    return cells


@contextmanager
def _without_notes_of_callbacks() -> Iterator[None]:
    """Keep Python from printing what fails while Arrow tells of a broken row.

    A row that is not in the stated encoding fails there first; the parser then says so itself.
    """
    before = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = before


def _parse_fault(error: Exception, path: Path, text: TextOptions) -> Fault:
    """Return the fault behind a parser's exception."""
    encoding = "utf-8" if _is_utf8(text.encoding) else text.encoding
    if fault := _encoding_fault(path, encoding):
        return fault
    reason = str(error).splitlines()[0][:200]
    if reason.startswith("Could not skip initial"):  # a header without a line end
        return Fault(path.name, "", "at least one row below the header", mend="It has none.")
    return Fault(path.name, "", "a table of text", 0, (reason,))


def _encoding_fault(path: Path, encoding: str) -> Fault | None:
    """Return the fault of the first bytes that are not in an encoding; None when all are.

    The file is read in chunks: it may be larger than memory.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    n_line_ends = 0
    with path.open("rb") as file:
        start = file.read(2)
        file.seek(0)
        while True:
            chunk = file.read(CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                break_at, content = error.start, error.object
                break
            if not chunk:
                return None
            n_line_ends += chunk.count(b"\n")
    line = n_line_ends + content.count(b"\n", 0, break_at) + 1
    around = content[max(0, break_at - 20) : break_at + 10]
    guess = "utf-16" if start in UTF16_MARKS else "cp1252"
    mend = f"State the encoding: text.encoding={guess} is a common one."
    if codecs.lookup(guess) == codecs.lookup(encoding):
        mend = "State another encoding in text.encoding, or mend these bytes: the file is damaged."
    got = (f"bytes {around!r} in line {line:,}",)
    return Fault(path.name, "", f"text in {encoding}", 0, got, mend)


def text_of(rows: list[list[str]], names: list[str]) -> pa.Table:
    """Return rows of text as columns; for readers that yield rows, such as .xls."""
    columns = [[row[place] for row in rows] for place in range(len(names))]
    return pa.table(
        {
            name: pa.array([c or None for c in column], pa.string())
            for name, column in zip(names, columns, strict=True)
        }
    )
