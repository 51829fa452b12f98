"""Tables by decile and by calibration bin."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import beta

from delinquency.metrics.metric import Outcomes


def decile_table(y_true: ArrayLike, pd_hat: ArrayLike, *, n_bins: int = 10) -> pd.DataFrame:
    """Return bad rate, lift, capture and KS by tenth of the accounts, riskiest first.

    Parameters
    ----------
    y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
    pd_hat : array of shape (n_rows,), in [0, 1]
    n_bins : int
        Number of bins of equal size.

    Returns
    -------
    DataFrame, one row per bin that has rows
        ``decile`` (1 = riskiest), ``accounts``, ``bads``, ``pd_low``, ``pd_mean``, ``pd_high``,
        ``bad_rate``, ``lift`` (bad rate over that of all), ``capture`` (share of all bads so
        far), ``ks`` (share of bads less share of goods so far). Equal predictions share a bin, so
        bins differ in size where predictions repeat, and some may be absent.

    Examples
    --------
    >>> decile_table([1, 0, 0, 0], [0.9, 0.3, 0.2, 0.1], n_bins=2)[["bad_rate", "capture"]]
       bad_rate  capture
    0       0.5      1.0
    1       0.0      1.0
    """
    rows = _by_bin(Outcomes.of(y_true, pd_hat), n_bins)
    goods = rows["accounts"] - rows["bads"]
    total_bads, total_goods = rows["bads"].sum(), goods.sum()
    overall = total_bads / rows["accounts"].sum()
    rows["lift"] = rows["bad_rate"] / overall if overall else np.nan
    rows["capture"] = rows["bads"].cumsum() / total_bads if total_bads else np.nan
    caught_goods = goods.cumsum() / total_goods if total_goods else np.nan
    rows["ks"] = rows["capture"] - caught_goods
    return rows.rename(columns={"bin": "decile"})


def calibration_table(
    y_true: ArrayLike, pd_hat: ArrayLike, *, n_bins: int = 15, level: float = 0.95
) -> pd.DataFrame:
    """Return predicted and observed bad rates by bin of equal size, riskiest first.

    Parameters
    ----------
    y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
    pd_hat : array of shape (n_rows,), in [0, 1]
    n_bins : int
    level : float
        Of the Jeffreys interval around the observed bad rate.

    Returns
    -------
    DataFrame, one row per bin that has rows
        ``bin`` (1 = riskiest), ``accounts``, ``bads``, ``pd_low``, ``pd_mean``, ``pd_high``,
        ``bad_rate``, ``bad_rate_low``, ``bad_rate_high``, ``gap`` (predicted less observed).

    Notes
    -----
    The interval takes accounts as independent. Quantiles of Beta(bads + 1/2, goods + 1/2).

    References
    ----------
    Brown, Cai and DasGupta (2001), Statistical Science 16(2), 101-133.
    """
    rows = _by_bin(Outcomes.of(y_true, pd_hat), n_bins)
    bads, goods = rows["bads"] + 0.5, rows["accounts"] - rows["bads"] + 0.5
    tail = (1 - level) / 2
    rows["bad_rate_low"] = beta.ppf(tail, bads, goods)
    rows["bad_rate_high"] = beta.ppf(1 - tail, bads, goods)
    rows["gap"] = rows["pd_mean"] - rows["bad_rate"]
    return rows


def _by_bin(outcomes: Outcomes, n_bins: int) -> pd.DataFrame:
    """Return counts and means by bin of equal mass, riskiest first."""
    frame = pd.DataFrame(
        {"bin": outcomes.bins(n_bins) + 1, "bad": outcomes.bad, "pd_hat": outcomes.pd_hat}
    )
    rows = frame.groupby("bin").agg(
        accounts=("bad", "size"),
        bads=("bad", "sum"),
        pd_low=("pd_hat", "min"),
        pd_mean=("pd_hat", "mean"),
        pd_high=("pd_hat", "max"),
        bad_rate=("bad", "mean"),
    )
    return rows.astype({"bads": "int64"}).reset_index()
