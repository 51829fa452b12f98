"""The reference of the monitoring: the training rows, and what stable months differ by."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from delinquency.config import Config
from delinquency.errors import MissingArtifactError
from delinquency.features.catalogue import Feature
from delinquency.features.feature_matrix import feature_values
from delinquency.features.registered_features import FEATURES
from delinquency.modeling.fitted_model import DelinquencyModel
from delinquency.monitoring.month_profile import MonthProfile, profile_of
from delinquency.monitoring.table_profile import table_profiles, table_scales
from delinquency.monitoring.usual_months import NO_MONTHS, Reference, reference_of_months
from delinquency.panel.window_cells import month_number
from delinquency.panel.windows import Array, build_windows
from delinquency.pipeline.canonical_tables import part_folders
from delinquency.pipeline.cleared_records import without_cleared
from delinquency.pipeline.feature_parts import read_tables
from delinquency.pipeline.observed_month import accounts_of, eligible_of
from delinquency.shapley import TraitExplainer
from delinquency.shapley.booster_matrix import MatrixReader
from delinquency.workspace.artifacts import read_json

REFERENCE = "monitoring"
"""Key of the reference among what is kept with a model's reasons."""
PARTS_PROFILED = 2
"""Parts, spread over all, whose accounts are looked at month by month."""
ACCOUNTS_PROFILED = 2_000
"""Accounts that are looked at month by month, over all those parts."""
MONTHS_PROFILED = 24
"""The last months of the training data that are looked at: every season twice."""

Tables = dict[str, pd.DataFrame]


def reference_of(model: Path) -> Reference:
    """Return the reference that was stored with a model.

    Raises
    ------
    MissingArtifactError
        If the model was trained before there was one, or before it knew usual months.
    """
    kept = read_json(model / "reasons.json", made_by="train").get(REFERENCE)
    if kept is None or "usual" not in kept:
        raise MissingArtifactError(
            f"The model in {model} holds no reference to monitor against that knows what months "
            "usually differ by. Train it again with stage=train."
        )
    return Reference.from_plain(kept)


def monitoring_reference(
    config: Config, model: DelinquencyModel, explainer: TraitExplainer, X: pd.DataFrame
) -> Reference:
    """Return the training rows' profile, and what the months known today differ by.

    Parameters
    ----------
    config : Config
    model : DelinquencyModel
    explainer : TraitExplainer
    X : DataFrame of shape (n_rows, n_features)
        The training part.

    Returns
    -------
    Reference
        Without months where the data are no canonical tables of months.
    """
    names = model.booster.pandas_categorical
    reader = MatrixReader(model.booster.feature_name(), names or ())
    matrix = reader(X[list(model.features)]) if names else model.matrix(X)
    training = _profile(matrix.T, model, explainer)
    folders = part_folders(config)
    if not folders or any(name not in FEATURES for name in model.features):
        return Reference(training, NO_MONTHS)
    return months_reference(config, model, explainer, training, folders)


def months_reference(
    config: Config,
    model: DelinquencyModel,
    explainer: TraitExplainer,
    training: MonthProfile,
    folders: list[Path],
) -> Reference:
    """Return the reference of training rows and of the last months of some parts' tables."""
    selection = [FEATURES[name] for name in model.features]
    places = np.unique(np.linspace(0, len(folders) - 1, PARTS_PROFILED).astype(int))
    per_part = -(-ACCOUNTS_PROFILED // len(places))
    months: dict[int, MonthProfile] = {}
    scales: dict[str, float] = {}
    last_accounts = 0.0
    for place in places:
        whole = without_cleared(config, read_tables(folders[place]))
        whole.pop("outcomes", None)
        numbers = month_number(whole["statements"]["month"])
        last = int(numbers.max())
        last_accounts += float((numbers == last).sum())
        first = int(numbers.min()) + config.data.window_months - 1
        looked = [m for m in range(last - MONTHS_PROFILED + 1, last + 1) if m >= first] or [last]
        tables = _some_accounts(whole, per_part)
        scales = scales or table_scales(tables)
        own = _month_profiles(
            tables, looked, config, selection, model, explainer, training, scales
        )  # fmt: skip
        for month, profile in own.items():
            months[month] = months[month] + profile if month in months else profile
    return reference_of_months(
        training,
        {str(np.datetime64(month, "M")): months[month] for month in sorted(months)},
        accounts_per_month=last_accounts * len(folders) / len(places),
        scales=scales,
    )


def _some_accounts(tables: Mapping[str, pd.DataFrame], wanted: int) -> Tables:
    """Return the rows of some accounts, evenly spread; ids as categories, looked up once."""
    ids = np.unique(tables["statements"]["account_id"].astype("str").to_numpy(object))
    places = np.unique(np.linspace(0, len(ids) - 1, min(wanted, len(ids))).astype(int))
    kept = pd.CategoricalDtype(ids[places])
    out = {}
    for name, frame in tables.items():
        own = frame[frame["account_id"].isin(kept.categories)].reset_index(drop=True)
        out[name] = own.assign(account_id=own["account_id"].astype(kept))
    return out


def _month_profiles(
    tables: Tables,
    months: list[int],
    config: Config,
    selection: list[Feature],
    model: DelinquencyModel,
    explainer: TraitExplainer,
    training: MonthProfile,
    scales: Mapping[str, float],
) -> dict[int, MonthProfile]:
    """Return the profile of every month with accounts that training would take."""
    observed = {month: accounts_of(tables["statements"], month) for month in months}
    eligible = {
        month: eligible_of(tables["statements"], accounts, config.data.label)
        for month, accounts in observed.items()
        if len(accounts)
    }
    eligible = {month: rows for month, rows in eligible.items() if len(rows)}
    if not eligible:
        return {}
    rows = pd.concat(list(eligible.values()), ignore_index=True)
    windows = build_windows(tables, rows, n_months=config.data.window_months)
    features = feature_values(windows, selection)
    out, at = {}, 0
    for month, own in eligible.items():
        profile = _profile(features[:, at : at + len(own)], model, explainer, training)
        at += len(own)
        accounts = observed[month]["account_id"]
        out[month] = profile.with_tables(
            table_profiles(tables, month=month, observed=accounts, scales=scales),
            accounts_per_month=float(len(accounts)),
        )
    return out


def _profile(
    features: Array,
    model: DelinquencyModel,
    explainer: TraitExplainer,
    reference: MonthProfile | None = None,
) -> MonthProfile:
    explanation = explainer.explain(np.ascontiguousarray(features.T))
    return profile_of(
        features,
        model.features,
        model.probability(explanation.raw_score),
        explanation.raw_score,
        explanation.values,  # noqa: PD011
        traits=explanation.traits,
        edges=None if reference is None else reference.edges,
    )
