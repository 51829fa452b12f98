"""The rows that a model learns from: those of the training part, and what a sample leaves over."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.config import Config
from delinquency.modeling.splits import trained_share
from delinquency.panel.drawn_rows import Array, rows_stood_for
from delinquency.pipeline.prepared_features import Prepared


@dataclass(frozen=True)
class TrainingRows:
    """What a model learns from, row-aligned.

    Attributes
    ----------
    X : DataFrame of shape (n_rows, n_features)
    labels : DataFrame
        As of ``Prepared``.
    stand_for : ndarray of shape (n_rows,), or None
        How many rows of the portfolio each row stands for; None where nothing was sampled.
    told : str
        What was sampled, in words; "" where nothing was.
    """

    X: pd.DataFrame
    labels: pd.DataFrame
    stand_for: Array | None = None
    told: str = ""


def training_rows(
    config: Config, prepared: Prepared, train: NDArray[np.bool_], X: pd.DataFrame
) -> TrainingRows:
    """Return the rows of the training part, with the bad rows of persons that were not drawn.

    Parameters
    ----------
    config : Config
    prepared : Prepared
    train : ndarray of bool, shape (n_rows,)
        Which prepared rows train.
    X : DataFrame
        Their features.

    Returns
    -------
    TrainingRows
    """
    labels = prepared.labels.loc[train].reset_index(drop=True)
    if prepared.read_undrawn is None:
        return TrainingRows(X, labels)
    every_month = prepared.keys["observation_month"]
    other_X, others = prepared.read_undrawn()
    taken = others["observation_month"].isin(every_month[train].unique()).to_numpy()
    other_X, others = other_X[taken], others.loc[taken, list(labels.columns)]
    share = config.sample.share
    joined = pd.concat([labels, others], ignore_index=True)
    stand_for = rows_stood_for(
        joined["bad"], share, trained_share=trained_share(config.split, every_month)
    )
    bad = joined["bad"].to_numpy() == 1
    return TrainingRows(
        X=pd.concat([X, other_X], ignore_index=True),
        labels=joined,
        stand_for=stand_for,
        told=f"{len(joined):,} rows stand for {stand_for.sum():,.0f}: {int((~bad).sum()):,} good "
        f"ones, drawn by person with chance {share:g}, and all {int(bad.sum()):,} bad ones "
        f"({len(others):,} of persons that were not drawn)",
    )
