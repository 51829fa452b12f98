"""What would fail later is found first: before data are made, and before a model is fitted."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.config import Config
from delinquency.errors import DataError, Fault, ModelError, unknown_name
from delinquency.features.registered_features import FEATURES
from delinquency.metrics import METRICS
from delinquency.modeling.baselines import BASELINES
from delinquency.modeling.comparison import VARIANTS
from delinquency.modeling.evaluation_options import CrossValidationEvaluation
from delinquency.modeling.splits import CALIBRATION, TEST, TRAIN
from delinquency.traits import TRAITS
from delinquency.workspace.run_stores import require_reachable, store_of

NEEDED_TO_TREAT = (
    "make treat needs monthly statements (account_id, month, days_past_due, balance, minimum_due, "
    "payment), from which it knows who is past due and what is owed now. A ready-made table has "
    "none: map the statements as a panel (docs/own-data.md, section 2)."
)
"""What a ready-made table lacks."""
LEAST_TOLD = 10
"""Filled rows of each outcome from which a column that tells them apart without error is no
chance."""
CHANCE = 1e-9
"""A column that is filled for one outcome only is no chance below this."""


def check_choices(config: Config) -> None:
    """Raise for what can be known to fail before any data are read.

    Raises
    ------
    ChoiceError
        For a trait, feature, metric or peer that does not exist.
    TrackingError
        If the run store does not answer.
    """
    _require_known("trait in features.traits:", config.features.traits, TRAITS)
    _require_known("feature in features.exclude:", config.features.exclude, FEATURES)
    chosen = config.evaluation
    _require_known("metric in evaluation.metrics:", chosen.metrics, METRICS)
    if isinstance(chosen, CrossValidationEvaluation):
        _require_known("peer in evaluation.peers:", chosen.peers, BASELINES)
        _require_known("variant in evaluation.variants:", chosen.variants, VARIANTS)
    if config.tracking.enabled:
        require_reachable(store_of(config.tracking, config.workspace, real=config.data.real))


def check_parts(bad: NDArray[np.int64], parts: NDArray[np.str_], months: pd.Series) -> None:
    """Raise when a part of the split holds one outcome only, so that nothing can be learnt.

    Parameters
    ----------
    bad : ndarray of shape (n_rows,), 0 or 1
    parts : ndarray of str, shape (n_rows,)
    months : Series of shape (n_rows,)
        Observation months, for the words.

    Raises
    ------
    ModelError
        If the training or calibration part has no bad or no good row, or the test part no row. A
        test part of one kind is allowed: its figures cannot be known, and reports say so.
    """
    for part in (TRAIN, CALIBRATION):
        rows = parts == part
        if not rows.any():
            continue
        n_bad, n_rows = int(bad[rows].sum()), int(rows.sum())
        if 0 < n_bad < n_rows:
            continue
        kind = "bad" if n_bad == 0 else "good"
        where = f"{n_rows:,} rows observed from {months[rows].min():%Y-%m} to "
        where += f"{months[rows].max():%Y-%m}"
        elsewhere = int((bad == (1 if kind == "bad" else 0)).sum())
        raise ModelError(
            f"The {part} part has no {kind} row ({where}); all data have {elsewhere:,}. Nothing "
            "can be learnt from one kind. Choose another split (split.by=account, another seed or "
            "split.test_share), more months, or another label (data.label)."
        )
    if not (parts == TEST).any():
        raise ModelError("The test part has no row. Choose another split.")


def refuse_leaks(X: pd.DataFrame, bad: NDArray[np.int64]) -> None:
    """Raise for columns that alone tell bad from good without a single error.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_features)
    bad : ndarray of shape (n_rows,), 0 or 1

    Raises
    ------
    DataError
        Naming each column: it was filled after the outcome, or is the outcome.
    """
    faults = []
    is_bad = bad == 1
    share = float(is_bad.mean())
    for name in X.columns:
        values = X[name].to_numpy(np.float64)
        filled = ~np.isnan(values)
        in_bad, in_good = int((filled & is_bad).sum()), int((filled & ~is_bad).sum())
        got = ""
        if min(in_bad, in_good) >= LEAST_TOLD:
            low, high = values[filled & is_bad], values[filled & ~is_bad]
            if low.min() > high.max() or low.max() < high.min():
                got = f"{in_bad:,} bad and {in_good:,} good rows told apart without one error"
        elif in_bad and not in_good and share**in_bad < CHANCE:
            got = f"filled in {in_bad:,} bad rows and in no good one"
        elif in_good and not in_bad and (1 - share) ** in_good < CHANCE:
            got = f"filled in {in_good:,} good rows and in no bad one"
        if got:
            mend = "Leave it out: data.ignored, or features.exclude."
            expected = "no column that knows the outcome"
            faults.append(Fault("training part", str(name), expected, 0, (got,), mend))
    if faults:
        raise DataError(faults)


def _require_known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    listed = list(known)
    for name in names:
        if name not in listed:
            raise unknown_name(kind, name, listed)
