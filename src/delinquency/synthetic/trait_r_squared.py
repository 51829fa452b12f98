"""How much of each latent trait the observable features determine: neither all nor nothing."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

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
    own = [[name for name in features.columns if traits.get(name) == key] for key in TRAITS]
    everything = [name for name in features.columns if name in traits]
    targets = [rows[LATENT + key].to_numpy() for key in TRAITS]

    def determination(asked: tuple[list[str], NDArray[np.float64]]) -> float:
        return _determination(features, *asked, fitted, seed)

    # A fit of 2,500 rows gains nothing from threads of its own; several fits at once do.
    with ThreadPoolExecutor(n_threads) as pool:
        by_own = list(pool.map(determination, zip(own, targets, strict=True)))
        by_all = list(pool.map(determination, [(everything, one) for one in targets]))
    return pd.DataFrame({"trait": list(TRAITS), "r_squared_own": by_own, "r_squared_all": by_all})


def _determination(
    features: pd.DataFrame,
    names: list[str],
    target: NDArray[np.float64],
    fitted: NDArray[np.bool_],
    seed: int,
) -> float:
    """Return the out-of-sample R-squared of a regression on some features."""
    if not names:
        return float("nan")
    model = LGBMRegressor(
        n_estimators=120, learning_rate=0.08, num_leaves=15, min_child_samples=50,
        colsample_bytree=0.3, random_state=seed, n_jobs=1, verbose=-1, deterministic=True,
    )  # fmt: skip
    values = features[names]
    model.fit(values[fitted], target[fitted])
    return float(r2_score(target[~fitted], model.predict(values[~fitted])))
