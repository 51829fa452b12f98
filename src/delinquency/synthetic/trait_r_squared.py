"""How much of each latent trait the observable features determine: neither all nor nothing."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from numpy.typing import NDArray
from sklearn.metrics import r2_score

from delinquency.synthetic.hidden_truth import KEYS, LATENT
from delinquency.traits import TRAITS


def latent_r_squared(
    features: pd.DataFrame,
    hidden: pd.DataFrame,
    traits: Mapping[str, str],
    *,
    seed: int,
    n_threads: int = 1,
) -> pd.DataFrame:
    """Return how much of each latent trait the observable features determine.

    Parameters
    ----------
    features : DataFrame
        ``account_id, observation_month`` and numeric features.
    hidden : DataFrame
        Rows of ``truth.hidden_lives``.
    traits : mapping of str to str
        Feature name -> trait key.
    seed : int
    n_threads : int
        Changes the time, not the figures.

    Returns
    -------
    DataFrame
        ``trait``, ``r_squared_own`` from the trait's own features, ``r_squared_all`` from all:
        out of sample, on the half of the accounts that was not fitted.

    Notes
    -----
    0.2 to 0.6 is wanted: below it a trait is invisible, above it the exercise is circular.
    """
    rows = features[[*KEYS]].merge(hidden, on=list(KEYS), how="left", validate="many_to_one")
    codes, names = pd.factorize(features["account_id"], sort=True)
    fitted = np.random.default_rng(seed).random(len(names))[codes] < 0.5
    chosen = {"random_state": seed, "n_jobs": n_threads}
    records = []
    for key in TRAITS:
        own = [name for name in features.columns if traits.get(name) == key]
        everything = [name for name in features.columns if name in traits]
        target = rows[LATENT + key].to_numpy()
        records.append(
            {
                "trait": key,
                "r_squared_own": _determination(features, own, target, fitted, chosen),
                "r_squared_all": _determination(features, everything, target, fitted, chosen),
            }
        )
    return pd.DataFrame(records)


def _determination(
    features: pd.DataFrame,
    names: list[str],
    target: NDArray[np.float64],
    fitted: NDArray[np.bool_],
    chosen: Mapping[str, int],
) -> float:
    """Return the out-of-sample R-squared of a regression on some features."""
    if not names:
        return float("nan")
    model = LGBMRegressor(
        n_estimators=120, learning_rate=0.08, num_leaves=15, min_child_samples=50,
        colsample_bytree=0.3, verbose=-1, deterministic=True, force_col_wise=True, **chosen,
    )  # fmt: skip
    values = features[names]
    model.fit(values[fitted], target[fitted])
    return float(r2_score(target[~fitted], model.predict(values[~fitted])))
