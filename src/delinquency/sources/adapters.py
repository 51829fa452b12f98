"""What every adapter gives, and the registry of adapters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from delinquency.named_choices import Registry


@dataclass(frozen=True)
class SourceTables:
    """A data set in canonical tables.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Canonical tables by name, validated; ``statements`` always.
    groups : DataFrame
        ``account_id``, ``group_id``: accounts of one group stay on one side of every split,
        because they belong to one person or cannot be told apart.
    facts : dict
        What was found, as plain values for JSON: ``rows``, ``positives`` (None while the label
        is to be derived), ``observation_months``, ``counts`` of repairs and traps, and
        ``cannot``: what the data do not support ("out_of_time", "drift"), with the reason.
    digest : str
        SHA-256 of the raw file or files.
    outcomes : DataFrame or None
        Canonical table ``outcomes`` when the source itself carries the label.
    """

    tables: Mapping[str, pd.DataFrame]
    groups: pd.DataFrame
    facts: dict[str, Any]
    digest: str
    outcomes: pd.DataFrame | None = None


@dataclass(frozen=True)
class SourceFeatures:
    """A data set that comes with its features ready-made; frames are row-aligned.

    Attributes
    ----------
    features : DataFrame
        ``account_id``, ``observation_month``, and one column a feature.
    labels : DataFrame
        ``account_id``, ``observation_month``, ``bad``, ``group_id``.
    protected : DataFrame
        ``account_id``, ``observation_month``, and the protected attributes.
    traits : mapping of str to str
        Feature name -> trait key.
    directions : mapping of str to int
        Feature name -> +1, -1 or 0.
    titles, units : mapping of str to str
        Feature name -> what it holds, and its unit.
    words : mapping of str to mapping
        Feature name -> what else is said of it, as plain values: ``title_zh``, ``reason``,
        ``reason_zh``, ``labels`` (code, English, Chinese), ``capped``, ``mark_of``,
        ``amount_of``.
    categories : mapping of str to tuple of str
        Categorical feature -> its names in the order of their codes; a code that was not seen
        is missing.
    facts : dict
        As in ``SourceTables``.
    digest : str
        SHA-256 of the raw file or files.
    unseen : Series of str or None
        For accounts to score: the categorical columns, joined by commas, whose name the model has
        not met.
    """

    features: pd.DataFrame
    labels: pd.DataFrame
    protected: pd.DataFrame
    traits: Mapping[str, str]
    directions: Mapping[str, int]
    titles: Mapping[str, str]
    units: Mapping[str, str]
    words: Mapping[str, Mapping[str, Any]]
    facts: dict[str, Any]
    digest: str
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unseen: pd.Series | None = None


Source = SourceTables | SourceFeatures


class Adapter(Protocol):
    """Reads one kind of source."""

    def __call__(self, options: Any, raw_dir: Path) -> Source:
        """Read what ``options`` (of ``sources.data_options``) names below ``raw_dir``."""


class PartReaders(Protocol):
    """Gives what reads each account-complete part of one kind of source."""

    def __call__(self, options: Any, raw_dir: Path) -> Sequence[Callable[[], Source]]:
        """Return the readers, in account order."""


SOURCES: Registry[Adapter] = Registry("kind of source")
"""Kind of source -> adapter."""
SOURCE_PARTS: Registry[PartReaders] = Registry("kind of source that comes in parts")
"""Kind of source -> readers of its parts, for kinds that need not be held whole."""

ONE_COHORT = (
    "All {rows:,} rows were observed in one month ({month}): there is no later cohort to test on. "
    "Use a hold-out or cross-validation."
)
"""Why a source with one observation month has no out-of-time test."""


def one_cohort(rows: int, month: str) -> dict[str, str]:
    """Return what a source with a single observation month cannot support, with reasons."""
    why = ONE_COHORT.format(rows=rows, month=month)
    return {
        "out_of_time": why,
        "drift": f"One observation month ({month}): there is nothing to compare it with.",
    }
