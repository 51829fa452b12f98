"""Which rows train a model and which test it: by account, by time, by both, and in folds.

Rows of one group (``labels.group_id``: a person, or accounts that cannot be told apart) stay on
one side wherever a split is by account.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import RepeatedStratifiedKFold

from delinquency.errors import ChoiceError
from delinquency.modeling.split_options import SplitOptions
from delinquency.panel.window_cells import month_number

TRAIN, CALIBRATION, TEST, PURGED = "train", "calibration", "test", "purged"
WIDTH = f"<U{len(CALIBRATION)}"
"""Wide enough for the longest name, so that none is cut when it is assigned."""
Parts = NDArray[np.str_]
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


def split_rows(
    labels: pd.DataFrame, options: SplitOptions, *, performance_months: int, seed: int
) -> Parts:
    """Return the part of every row, by the way that the options choose.

    Parameters
    ----------
    labels : DataFrame
        ``observation_month, bad, group_id``; one row per account and observation month.
    options : SplitOptions
    performance_months : int
        Months after an observation in which its outcome was looked for.
    seed : int

    Returns
    -------
    ndarray of str, shape (n_rows,)
        "train", "calibration", "test", or "purged" for rows that a split out of time leaves
        unused: their outcome is not complete before the test begins.

    Raises
    ------
    ChoiceError
        If a split out of time is asked for where the observation months do not allow one.
    """
    by = _way(options, labels["observation_month"])
    if by == "account":
        return hold_out(
            labels,
            test_share=options.test_share,
            calibration_share=options.calibration_share,
            seed=seed,
        )
    parts = out_of_time(
        labels,
        test_months=options.test_months,
        performance_months=performance_months,
        gap_months=options.gap_months,
    )
    held = hold_out(
        labels,
        test_share=options.test_share,
        calibration_share=options.calibration_share,
        seed=seed,
    )
    early, late = parts == TRAIN, parts == TEST
    if by == "account_and_time":
        parts[early & (held == TEST)] = PURGED
        parts[late & (held != TEST)] = PURGED
        parts[early & (held == CALIBRATION)] = CALIBRATION
    elif options.calibration_share:
        # Out of time alone, no account is held out: the calibration part is drawn from all.
        shares = hold_out(labels, test_share=options.calibration_share, seed=seed)
        parts[early & (shares == TEST)] = CALIBRATION
    return parts


def trained_share(options: SplitOptions, observation_months: pd.Series) -> float:
    """Return the share of the persons that train, in the months that training looks at.

    Parameters
    ----------
    options : SplitOptions
    observation_months : Series
        Of all rows that are split.
    """
    held_out = 0.0 if _way(options, observation_months) == "time" else options.test_share
    return (1.0 - held_out) * (1.0 - options.calibration_share)


def _way(options: SplitOptions, observation_months: pd.Series) -> str:
    """Return what the test is out of, where that is left to the data too."""
    if options.by != "auto":
        return options.by
    return "account" if len(np.unique(month_number(observation_months))) == 1 else "time"


def hold_out(
    labels: pd.DataFrame, *, test_share: float, calibration_share: float = 0.0, seed: int
) -> Parts:
    """Return a split by group, stratified by outcome, that does not depend on the row order.

    Parameters
    ----------
    labels : DataFrame
        ``bad, group_id``.
    test_share : float, in (0, 1)
        Share of the groups with a bad row, and of those without, that are held out.
    calibration_share : float, in [0, 1)
        Share of the rest that is kept for calibration.
    seed : int

    Returns
    -------
    ndarray of str, shape (n_rows,)

    Raises
    ------
    ChoiceError
        If the training or the test part would be empty.

    Notes
    -----
    Groups are ordered by a hash of their id and the seed, and the first share of each stratum is
    held out.
    """
    group_id = labels["group_id"].to_numpy(str)
    worst = labels.groupby(group_id, sort=True)["bad"].max()
    ids = worst.index.to_numpy(str)
    hashes = pd.util.hash_array(np.char.add(ids, f"|{seed}").astype(object))
    part = np.full(len(ids), TRAIN, dtype=WIDTH)
    for outcome in (0, 1):
        stratum = np.flatnonzero(worst.to_numpy() == outcome)
        stratum = stratum[np.lexsort((ids[stratum], hashes[stratum]))]
        n_test = round(test_share * len(stratum))
        n_calibration = round(calibration_share * (len(stratum) - n_test))
        part[stratum[:n_test]] = TEST
        part[stratum[n_test : n_test + n_calibration]] = CALIBRATION
    for name in (TRAIN, TEST):
        if name not in part:
            raise ChoiceError(
                f"The {name} part would be empty: {len(ids)} groups of accounts cannot be split "
                f"with test_share={test_share:g}. Use more accounts or another share."
            )
    return part[np.searchsorted(ids, group_id)]


def out_of_time(
    labels: pd.DataFrame, *, test_months: int, performance_months: int, gap_months: int = 0
) -> Parts:
    """Return a split whose test lies after everything that training looks at.

    Parameters
    ----------
    labels : DataFrame
        ``observation_month``.
    test_months : int
        Number of distinct observation months in the test, counted back from the last.
    performance_months : int
        Months after an observation in which its outcome was looked for.
    gap_months : int
        Months to leave free between the last month that training looks at and the test.

    Returns
    -------
    ndarray of str, shape (n_rows,)
        An observation trains when ``month + performance_months + gap_months`` comes before the
        first test month. Those between are "purged".

    Raises
    ------
    ChoiceError
        If there is one cohort only, or no month is early enough to train on.
    """
    month = month_number(labels["observation_month"])
    months = np.unique(month)
    if len(months) == 1:
        raise ChoiceError(
            "An out-of-time split needs observation months apart in time. This data set is one "
            f"cohort, observed in {_written(months[0])}: nothing later exists to test on. Use "
            "split.by=account."
        )
    if test_months >= len(months):
        raise ChoiceError(
            f"split.test_months={test_months} leaves nothing to train on: the data set has "
            f"{len(months)} observation months. Choose fewer."
        )
    first_test = months[-test_months]
    last_train = first_test - performance_months - gap_months - 1
    if months[0] > last_train:
        raise ChoiceError(
            f"No observation is early enough to train on. The test begins in "
            f"{_written(first_test)}; outcomes take {performance_months} months and the gap is "
            f"{gap_months}, so training needs observations up to {_written(last_train)}, and the "
            f"first is {_written(months[0])}. Use fewer split.test_months, a shorter "
            "data.label.performance_months, more months (data.label.known_by_last=false, or a "
            "smaller data.label.observation_every), or split.by=account."
        )
    parts = np.full(len(month), PURGED, dtype=WIDTH)
    parts[month >= first_test] = TEST
    parts[month <= last_train] = TRAIN
    return parts


def repeated_stratified_folds(
    labels: pd.DataFrame, *, n_splits: int, n_repeats: int, seed: int
) -> list[Fold]:
    """Return repeated stratified folds over groups.

    Parameters
    ----------
    labels : DataFrame
        ``bad, group_id``.
    n_splits : int
    n_repeats : int
    seed : int

    Returns
    -------
    list of (train, test), n_splits * n_repeats of them
        Ascending row numbers. Where every row is a group of its own they equal
        ``RepeatedStratifiedKFold(n_splits, n_repeats, random_state=seed)`` on the rows.

    Raises
    ------
    ChoiceError
        If there are fewer bad or good groups than folds.
    """
    codes, _ = pd.factorize(labels["group_id"])
    worst = labels["bad"].groupby(codes, sort=True).max().to_numpy()
    counts = {"good": int((worst == 0).sum()), "bad": int((worst == 1).sum())}
    for outcome, count in counts.items():
        if count < n_splits:
            raise ChoiceError(
                f"{n_splits} folds need at least {n_splits} {outcome} accounts. Got {count}. "
                "Use fewer evaluation.n_splits or more data."
            )
    folds = RepeatedStratifiedKFold(n_splits=n_splits, n_repeats=n_repeats, random_state=seed)
    found = []
    for _, test_groups in folds.split(np.zeros((len(worst), 1)), worst):
        held = np.zeros(len(worst), dtype=bool)
        held[test_groups] = True
        in_test = held[codes]
        found.append((np.flatnonzero(~in_test), np.flatnonzero(in_test)))
    return found


def how_apart(rows: pd.DataFrame, *, train: NDArray[np.bool_], test: NDArray[np.bool_]) -> str:
    """Return in words how a test part was set apart from what a model learnt on.

    Parameters
    ----------
    rows : DataFrame of shape (n_rows, ...)
        ``observation_month, group_id``.
    train, test : ndarray of bool, shape (n_rows,)
    """
    if rows["observation_month"][test].min() <= rows["observation_month"][train].max():
        return "accounts held out"
    known = rows["group_id"][test].isin(rows["group_id"][train].unique()).any()
    return "out of time" if known else "out of time, accounts held out"


def _written(month: int | np.integer) -> str:
    return str(np.datetime64(int(month), "M"))
