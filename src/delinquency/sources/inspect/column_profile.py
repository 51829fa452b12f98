"""What one column of a file holds: kind, missing cells, range, codes, and how it moves."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import rankdata

from delinquency.sources.inspect.suspected_codes import special_codes
from delinquency.sources.inspect.written_marks import month_style
from delinquency.sources.reading.cells import NUMBER, is_text, name_cells, number_cells, text_cells
from delinquency.sources.reading.mapping_options import TextOptions

TOP = 12
BINS = 10
"""Bars of a column's picture."""
WHOLE_FROM, SMALL = 1000.0, 1e-4
"""Sizes from which a bar's label shows no decimals, and below which it takes an exponent."""
MOSTLY = 0.5
"""A column is of numbers when more than this share of its filled cells are numbers."""
RATIO_JUMP = 50.0
"""A ratio whose median is this many times larger where its base is missing is an amount there."""


@dataclass(frozen=True)
class Bin:
    """One bar of a column's picture.

    Attributes
    ----------
    label : str
        Range of values, a name, or "missing".
    n_rows : int
    bad_rate : float or None
        Among rows whose outcome is known.
    """

    label: str
    n_rows: int
    bad_rate: float | None


@dataclass(frozen=True)
class ColumnProfile:
    """What was found in one column.

    Attributes
    ----------
    name, role : str
        Column, and what the mapping makes of it ("" when it has no role).
    kind : {"number", "text", "date", "empty"}
    n_missing, n_distinct, n_not_numbers : int
        Empty cells; distinct values; filled cells of a column of numbers that are none.
    minimum, median, maximum, mean : float or None
        Of numbers, special codes included.
    top : tuple of (str, int)
        The most frequent values, with how often they occur.
    codes : tuple of (float, int)
        Numbers that look like codes for "no value", with how often they occur.
    auc : float or None
        How well the column alone ranks bad above good; 0.5 is not at all.
    drift : float or None
        Largest difference between the distributions of the file's first and last third, 0 to 1.
    bins : tuple of Bin
        Rows and bad rate by range of values, or by name.
    month_style : str
        How it writes months or days; "" where it does not.
    """

    name: str
    role: str
    kind: str
    n_missing: int
    n_distinct: int
    n_not_numbers: int = 0
    minimum: float | None = None
    median: float | None = None
    maximum: float | None = None
    mean: float | None = None
    top: tuple[tuple[str, int], ...] = ()
    codes: tuple[tuple[float, int], ...] = ()
    auc: float | None = None
    drift: float | None = None
    bins: tuple[Bin, ...] = ()
    month_style: str = ""


@dataclass(frozen=True)
class ColumnValues:
    """The cells of one column in the forms that the checks need.

    Attributes
    ----------
    ids : ndarray of shape (n_rows,), int32
        Number of each row's distinct value; -1 for missing.
    numbers : ndarray of shape (n_rows,) or None
        Values of a column of numbers, NaN where missing.
    distinct : list of str
        Distinct values by number; at most a sample is needed.
    """

    ids: np.ndarray
    numbers: np.ndarray | None
    distinct: list[str] = field(repr=False, default_factory=list)
    kind: str = "text"
    n_not_numbers: int = 0


def column_values(column: pa.ChunkedArray, text: TextOptions) -> ColumnValues:
    """Return the cells of a column as numbers where most of them are numbers."""
    numbers, _ = number_cells(column, text, where="", name="")
    gaps_out = text_cells(column, missing=text.gaps)
    filled = len(gaps_out) - gaps_out.null_count
    n_wrong = filled - int((~np.isnan(numbers)).sum()) if is_text(column) else 0
    of_time = pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)
    numeric = not of_time and filled > 0 and n_wrong <= (1 - MOSTLY) * filled
    encoded = pc.dictionary_encode(gaps_out if numeric else name_cells(column, text))
    encoded = encoded.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    ids = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    distinct = encoded.dictionary.to_pylist()
    if not len(distinct):
        return ColumnValues(ids, None, [], "empty")
    if not numeric:
        kind = "date" if of_time or _looks_like_dates(distinct) else "text"
        return ColumnValues(ids, None, distinct, kind)
    return ColumnValues(ids, numbers, distinct, "number", n_wrong)


def describe(name: str, role: str, values: ColumnValues, bad: np.ndarray | None) -> ColumnProfile:
    """Return the profile of a column.

    Parameters
    ----------
    name, role : str
    values : ColumnValues
    bad : ndarray of shape (n_rows,) or None
        1 bad, 0 good, NaN neither; None when there is no label.
    """
    counts = np.bincount(values.ids[values.ids >= 0], minlength=len(values.distinct))
    order = np.argsort(-counts, kind="stable")[:TOP]
    numbers = values.numbers
    filled = numbers[~np.isnan(numbers)] if numbers is not None else np.empty(0)
    return ColumnProfile(
        name=name,
        role=role,
        kind=values.kind,
        n_missing=int((values.ids < 0).sum()),
        n_distinct=len(values.distinct),
        n_not_numbers=values.n_not_numbers,
        minimum=float(filled.min()) if len(filled) else None,
        median=float(np.median(filled)) if len(filled) else None,
        maximum=float(filled.max()) if len(filled) else None,
        mean=float(filled.mean()) if len(filled) else None,
        top=tuple((values.distinct[place], int(counts[place])) for place in order),
        codes=special_codes(filled),
        auc=None if bad is None else ranking_power(values, bad),
        drift=order_drift(numbers if numbers is not None else values.ids.astype(float)),
        bins=bins_of(values, bad),
        month_style=month_style(values.distinct),
    )


