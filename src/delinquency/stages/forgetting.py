"""Stage ``forgetting``: what clearing overdue records costs the model, rule by rule."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.config import Config, as_yaml
from delinquency.errors import ChoiceError
from delinquency.features.feature_description import meanings_of
from delinquency.features.feature_matrix import select_features
from delinquency.metrics import METRICS, Outcomes
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.roll_rate_target import Spells
from delinquency.modeling.splits import split_rows
from delinquency.panel.cleared_history import months_kept
from delinquency.panel.window_rows import join_windows, take_rows
from delinquency.pipeline.canonical_tables import READY_MADE, describe, ensure_tables, part_folders
from delinquency.pipeline.feature_parts import cut_part
from delinquency.pipeline.policies import policy_of
from delinquency.pipeline.training_runs import open_run_of
from delinquency.validation.cost_of_clearing import RULES, forgetting_curve
from delinquency.workspace.artifacts import write_csv
from delinquency.workspace.progress import say, working

MEASURES = ("roc_auc", "brier", "ece")
Values = NDArray[np.float64]


def run(config: Config) -> None:
    """Refit the model under every rule of clearing and write the curve."""
    ensure_tables(config)
    space = config.workspace
    if (space.interim / READY_MADE).exists():
        raise ChoiceError(
            f"Forgetting needs the months of each account; data={config.data.name} comes with its "
            "features made. Choose a data set of monthly statements."
        )
    with working("cutting the windows"):
        cuts = [cut_part(folder, config) for folder in part_folders(config)]
        windows = join_windows([cut.windows for cut in cuts])
        labels = pd.concat([cut.labels for cut in cuts], ignore_index=True)
    parts = split_rows(
        labels,
        config.split,
        performance_months=config.data.label.performance_months,
        seed=config.seed,
    )
    used = np.isin(parts, ("train", "test"))
    windows, labels = take_rows(windows, used), labels[used].reset_index(drop=True)
    is_test = parts[used] == "test"
    selection = select_features(windows, config.features)
    meanings = meanings_of(selection, window_months=config.data.window_months)

    def fit(X: pd.DataFrame, bad: Values) -> Callable[[pd.DataFrame], Values]:
        model = fit_model(
            X.reset_index(drop=True),
            bad.astype(np.int64),
            options=config.model,
            traits={name: one.trait_key for name, one in meanings.items()},
            directions={name: one.direction for name, one in meanings.items()},
            groups=labels.loc[~is_test, "group_id"].to_numpy(),
            spells=Spells.of(labels[~is_test]),
            seed=config.seed,
            n_threads=config.n_threads,
        )
        return lambda rows: model.pd_hat(rows, n_threads=config.n_threads)

    measures = {name: _measure(name) for name in MEASURES}
    policy = policy_of(config)
    rules = {**RULES, f"policy {policy.name}": months_kept(policy)}
    with working(f"fitting under {len(rules)} rules of clearing"):
        curve = forgetting_curve(
            windows,
            labels["bad"].to_numpy(np.float64),
            is_test=is_test,
            selection=selection,
            learner=(fit, measures),
            rules=rules,
        )
    path = space.reports / "forgetting.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(curve, path)
    with open_run_of(config, purpose="forgetting") as active:
        active.table(curve, "tables/forgetting.json")
        active.text(as_yaml(config), "config.yaml")
    say(f"{describe(config)}: what forgetting costs, on {int(is_test.sum()):,} test rows")
    widest = max(map(len, rules))
    for row in curve.to_dict("records"):
        shown = "   ".join(f"{name} {row[name]:.4f}" for name in MEASURES)
        rule = f"{row['rule']:{widest}s} {row['share_erased']:6.2%} of months erased"
        say(f"  cleared {rule}   {shown}")
    say(f"Rules longer than the window of {windows.n_months} months are the same as never.")
    say(f"Written to {path}")


def _measure(name: str) -> Callable[[Values, Values], float]:
    """Return a metric as a function of outcomes and PD."""
    metric = METRICS[name]
    return lambda bad, pd_hat: float(metric.compute(Outcomes.of(bad, pd_hat)))
