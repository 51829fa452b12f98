"""The reference of the monitoring: what the training accounts and their tables look like."""

import numpy as np
import pandas as pd

from delinquency.config import Config
from delinquency.modeling.fitted_model import DelinquencyModel
from delinquency.monitoring.month_profile import (
    MonthProfile,
    TableProfile,
    profile_of,
    sum_of,
    table_profiles,
)
from delinquency.panel.window_cells import month_number
from delinquency.pipeline.canonical_tables import part_folders
from delinquency.pipeline.feature_parts import read_tables
from delinquency.shapley import TraitExplainer
from delinquency.shapley.booster_matrix import MatrixReader

REFERENCE = "monitoring"
"""Key of the reference among what is kept with a model's reasons."""
PARTS_PROFILED = 4
"""Parts, spread over all, whose tables are looked at."""


def reference_profile(
    config: Config, model: DelinquencyModel, explainer: TraitExplainer, X: pd.DataFrame
) -> MonthProfile:
    """Return the profile of the training rows.

    Parameters
    ----------
    config : Config
    model : DelinquencyModel
    explainer : TraitExplainer
    X : DataFrame of shape (n_rows, n_features)
        The training part.
    """
    names = model.booster.pandas_categorical
    reader = MatrixReader(model.booster.feature_name(), names or ())
    matrix = reader(X[list(model.features)]) if names else model.matrix(X)
    explanation = explainer.explain(matrix)
    profile = profile_of(
        matrix.T,
        model.features,
        model.probability(explanation.raw_score),
        explanation.raw_score,
        explanation.values,  # noqa: PD011
        traits=explanation.traits,
    )
    folders = part_folders(config)
    if not folders:
        return profile
    tables: dict[str, TableProfile] = {}
    chosen = np.unique(np.linspace(0, len(folders) - 1, PARTS_PROFILED).astype(int))
    accounts = 0.0
    for place in chosen:
        known = read_tables(folders[place])
        months = month_number(known["statements"]["month"])
        last = int(months.max())
        here = int((months == last).sum())
        accounts += here
        for name, one in table_profiles(known, month=last, n_accounts=here).items():
            tables[name] = sum_of(tables.get(name), one)
    per_month = accounts * len(folders) / len(chosen)
    return profile.with_tables(tables, accounts_per_month=per_month)