def bins_of(values: ColumnValues, bad: np.ndarray | None) -> tuple[Bin, ...]:
    """Return rows and bad rate by tenth of the values, or by name; missing cells last."""
    numbers = values.numbers
    if numbers is None:
        if values.kind != "text" or not values.distinct:
            return ()
        counts = np.bincount(values.ids[values.ids >= 0], minlength=len(values.distinct))
        top = np.argsort(-counts, kind="stable")[:BINS]
        place = np.full(len(values.distinct) + 1, len(top))
        place[top] = np.arange(len(top))
        place[-1] = len(top) + 1
        codes = place[values.ids]
        labels = [*(values.distinct[k] for k in top), "other names"]
    else:
        known = np.isnan(numbers)
        filled = numbers[~known]
        distinct = np.unique(filled)
        if len(distinct) <= BINS:
            edges = distinct
            labels = [plain_value(edge) for edge in edges]
        else:
            steps = np.linspace(0, 1, BINS + 1)[1:]
            edges = np.unique(np.quantile(filled, steps, method="lower"))
            lows = [distinct[0], *edges[:-1]]
            marks = ["" if k == 0 else "above " for k in range(len(edges))]
            labels = [
                f"{mark}{plain_value(low)} to {plain_value(high)}"
                if low != high
                else plain_value(high)
                for mark, low, high in zip(marks, lows, edges, strict=True)
            ]
        codes = np.where(known, len(edges) + 1, np.searchsorted(edges, numbers, side="left"))
        labels = [*labels, "other names"]
    labels = [*labels, "missing"]
    rows = np.bincount(codes, minlength=len(labels))
    if bad is None:
        return tuple(Bin(a, int(n), None) for a, n in zip(labels, rows, strict=True) if n)
    told = ~np.isnan(bad)
    n_known = np.bincount(codes[told], minlength=len(labels))
    n_bad = np.bincount(codes[told], weights=bad[told], minlength=len(labels))
    return tuple(
        Bin(label, int(n), float(b / k) if k else None)
        for label, n, k, b in zip(labels, rows, n_known, n_bad, strict=True)
        if n
    )


def plain_value(value: float) -> str:
    """Return a number as it stands on the page: whole where it is large, never as 1e+08."""
    if abs(value) >= WHOLE_FROM or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) >= SMALL else f"{value:.2e}"


def ranking_power(values: ColumnValues, bad: np.ndarray) -> float | None:
    """Return the AUC of a column alone; of names, by the bad rate of each name.

    Missing cells are left out. None when one class is absent or there are too many names.
    """
    scores = values.numbers
    if scores is None:
        if values.kind != "text" or len(values.distinct) > 50:
            return None
        known = (values.ids >= 0) & ~np.isnan(bad)
        ids, flags = values.ids[known], bad[known]
        n_each = np.bincount(ids, minlength=len(values.distinct))
        rate = np.bincount(ids, weights=flags, minlength=len(values.distinct)) / np.maximum(
            n_each, 1
        )
        scores = np.where(values.ids >= 0, rate[values.ids], np.nan)
    return rank_auc(scores, bad)


def rank_auc(scores: np.ndarray, bad: np.ndarray) -> float | None:
    """Return the share of bad-good pairs that ``scores`` orders rightly, ties counting half.

    Rows where either is NaN are left out; None when a class is absent.
    """
    known = ~np.isnan(scores) & ~np.isnan(bad)
    flags = bad[known] == 1
    n_bad, n_good = int(flags.sum()), int((~flags).sum())
    if not n_bad or not n_good:
        return None
    ranks = rankdata(scores[known])
    return float((ranks[flags].sum() - n_bad * (n_bad + 1) / 2) / (n_bad * n_good))


def order_drift(numbers: np.ndarray) -> float | None:
    """Return the Kolmogorov-Smirnov distance between the file's first and last third."""
    third = len(numbers) // 3
    first, last = numbers[:third], numbers[-third:] if third else numbers[:0]
    first, last = np.sort(first[~np.isnan(first)]), np.sort(last[~np.isnan(last)])
    if not len(first) or not len(last):
        return None
    points = np.unique(np.concatenate([first, last]))
    share_first = np.searchsorted(first, points, side="right") / len(first)
    share_last = np.searchsorted(last, points, side="right") / len(last)
    return float(np.abs(share_first - share_last).max())


def orders_the_file(numbers: np.ndarray | None) -> bool:
    """Return whether a column never falls along the file and is different in every row."""
    if numbers is None or len(numbers) < 50 or np.isnan(numbers).any():
        return False
    steps = np.diff(numbers)
    return bool((steps > 0).all() or (steps < 0).all())


def _looks_like_dates(distinct: list[str]) -> bool:
    """Return whether a sample of texts looks like dates: digits and date marks."""
    sample = distinct[:200]
    return bool(sample) and all(
        sum(c.isdigit() for c in one) >= 6
        and not NUMBER.fullmatch(one)
        and set(one) <= set("0123456789-/.: T")
        for one in sample
    )
