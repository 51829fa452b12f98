"""``evaluation=tables``: what each table adds to the prediction, on the test part."""

from typing import Any

import numpy as np
import pandas as pd

from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.features.registered_features import FEATURES
from delinquency.metrics import Resampling
from delinquency.modeling.comparison import model_recipe
from delinquency.modeling.evaluation_options import TableEvaluation
from delinquency.modeling.splits import TEST, TRAIN, how_apart, split_rows
from delinquency.panel.schema import TABLES
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.preflight import check_choices
from delinquency.pipeline.prepared_features import Prepared, prepare, say_limits
from delinquency.pipeline.training_runs import FIGURES, open_run, save_figures
from delinquency.reporting.performance_plots import ablation_figure
from delinquency.validation.table_ablation import TableAblation, by_table, measure_ablation
from delinquency.workspace.artifacts import write_json
from delinquency.workspace.progress import say, working

FIGURE = "table_worth"


def run(config: Config) -> None:
    """Refit the recipe on every set of tables, and write what each is worth."""
    chosen = config.evaluation
    if not isinstance(chosen, TableEvaluation):
        raise TypeError(f"Expected an evaluation of tables. Got {type(chosen).__name__}.")
    check_choices(config)
    prepared = prepare(config)
    reads = {name: FEATURES[name].tables for name in prepared.X.columns if name in FEATURES}
    sets = by_table(reads, list(TABLES)) if reads else []
    given = ", ".join(prepared.facts["tables"]) or "ready-made features"
    if len(sets) < 2:
        raise ChoiceError(
            "evaluation=tables compares what several canonical tables are worth. "
            f"{config.data.name} has {given} only. Use data=synthetic or a panel with "
            "more tables, or evaluation=cross_validation."
        )
    parts = split_rows(
        prepared.keys.join(prepared.labels),
        config.split,
        performance_months=config.data.label.performance_months,
        seed=config.seed,
    )
    directions = {name: one.direction for name, one in prepared.meanings.items()}
    groups = prepared.labels["group_id"]
    with open_run(config, prepared, purpose="table worth") as active:
        with working(f"refitting on {len(sets)} sets of tables") as tick:
            found = measure_ablation(
                sets,
                prepared.X,
                prepared.labels["bad"].to_numpy(np.float64),
                train=parts == TRAIN,
                test=parts == TEST,
                recipe=model_recipe(
                    config.model,
                    directions=directions,
                    labels=prepared.labels,
                    categories=prepared.categories,
                ),
                groups=groups.to_numpy(),
                resampling=Resampling(chosen.n_boot, config.seed, chosen.level),
                metrics=chosen.metrics,
                seed=config.seed,
                n_workers=config.n_threads,
                progress=tick,
            )
        result = _report(config, prepared, parts, found)
        space = config.workspace
        write_json(result, space.reports / "table_worth.json")
        active.table(_table(found), "tables/table_worth.json")
        title = (
            f"{describe(config)}, {result['how']}, {result['n']:,} accounts, "
            f"{result['n_bad']:,} bad"
        )
        save_figures(config, {FIGURE: ablation_figure(result["sets"], title)}, active)
    _say(config, result)
    say_limits(prepared)
    picture = space.reports / FIGURES / f"{FIGURE}.png"
    say(f"Written to {space.reports / 'table_worth.json'}, picture {picture}")
    say(f"Next: make train ARGS='data={config.data.name}' with the tables that are worth having")


def _report(
    config: Config, prepared: Prepared, parts: Any, found: list[TableAblation]
) -> dict[str, Any]:
    """Return the report as plain values."""
    test, train = parts == TEST, parts == TRAIN
    sets = []
    for one in found:
        entry: dict[str, Any] = {
            "name": one.feature_set.name,
            "n_features": len(one.feature_set.columns),
            **{name: value.to_dict() for name, value in one.metrics.items()},
        }
        if one.differences:
            against = {name: value.to_dict() for name, value in one.differences.items()}
            entry["difference"] = {"against": one.feature_set.against, **against}
        sets.append(entry)
    return {
        "data": config.data.name,
        "accounts": "real" if config.data.real else "synthetic",
        "how": how_apart(prepared.keys.join(prepared.labels), train=train, test=test),
        "interval": f"{config.evaluation.level:.0%}, bootstrap of whole accounts, the same "
        "replicates for both sides of a difference",
        "n": int(test.sum()),
        "n_bad": int(prepared.labels.loc[test, "bad"].sum()),
        "sets": sets,
        "cannot": prepared.facts.get("cannot", {}),
    }


def _table(found: list[TableAblation]) -> pd.DataFrame:
    """Return one row a set and metric."""
    return pd.DataFrame(
        [
            {
                "set": one.feature_set.name,
                "n_features": len(one.feature_set.columns),
                "metric": name,
                **value.to_dict(),
            }
            for one in found
            for name, value in one.metrics.items()
        ]
    )


def _say(config: Config, result: dict[str, Any]) -> None:
    """Print AUC and difference of every set."""
    say(f"{describe(config)}: {result['how']}, {result['n']:,} accounts, {result['n_bad']:,} bad")
    metric = config.evaluation.metrics[0]
    say(f"  {'tables':22s} features  {metric}")
    for one in result["sets"]:
        value = one[metric]
        line = f"  {one['name']:22s} {one['n_features']:8d}  {value['mean']:.4f} "
        line += f"[{value['low']:.4f}, {value['high']:.4f}]"
        if gap := one.get("difference"):
            by = gap[metric]
            line += f"  {by['mean']:+.4f} [{by['low']:+.4f}, {by['high']:+.4f}]"
            line += f" against {gap['against']}"
        say(line)
