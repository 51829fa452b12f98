"""``evaluation=cross_validation``: the model, its peers and its variants in the same folds."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from delinquency.config import Config, as_dict, as_yaml
from delinquency.log_odds import log_odds
from delinquency.modeling.baselines import BASELINES
from delinquency.modeling.challengers import RULE, rule_columns
from delinquency.modeling.comparison import (
    MODEL,
    Comparison,
    baseline_recipes,
    cross_validate,
    guard_against_leakage,
    model_recipe,
    variant_recipes,
)
from delinquency.modeling.comparison_findings import TWIN, losses
from delinquency.modeling.contradicted_directions import direction_costs
from delinquency.modeling.evaluation_options import CrossValidationEvaluation
from delinquency.modeling.recipes import Rows
from delinquency.modeling.splits import repeated_stratified_folds
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.preflight import check_choices
from delinquency.pipeline.prepared_features import Prepared, prepare, say_limits
from delinquency.pipeline.training import parameters_of
from delinquency.pipeline.training_runs import open_run, save_figures
from delinquency.reporting.performance_plots import comparison_figure
from delinquency.workspace.artifacts import write_json
from delinquency.workspace.mlflow_runs import Run
from delinquency.workspace.progress import say, working

FIGURE = "comparison"
WITHOUT_PROTECTED = "raw_without_protected"


def run(config: Config) -> None:
    """Compare model, peers and ablations in folds, write the result, guard against leakage."""
    chosen = config.evaluation
    if not isinstance(chosen, CrossValidationEvaluation):
        raise TypeError(f"Expected a cross-validation. Got {type(chosen).__name__}.")
    check_choices(config)
    prepared = prepare(config)
    folds = repeated_stratified_folds(
        prepared.labels, n_splits=chosen.n_splits, n_repeats=chosen.n_repeats, seed=config.seed
    )
    bad = prepared.labels["bad"].to_numpy(np.int64)
    codes = as_codes(prepared.protected)
    matrices = {
        "features": prepared.X,
        "raw": prepared.raw.select_dtypes("number").join(codes),
        "features_with_protected": prepared.X.join(codes),
        WITHOUT_PROTECTED: prepared.raw.select_dtypes("number"),
    }
    directions = {name: one.direction for name, one in prepared.meanings.items()}
    variants = [v for v in chosen.variants if v != "with_protected" or codes.shape[1]]
    rule = rule_columns(list(prepared.raw.columns))
    peers = [name for name in chosen.peers if name != RULE or rule]
    known: dict[str, Any] = {
        "directions": directions,
        "labels": prepared.labels,
        "categories": prepared.categories,
    }
    on_raw = [name for name in peers if BASELINES[name].matrix == "raw"]
    # The rule looks at two columns of its own, none of them protected.
    seeing = [name for name in on_raw if name != RULE and codes.shape[1]]
    recipes = [
        model_recipe(config.model, **known),
        *baseline_recipes(peers),
        *(
            replace(one, name=one.name + TWIN, matrix=WITHOUT_PROTECTED)
            for one in baseline_recipes(seeing)
        ),
        *variant_recipes(variants, config.model, **known),
    ]
    space = config.workspace
    with open_run(config, prepared, purpose="cross-validate") as active:
        active.params({**parameters_of(config), "evaluation": as_dict(chosen)})
        active.text(as_yaml(config), "config.yaml")
        active.dataset(
            prepared.X.assign(bad=bad),
            name=f"{config.data.name} all folds",
            source=config.data.citation or config.data.title or config.data.name,
            context="cross-validation",
        )
        with working(f"cross-validation in {len(folds)} folds") as tick:
            comparison = cross_validate(
                matrices,
                bad,
                folds,
                recipes=recipes,
                metrics=chosen.metrics,
                seed=config.seed,
                n_workers=config.n_threads,
                level=chosen.level,
                progress=tick,
            )
        result = {
            "data": config.data.name,
            "accounts": "real" if config.data.real else "synthetic",
            "protocol": f"stratified by group, {chosen.n_splits} folds x {chosen.n_repeats}, "
            f"seed {config.seed}",
            "n": len(bad),
            "n_bad": int(bad.sum()),
            "n_features": prepared.X.shape[1],
            "cannot": prepared.facts.get("cannot", {}),
            **comparison.to_dict(),
            "sees_protected": [*seeing, *(v for v in variants if v == "with_protected")],
            "directions": _costs(config, prepared, directions, comparison),
        }
        result["losses"] = losses(
            result,
            sees_protected=result["sees_protected"],
            raw=[*on_raw, *(name + TWIN for name in seeing)],
        )
        write_json(result, space.reports / "cross_validation.json")
        _log_folds(comparison, result, active)
        title = f"{describe(config)}, {result['n']:,} rows, {result['protocol']}"
        save_figures(config, {FIGURE: comparison_figure(contestants_of(result), title)}, active)
        guard_against_leakage(result["model"]["roc_auc"]["mean"], config.data.leakage_ceiling_auc)
    _say_comparison(config, result)
    say_limits(prepared)


def contestants_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return model, peers and variants of a comparison, each with its name and metrics."""
    rows = {"model": result["model"], **result["peers"], **result["variants"]}
    return [{"name": name, **metrics} for name, metrics in rows.items()]


