"""The catalogue of features: what each one is, declared beside the code that computes it.

Monotone constraints, trait groups, reason texts, report columns, drift tables and the features
page are all derived from these records; nothing about a feature is stated a second time.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from delinquency.features import statistics
from delinquency.named_choices import Registry
from delinquency.panel.windows import Array, Windows, tables_of
from delinquency.traits import Trait

Compute = Callable[[Windows], Array]
Direction = Literal[-1, 0, 1]
Unit = Literal["ratio", "share", "months", "days", "count", "money", "log money", "score", "level",
               "percent"]  # fmt: skip

SHORT_WINDOWS = (3, 6, 12)
"""Months that families of features are summarised over."""
WINDOW = "{window}"
"""In a phrase: stands for the months that the data set's features see."""
EARLIER_MONTHS = (1, 2, 3, 4, 5)
"""How far back single months of a quantity are features of their own."""


@dataclass(frozen=True)
class Quantity:
    """A monthly value that several features summarise.

    Attributes
    ----------
    name : str
    needs : tuple of str
        Canonical columns and event sums that it is computed from.
    compute : callable
        From windows to an array of shape (n_rows, n_months).
    """

    name: str
    needs: tuple[str, ...]
    compute: Compute
    ceiling: float = math.inf

    @property
    def meaning(self) -> str:
        """First paragraph of the docstring: what the quantity is, and its formula."""
        return _first_paragraph(self.compute)

    def __call__(self, windows: Windows) -> Array:
        """Return the monthly values, computed once per windows."""
        return windows.derive(self.name, self.compute)


@dataclass(frozen=True)
class Feature:
    """One column of the model matrix.

    Attributes
    ----------
    name : str
    trait : Trait
        The one trait it belongs to.
    direction : {-1, 0, +1}
        +1 when a higher value can only raise the risk, -1 when it can only lower it, 0 when
        neither can be said beforehand.
    unit : str
    needs : tuple of str
        Canonical columns and event sums; the feature is absent where a source lacks one.
    phrase, phrase_zh : str
        What it measures, in words that stand before its value in a reason.
    months : int or None
        The summary's window; None when it takes the whole observation window.
    reach : int
        Fewest months that a window must have for a value to exist at all.
    actionable : bool
        Whether the customer can change it.
    source : str
        Requirement and literature behind it.
    compute : callable
        From windows to an array of shape (n_rows,).
    ceiling : float
        A value of this much stands for "so much or more".
    """

    name: str
    trait: Trait
    direction: Direction
    unit: Unit
    needs: tuple[str, ...]
    phrase: str
    phrase_zh: str
    months: int | None
    actionable: bool
    source: str
    compute: Compute
    reach: int = 1
    ceiling: float = math.inf

    @property
    def categories(self) -> tuple[str, ...]:
        """Names by code: none, every registered feature is a quantity."""
        return ()

    @property
    def meaning(self) -> str:
        """First paragraph of the docstring: what the feature is, and its formula."""
        return _first_paragraph(self.compute)

    @property
    def tables(self) -> frozenset[str]:
        """Canonical tables that it reads."""
        return frozenset().union(*(tables_of(need) for need in self.needs))


def _first_paragraph(compute: Compute) -> str:
    doc = (compute.__doc__ or "").strip().split("\n\n")[0]
    return " ".join(doc.split())


QUANTITIES: Registry[Quantity] = Registry("quantity")
FEATURES: Registry[Feature] = Registry("feature")


def quantity(*needs: str, ceiling: float = math.inf) -> Callable[[Compute], Quantity]:
    """Register a function from windows to monthly values as a quantity of its own name.

    Parameters
    ----------
    *needs : str
        Columns and event sums it reads.
    ceiling : float
        A value of this much stands for "so much or more".
    """

    def register(compute: Compute) -> Quantity:
        name = compute.__name__
        return QUANTITIES.add(name, Quantity(name, needs, compute, ceiling))

    return register


def feature(
    trait: Trait,
    *,
    direction: Direction,
    unit: Unit,
    needs: Sequence[str | Quantity],
    reason: tuple[str, str],
    source: str,
    actionable: bool = True,
    ceiling: float = math.inf,
) -> Callable[[Compute], Compute]:
    """Register a function from windows to one value per row as a feature of its own name.

    Parameters
    ----------
    trait : Trait
    direction : {-1, 0, +1}
    unit : str
    needs : sequence of str or Quantity
        Columns, event sums or quantities it reads.
    reason : tuple of str
        English and Chinese phrase.
    source : str
    actionable : bool
    ceiling : float
        A value of this much stands for "so much or more".

    Returns
    -------
    callable
        A decorator that returns the function unchanged.
    """

    def register(compute: Compute) -> Compute:
        name = compute.__name__
        FEATURES.add(
            name,
            Feature(
                name, trait, direction, unit, _columns(needs), *reason, None, actionable, source,
                compute, ceiling=ceiling,
            ),
        )  # fmt: skip
        return compute

    return register


