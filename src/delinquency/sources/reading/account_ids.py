"""One rule for identifiers, whatever they were read from: text, exactly as it is stored.

A number that went through a float of 64 bits has lost digits beyond 2**53; it is refused. Marks
that no reader can see (blanks, zero-width characters, full-width digits) never tell two ids apart.
Other ways to write one id (leading zeros, ``.0``, another case) may be two ids or one: where a
column holds both ways, the mapping says which (``ids``).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from delinquency.errors import Fault
from delinquency.sources.reading.cells import EXACT_BELOW, Column, map_values, text_cells
from delinquency.sources.reading.mapping_options import AS_STORED, JOINED, TextOptions

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
SPREADSHEET = re.compile(r"[+-]?\d([.,]\d++[eE]\+?|[eE]\+)\d++")
"""How a spreadsheet writes a long number: most of its digits are gone."""
DIGITS = re.compile(r"(?>0*(?=\d))(\d++)(\.0*+)?")
EXAMPLES = 3


@dataclass(frozen=True)
class Identifiers:
    """The ids of one column.

    Attributes
    ----------
    ids : Series of str, one a row
        Missing where the cell is empty.
    faults : list of Fault
    counts : dict of str to int
        Ids that were written with invisible marks, and ids that were joined.
    """

    ids: pd.Series
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def identifiers(
    column: Column, text: TextOptions, *, rule: str, where: str, name: str
) -> Identifiers:
    """Return the ids of a column, and what is wrong with them.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    text : TextOptions
        Its cells for "no value".
    rule : {"refuse", "as_stored", "joined"}
        What to do where one column writes an id in two ways, such as ``7`` and ``007``.
    where, name : str
        File and column, for the fault.

    Returns
    -------
    Identifiers
    """
    lossy = _beyond_exact(column)
    if lossy is not None:
        mend = "Write the column as text or as whole numbers; a float loses the last digits."
        got = (f"{lossy:.0f} as a float",)
        return Identifiers(_nothing(column), [Fault(where, name, "ids", 0, got, mend)])
    distinct, positions = map_values(text_cells(column, missing=text.gaps), str)
    stored = [str(one) for one in distinct[:-1]]
    plain = [visible(one) for one in stored]
    counts: dict[str, int] = {}
    n_marked = sum(a != b for a, b in zip(stored, plain, strict=True))
    if n_marked:
        counts[f"{name}_ids_with_invisible_or_full_width_marks"] = n_marked
    faults = []
    short = [one for one in plain if SPREADSHEET.fullmatch(one)]
    if short and rule != AS_STORED:
        mend = "A spreadsheet has cut the digits off: export the column as text. "
        mend += f"If these are the ids, say so: data.ids={AS_STORED}."
        shown = tuple(repr(one) for one in short[:EXAMPLES])
        faults.append(Fault(where, name, "ids with all their digits", 0, shown, mend))
    if rule != AS_STORED:
        ways = ways_to_write(plain)
        if ways and rule == JOINED:
            counts[f"{name}_ids_joined_with_another_way_to_write_them"] = sum(
                len(one) - 1 for one in ways
            )
        elif ways:
            faults.append(_two_ways(ways, where, name))
        if rule == JOINED:
            plain = [one_way(one) for one in plain]
    values = pd.Series(np.array([*plain, None], dtype=object)[positions], dtype="str")
    return Identifiers(values, faults, counts)


def visible(identifier: str) -> str:
    r"""Return an id without the marks that nobody can see, in plain digits and letters.

    Examples
    --------
    >>> visible("\uff11\uff12\u200b ")
    '12'
    """
    if identifier.isascii():
        return identifier.strip()
    plain = unicodedata.normalize("NFKC", identifier)
    return INVISIBLE.sub("", plain).strip()


def one_way(identifier: str) -> str:
    """Return the form that all ways to write an id share: no leading zeros, no ``.0``, one case.

    Examples
    --------
    >>> one_way("000123.0"), one_way("1.5E+3"), one_way("ab7")
    ('123', '1500', 'AB7')
    """
    plain = visible(identifier)
    if SPREADSHEET.fullmatch(plain) and len(plain) < 30:
        number = Decimal(plain.replace(",", "."))
        if number == number.to_integral_value() and abs(number) < Decimal(10) ** 30:
            plain = f"{number:f}"
    if found := DIGITS.fullmatch(plain):
        return found.group(1)
    return plain.upper()


def ways_to_write(stored: Iterable[str]) -> list[list[str]]:
    """Return the ids that are written in more than one way, each with all its ways."""
    ways: dict[str, set[str]] = {}
    for one in stored:
        ways.setdefault(one_way(one), set()).add(one)
    return [sorted(several) for several in ways.values() if len(several) > 1]


def no_match_cause(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """Return why no id of one file is in another: the way they are written, if that is it.

    Parameters
    ----------
    ours, theirs : sequence of str
        Distinct ids, none of which is in both.
    """
    shared = {one_way(one): one for one in ours}
    pairs = [(shared[key], one) for one in theirs if (key := one_way(one)) in shared]
    if not pairs:
        return (
            f"They hold other ids: e.g. {ours[0]!r} against {theirs[0]!r}. Is it the right "
            "column, and the right file?"
        )
    kind = _difference(*pairs[0])
    return (
        f"{len(pairs):,} would match but for {kind}, e.g. {pairs[0][0]!r} against "
        f"{pairs[0][1]!r}. Write both files alike, or join them: data.ids={JOINED}."
    )


def _difference(ours: str, theirs: str) -> str:
    """Return in words how two ways to write one id differ."""
    a, b = sorted((ours, theirs), key=len)
    if re.fullmatch(r"\d+\.0*", b) or re.fullmatch(r"\d+\.0*", a):
        return "a '.0' (the column was read as a decimal number somewhere)"
    if SPREADSHEET.fullmatch(a) or SPREADSHEET.fullmatch(b):
        return "an exponent (a spreadsheet)"
    if b.endswith(a) and set(b[: len(b) - len(a)]) <= {"0"}:
        return "leading zeros"
    return "upper and lower case" if a.upper() == b.upper() else "the way they are written"


def _two_ways(ways: list[list[str]], where: str, name: str) -> Fault:
    shown = tuple(" and ".join(repr(way) for way in one[:3]) for one in ways[:EXAMPLES])
    mend = (
        f"If they are one account each, join them: data.ids={JOINED}; if not, keep them apart: "
        f"data.ids={AS_STORED}."
    )
    expected = f"one way to write each id; {len(ways):,} are written in several"
    return Fault(where, name, expected, 0, shown, mend)


def _beyond_exact(column: Column) -> float | None:
    """Return a value of a float column that is too large to be exact, or None."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not pa.types.is_floating(kind) or len(column) == column.null_count:
        return None
    size = pc.max(pc.abs(column.cast(pa.float64()))).as_py()
    most = 2.0**24 if pa.types.is_float32(kind) else EXACT_BELOW
    return float(size) if size is not None and size >= most else None


def _nothing(column: Column) -> pd.Series:
    return pd.Series([None] * len(column), dtype="str")
