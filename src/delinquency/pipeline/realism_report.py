"""How near a generated portfolio is to public figures: a page and JSON beside its tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from delinquency.atomic_files import write_text
from delinquency.config import Config
from delinquency.features.feature_matrix import build_features, select_features
from delinquency.features.feature_options import FeatureOptions
from delinquency.features.registered_features import FEATURES
from delinquency.panel.outcomes import label_outcomes
from delinquency.panel.schema import TABLES
from delinquency.panel.windows import build_windows
from delinquency.reporting.portfolio_page import portfolio_page
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.synthetic.realism import Sample, calibrate
from delinquency.synthetic.trait_r_squared import latent_r_squared
from delinquency.workspace.artifacts import read_frame, write_json

REPORTS = ("portfolio.json", "portfolio.html")
PARTS_MEASURED = 4
"""Parts of the portfolio that are measured: accounts are drawn alike, so 20,000 say enough."""
FEWEST_DETERMINED, DETERMINED = 300, 5_000
"""Fewest and most accounts on which what the features determine of a trait is estimated."""


def write_report(
    config: Config, options: SyntheticData, tables: list[Path], hidden: pd.DataFrame
) -> dict[str, Any]:
    """Measure a portfolio against public figures; write ``portfolio.html`` and ``portfolio.json``.

    Parameters
    ----------
    config : Config
    options : SyntheticData
    tables : list of Path
        Folders of the parts to measure.
    hidden : DataFrame
        Hidden lives of the same accounts.

    Returns
    -------
    dict
        ``figures`` and ``near``: how many there are, and how many are near their target.
    """
    frames = {
        name: pd.concat(
            [read_frame(folder / f"{name}.parquet", made_by="data") for folder in tables],
            ignore_index=True,
        )
        for name in ("statements", "accounts")
    }
    sample = Sample(n_places=int((frames["statements"]["month"] == options.last_month).sum()))
    determination = None
    features = _features_of(options, tables[0])
    if len(features) >= FEWEST_DETERMINED:
        traits = {name: one.trait.key for name, one in FEATURES.items()}
        determination = latent_r_squared(
            features, hidden, traits, seed=config.seed, n_threads=config.n_threads
        )
        month = f"{features['observation_month'].max():%Y-%m}"
        sample = replace(sample, determined=len(features), determined_month=month)
    calibration = calibrate(frames, hidden, options, determination=determination, sample=sample)
    folder = config.workspace.reports
    write_json(calibration.to_dict(), folder / REPORTS[0])
    title = config.data.title or config.data.name
    page = portfolio_page(calibration, title=title, title_zh=config.data.title_zh)
    write_text(page, folder / REPORTS[1])
    near = [figure.near for figure in calibration.figures]
    return {"figures": len(near), "near": sum(one is True for one in near)}


def _features_of(options: SyntheticData, folder: Path) -> pd.DataFrame:
    """Return all features of some accounts in their last observation month."""
    tables = {
        name: read_frame(folder / f"{name}.parquet", made_by="data")
        for name in TABLES
        if (folder / f"{name}.parquet").exists()
    }
    labels = label_outcomes(tables["statements"], tables["accounts"], options.label).frame
    last = labels[labels["observation_month"] == labels["observation_month"].max()]
    windows = build_windows(tables, last.head(DETERMINED), n_months=options.window_months)
    return build_features(windows, select_features(windows, FeatureOptions()))