@dataclass(frozen=True)
class Summary:
    """A statistic that families of features are made with."""

    name: str
    statistic: Callable[[Array], Array]
    phrase: str
    phrase_zh: str
    level: bool  # False for changes, whose direction does not follow from the quantity's
    windowed: bool = True  # False when the length of the window does not matter


SUMMARIES: Registry[Summary] = Registry("summary")
for _summary in (
    Summary("last", statistics.last, "latest", "最近", level=True, windowed=False),
    Summary("step", statistics.step, "change in a month", "单月变化", level=False, windowed=False),
    Summary("mean", statistics.mean, "average", "平均", level=True),
    Summary("max", statistics.maximum, "highest", "最高", level=True),
    Summary("min", statistics.minimum, "lowest", "最低", level=True),
    Summary("std", statistics.deviation, "variation", "波动", level=False),
    Summary("trend", statistics.trend, "change per month", "月均变化", level=False),
    Summary("change", statistics.change, "latest against average", "较平均变化", level=False),
):
    SUMMARIES.add(_summary.name, _summary)


def summarise(
    what: Quantity,
    trait: Trait,
    *,
    direction: Direction,
    unit: Unit,
    reason: tuple[str, str],
    source: str,
    summaries: Sequence[str] = ("last", "mean", "max", "trend", "change"),
    actionable: bool = True,
    earlier: bool = False,
) -> None:
    """Register the family of features that summarise one quantity over 3, 6 and 12 months.

    Names are ``<quantity>_<summary>`` for those without a window and
    ``<quantity>_<summary>_<months>m`` for the others. Levels take the direction given; changes
    and variations take 0, because the level beside them already carries the sign.

    Parameters
    ----------
    what : Quantity
    trait : Trait
    direction : {-1, 0, +1}
    unit : str
    reason : tuple of str
        English and Chinese phrase for the quantity.
    source : str
    summaries : sequence of str
        Names from ``SUMMARIES``.
    actionable : bool
    earlier : bool
        Whether single earlier months are features too.
    """
    for summary in (SUMMARIES[name] for name in summaries):
        for months in SHORT_WINDOWS if summary.windowed else (None,):
            span = f"_{months}m" if months else ""
            over = f" over {months} months" if months else ""
            over_zh = f"近{months}个月" if months else ""
            compute = _summary_of(what, summary, months)
            compute.__doc__ = f"{what.meaning.rstrip('.')}: {summary.phrase}{over}."
            FEATURES.add(
                f"{what.name}_{summary.name}{span}",
                Feature(
                    name=f"{what.name}_{summary.name}{span}",
                    trait=trait,
                    direction=direction if summary.level else 0,
                    unit=unit,
                    needs=what.needs,
                    phrase=f"{reason[0]}, {summary.phrase}{over}",
                    phrase_zh=f"{reason[1]}（{over_zh}{summary.phrase_zh}）",
                    months=months,
                    actionable=actionable,
                    source=source,
                    compute=compute,
                    ceiling=what.ceiling if summary.level else math.inf,
                ),
            )
    if earlier:
        _add_earlier_months(what, trait, unit=unit, reason=reason, source=source)


def _add_earlier_months(
    what: Quantity, trait: Trait, *, unit: Unit, reason: tuple[str, str], source: str
) -> None:
    """Register the values one to five months before the observation month, ``<name>_<k>m_ago``.

    They have no direction: a value of the past only says how the account came to the present
    one, whose sign the summaries carry. Nobody can change them.
    """
    for ago in EARLIER_MONTHS:
        compute = _value_of(what, ago)
        before = f"{ago} month{'s' if ago > 1 else ''} earlier"
        compute.__doc__ = f"{what.meaning.rstrip('.')}: {before}."
        name = f"{what.name}_{ago}m_ago"
        FEATURES.add(
            name,
            Feature(
                name=name,
                trait=trait,
                direction=0,
                unit=unit,
                needs=what.needs,
                phrase=f"{reason[0]}, {before}",
                phrase_zh=f"{ago}个月前的{reason[1]}",
                months=None,
                actionable=False,
                source=source,
                compute=compute,
                reach=ago + 1,
                ceiling=what.ceiling,
            ),
        )


def _value_of(what: Quantity, ago: int) -> Compute:
    def compute(windows: Windows) -> Array:
        return statistics.before(what(windows), ago)

    return compute


def _summary_of(what: Quantity, summary: Summary, months: int | None) -> Compute:
    def compute(windows: Windows) -> Array:
        values = what(windows)
        return summary.statistic(values[:, -months:] if months else values)

    return compute


def _columns(needs: Sequence[str | Quantity]) -> tuple[str, ...]:
    """Return the columns that features and quantities rest on, each once."""
    names: dict[str, None] = {}
    for need in needs:
        for name in need.needs if isinstance(need, Quantity) else (need,):
            names[name] = None
    return tuple(names)
