"""What the months themselves tell the validation: roll rates, vintages, a month's shift."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.config import Config
from delinquency.features.feature_matrix import build_features
from delinquency.features.registered_features import FEATURES
from delinquency.metrics import delong
from delinquency.panel.outcomes import dense_panel
from delinquency.panel.roll_rates import impossible_steps, roll_rates, vintages, worse_later
from delinquency.panel.windows import build_windows
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import part_folders
from delinquency.pipeline.cleared_records import without_cleared
from delinquency.pipeline.feature_parts import KEYS, read_tables
from delinquency.pipeline.prepared_features import Prepared
from delinquency.validation.check_inputs import PanelFacts, Rows

WORSE_MONTHS = 12
MARKS = (30.0, 60.0, 90.0)
"""Days past due whose worsening is shown, beside the mark that makes an account bad."""
SHIFT_PARTS = 3
"""Parts of the data on which features are made a month earlier."""
WANTED = ("account_id", "month", "days_past_due", "charged_off")


def panel_facts(config: Config) -> PanelFacts | None:
    """Return roll rates, marks and vintages of all statements; None without days past due."""
    statements, accounts = [], []
    for folder in part_folders(config):
        tables = without_cleared(config, read_tables(folder))
        own = tables["statements"]
        statements.append(own[[name for name in WANTED if name in own.columns]])
        if "accounts" in tables and "opened_month" in tables["accounts"].columns:
            accounts.append(tables["accounts"][["account_id", "opened_month"]])
    whole = pd.concat(statements, ignore_index=True)
    if "days_past_due" not in whole.columns:
        return None
    n_months = dense_panel(whole).days.shape[1]
    steps, impossible = impossible_steps(whole)
    follow = n_months >= WORSE_MONTHS + 2
    opened = pd.concat(accounts, ignore_index=True) if accounts else None
    mark = config.data.label.bad_days_past_due
    return PanelFacts(
        roll_rates=roll_rates(whole).reset_index(),
        worse_later=worse_later(
            whole,
            months=WORSE_MONTHS,
            days=sorted({*MARKS, mark}) if follow else (),
        ),
        vintages=pd.DataFrame()
        if opened is None
        else vintages(whole, opened, bad_days_past_due=mark),
        late_steps=steps,
        impossible_steps=impossible,
        months=n_months,
        mark=mark,
    )


def shifted_areas(
    config: Config,
    fitted: saved_model.Trained,
    prepared: Prepared,
    chosen: NDArray[np.bool_],
    test: Rows,
) -> tuple[float, float, float] | None:
    """Return the AUC of the test with facts of the month, and with facts a month older.

    Returns
    -------
    tuple of float or None
        AUC now, AUC a month earlier with the same outcomes, standard error of the difference;
        None where no account has a month to spare, or a feature is not ours to make again.
    """
    names = list(fitted.model.features)
    if len(prepared.keys["observation_month"].unique()) == 1 or not set(names) <= set(
        FEATURES.keys()
    ):
        return None
    keys = prepared.keys[chosen].reset_index(drop=True)
    made = []
    for folder in part_folders(config)[:SHIFT_PARTS]:
        tables = without_cleared(config, read_tables(folder))
        own = keys[keys["account_id"].isin(tables["statements"]["account_id"].unique())]
        earlier = own.assign(observation_month=own["observation_month"] - pd.DateOffset(months=1))
        earlier = earlier.astype(keys.dtypes.to_dict())
        windows = build_windows(tables, earlier, n_months=config.data.window_months)
        features = build_features(windows, [FEATURES[name] for name in names])
        made.append(features.drop(columns=KEYS).set_index(own.index))
    before = pd.concat(made)
    now = before.index.to_numpy()
    bad = test.bad[now]
    if min(bad.sum(), len(bad) - bad.sum()) < 2:
        return None
    areas = delong(bad, [test.raw_score[now], fitted.model.raw_score(before)])
    gap = areas.difference(0, 1)
    error = (gap.high - gap.low) / (2 * 1.959964)
    return float(areas.value[0]), float(areas.value[1]), error
