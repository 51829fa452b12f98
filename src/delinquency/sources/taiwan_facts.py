"""UCI "Default of Credit Card Clients" (Taiwan, 2005): what is known, and the check of it.

What is known of the file and stated nowhere in it:

- ``PAY_AMT`` of a month settles the *previous* statement, so new charges of a month are
  ``balance - previous balance + payment``; they include interest and fees.
- ``PAY`` codes: -2 no use, -1 paid in full, 0 revolving with the minimum paid, k months behind.
  Code 1 is common in September only (3,688 rows against 28 and fewer in older months): a one in
  September is not comparable with a one before.
- Education codes 0, 5 and 6 and marriage code 0 are not documented; education 4 is "others".
- 35 rows repeat another, 56 repeat on all features, and 21 feature vectors carry both labels:
  equal rows share a group, so that a split cannot put one in training and its twin in the test.

References
----------
I-Cheng Yeh and Che-hui Lien (2009), Expert Systems with Applications 36(2), 2473-2480;
doi:10.24432/C55S3H (CC BY 4.0).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from delinquency.errors import DataError, Fault
from delinquency.sources.reading.cells import number_cells
from delinquency.sources.reading.mapping_options import TextOptions
from delinquency.sources.reading.raw_table import RawTable

OBSERVATION_MONTH = "2005-09"
MONTHS = ("2005-09", "2005-08", "2005-07", "2005-06", "2005-05", "2005-04")
"""Months of the numbered columns, in their order: 1 (or 0) is September."""
PAY = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
BILL = tuple(f"BILL_AMT{k}" for k in range(1, 7))
PAID = tuple(f"PAY_AMT{k}" for k in range(1, 7))
FEATURES = ("LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE", *PAY, *BILL, *PAID)
LABEL = "DEFAULT"
LABEL_ALIASES = ("DEFAULT", "DEFAULT.PAYMENT.NEXT.MONTH", "DEFAULT PAYMENT NEXT MONTH", "Y")
ALIASES = {"PAY_1": "PAY_0", "GENDER": "SEX"} | dict.fromkeys(LABEL_ALIASES, LABEL)
BOUNDS = MappingProxyType(
    {"LIMIT_BAL": (0.0, None), "SEX": (1.0, 2.0), "EDUCATION": (0.0, 6.0), "MARRIAGE": (0.0, 3.0)}
    | {"AGE": (18.0, 120.0), LABEL: (0.0, 1.0)}
    | dict.fromkeys(PAY, (-2.0, 9.0))
    | dict.fromkeys(PAID, (0.0, None))
)
WHOLE = ("SEX", "EDUCATION", "MARRIAGE", "AGE", *PAY, LABEL)
"""Columns of codes and counts; amounts may carry decimals."""


@dataclass(frozen=True)
class KnownFacts:
    """What is known to be true of the complete file.

    Attributes
    ----------
    n_rows, n_positives : int
    sums : mapping of str to float
        Sum of each column.
    """

    n_rows: int
    n_positives: int
    sums: Mapping[str, float] = field(default_factory=dict)


TAIWAN_FACTS = KnownFacts(
    n_rows=30_000,
    n_positives=6_636,
    sums=MappingProxyType(
        {
            "LIMIT_BAL": 5_024_529_680,
            "SEX": 48_112,
            "EDUCATION": 55_594,
            "MARRIAGE": 46_556,
            "AGE": 1_064_565,
        }
        | dict(zip(PAY, (-501, -4_013, -4_986, -6_620, -7_986, -8_733), strict=True))
        | dict(
            zip(
                BILL,
                (
                    1_536_699_927,
                    1_475_372_255,
                    1_410_394_644,
                    1_297_888_469,
                    1_209_342_029,
                    1_166_152_812,
                ),
                strict=True,
            )
        )
        | dict(
            zip(
                PAID,
                (
                    169_907_415,
                    177_634_905,
                    156_770_445,
                    144_782_306,
                    143_981_629,
                    156_465_077,
                ),
                strict=True,
            )
        )
    ),
)


def canonical_name(name: str) -> str:
    """Return the name by which this module knows a column of any published version.

    Examples
    --------
    >>> [canonical_name(n) for n in ("x6", "PAY_1", "default.payment.next.month", "limit_bal")]
    ['PAY_0', 'PAY_0', 'DEFAULT', 'LIMIT_BAL']
    """
    upper = name.strip().upper()
    if upper[:1] == "X" and upper[1:].isdigit() and 1 <= int(upper[1:]) <= len(FEATURES):
        return FEATURES[int(upper[1:]) - 1]
    return ALIASES.get(upper, upper)


def other_names(name: str) -> str:
    """Return the other published names of a column."""
    if name == LABEL:
        return "default.payment.next.month, 'default payment next month', Y"
    others = [alias for alias, meant in ALIASES.items() if meant == name]
    return " or ".join([f"X{FEATURES.index(name) + 1}", *others])


def checked_cells(raw: RawTable, known: KnownFacts | None) -> pd.DataFrame:
    """Return one float column per known column and ``ID``, or raise with every fault.

    Parameters
    ----------
    raw : RawTable
        Under canonical names; the label may be absent when ``known`` is None.
    known : KnownFacts or None
        What the file must add up to; None when it need not be the complete one.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
    """
    where, text = raw.where, TextOptions()
    columns: dict[str, np.ndarray] = {}
    faults: list[Fault] = []
    labelled = LABEL in raw.cells.column_names
    if known is not None and not labelled:
        mend = (
            f"Also known as {other_names(LABEL)}. For accounts without one: data.complete=false."
        )
        raise DataError(Fault(where, LABEL, "this column in the header", mend=mend))
    for name in (*FEATURES, LABEL) if labelled else FEATURES:
        columns[name], more = number_cells(raw.cells[name], text, where=where, name=name)
        faults += more or _range_faults(columns[name], name, where)
    n_rows = raw.cells.num_rows
    if "ID" in raw.cells.column_names:
        ids, more = number_cells(raw.cells["ID"], text, where=where, name="ID")
        faults += more
    else:
        ids = np.arange(1.0, n_rows + 1)
    doubled = pd.Series(ids).duplicated(keep=False).to_numpy() & ~np.isnan(ids)
    if doubled.any():
        faults.append(_fault(ids, doubled, where, "ID", "each account once"))
    if known is not None and n_rows != known.n_rows:
        faults.append(
            Fault(
                where,
                "",
                f"{known.n_rows:,} rows",
                0,
                (f"{n_rows:,} rows",),
                "The file is not complete, or not this data set.",
            )
        )
    if known is not None and not faults:
        faults = _sum_faults(columns, known, where)
    if faults:
        raise DataError(faults)
    wide = pd.DataFrame(columns)
    wide["ID"] = pd.Series(ids).astype("int64")
    return wide


def _range_faults(values: np.ndarray, name: str, where: str) -> list[Fault]:
    """Return the faults of cells that are missing, out of bounds or not whole."""
    faults = []
    empty = np.isnan(values)
    if empty.any():
        faults.append(_fault(values, empty, where, name, "a value in every row"))
    low, high = BOUNDS.get(name, (None, None))
    outside = np.isinf(values)
    outside |= (values < low) if low is not None else False
    outside |= (values > high) if high is not None else False
    if outside.any():
        expected = f"at least {low:g}" if high is None and low is not None else "a finite number"
        if high is not None:
            expected = f"a number from {low:g} to {high:g}"
        faults.append(_fault(values, outside, where, name, expected))
    if name in WHOLE:
        broken = ~empty & ~outside & (values != np.floor(values))
        if broken.any():
            faults.append(_fault(values, broken, where, name, "a whole number"))
    return faults


def _sum_faults(columns: Mapping[str, np.ndarray], known: KnownFacts, where: str) -> list[Fault]:
    """Return the faults of positives and column sums that are not those of the known file."""
    sums = {LABEL: float(known.n_positives)} | {k: float(v) for k, v in known.sums.items()}
    return [
        Fault(
            where,
            name,
            f"a column sum of {expected:,.0f}",
            0,
            (f"{columns[name].sum():,.0f}",),
            "Some cells were changed: fetch the file again.",
        )
        for name, expected in sums.items()
        if columns[name].sum() != expected
    ]


def _fault(values: np.ndarray, wrong: np.ndarray, where: str, name: str, expected: str) -> Fault:
    """Return the fault of numbers marked wrong, with examples and their rows."""
    places = np.flatnonzero(wrong)
    examples = tuple(
        f"{'an empty cell' if np.isnan(values[p]) else f'{values[p]:g}'} (row {p + 1:,})"
        for p in places[:3]
    )
    return Fault(where, name, expected, len(places), examples)