def as_codes(protected: pd.DataFrame) -> pd.DataFrame:
    """Return protected attributes as float codes, for peers and ablations only."""
    columns = {}
    for name in protected.columns:
        column = protected[name]
        if pd.api.types.is_numeric_dtype(column):
            columns[f"protected_{name}"] = column.to_numpy(np.float64)
        else:
            codes = pd.factorize(column, sort=True)[0].astype(np.float64)
            columns[f"protected_{name}"] = np.where(codes < 0, np.nan, codes)
    return pd.DataFrame(columns, index=protected.index)


def _costs(
    config: Config, prepared: Prepared, directions: Mapping[str, int], comparison: Comparison
) -> dict[str, dict[str, float]]:
    """Return what each held direction costs on the rows left out, by feature."""
    if not config.model.monotone:
        return {}
    bad = prepared.labels["bad"].to_numpy(np.float64)
    groups = np.unique(prepared.labels["group_id"].to_numpy(), return_inverse=True)[1]
    rows = Rows(prepared.X.to_numpy(np.float64), bad, bad, groups)
    names = list(prepared.X.columns)
    held = {at: directions[name] for at, name in enumerate(names) if directions.get(name)}
    score = log_odds(comparison.out_of_fold[MODEL].mean(axis=0))
    costs = direction_costs(rows, score, held, seed=config.seed)
    half = norm.ppf(0.5 + config.evaluation.level / 2)
    return {
        names[at]: {
            "direction": held[at],
            "log_loss": cost.gain,
            "low": cost.gain - half * cost.error,
            "high": cost.gain + half * cost.error,
            "standard_errors": cost.standard_errors,
        }
        for at, cost in costs.items()
    }


def _log_folds(comparison: Comparison, result: dict[str, Any], active: Run) -> None:
    """Log the model's folds as child runs, and the summary in the parent."""
    active.metrics({name: one["mean"] for name, one in result["model"].items()})
    pooled = result["pooled"]["model"]
    active.metrics({f"pooled_{name}": value for name, value in pooled.items()})
    table = [
        {"contestant": name, "metric": metric, "fold": fold, "value": value}
        for name, by_metric in comparison.folds.items()
        for metric, values in by_metric.items()
        for fold, value in enumerate(values.tolist())
    ]
    active.table(pd.DataFrame(table), "tables/folds.json")
    ours = comparison.folds["model"]
    for fold in range(len(ours["roc_auc"])):
        active.metrics({f"fold_{name}": float(v[fold]) for name, v in ours.items()}, step=fold)
        with active.child(f"fold {fold}") as child:
            child.params({"fold": fold})
            child.metrics({name: float(values[fold]) for name, values in ours.items()})


def _say_comparison(config: Config, result: dict[str, Any]) -> None:
    """Print the comparison as a short table."""
    say(f"{describe(config)}: {result['n']:,} accounts, {result['protocol']}")
    shown = ("roc_auc", "pr_auc", "ks", "log_loss", "brier", "ece")
    say(f"{'':32s}" + "".join(f"{name:>10s}" for name in shown) + "   AUC: model minus it")
    rows = {"model": result["model"], **result["peers"], **result["variants"]}
    for name, one in rows.items():
        line = f"{name:32s}" + "".join(f"{one[metric]['mean']:10.4f}" for metric in shown)
        gap = one["roc_auc"].get("difference")
        if gap:
            line += f"   {gap['mean']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]"
        say(line)
    if result["sees_protected"]:
        say(f"With protected columns: {', '.join(result['sees_protected'])}")
    for one in result["losses"]:
        say(f"{one['words']}; {'; '.join(one['to_try'])}")
    costly = {name: one for name, one in result["directions"].items() if one["low"] > 0}
    for name, one in sorted(costly.items(), key=lambda pair: -pair[1]["standard_errors"]):
        say(
            f"Direction {one['direction']:+d} of {name} costs log loss {one['log_loss']:.5f} "
            f"[{one['low']:.5f}, {one['high']:.5f}]: look at its bad rate by bin (make inspect)"
        )
    pooled = result["pooled"]["model"]["ece"]
    say(f"ECE of all out-of-fold PDs of a repeat together: {pooled:.4f}")
    path = config.workspace.reports / "cross_validation.json"
    say(f"Written to {path}. Next: make explain ARGS='data={config.data.name}'")
