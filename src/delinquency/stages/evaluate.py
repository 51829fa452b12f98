"""Stage ``evaluate``: how good the model is, with intervals; and against whom, in folds."""

from typing import Any

import numpy as np
import pandas as pd

from delinquency import metrics
from delinquency.config import Config
from delinquency.modeling import (
    Comparison,
    cross_validate,
    guard_against_leakage,
    model_recipe,
    peer_recipes,
    variant_recipes,
)
from delinquency.options.evaluation import CrossValidationEvaluation, EvaluationOptions
from delinquency.reporting import plots
from delinquency.splits import TEST, TRAIN, repeated_stratified_folds
from delinquency.stages import trained
from delinquency.stages.data import describe
from delinquency.stages.features import Prepared, prepare
from delinquency.stages.progress import Tick, say, working
from delinquency.stages.runs import open_run
from delinquency.store import workspace, write_json, write_text
from delinquency.tracking import Run

FIGURES = "figures"
PEER_WORDS = "difference = model - peer, same folds"


def run(config: Config) -> None:
    """Evaluate by the method that the configuration names."""
    if isinstance(config.evaluation, CrossValidationEvaluation):
        _cross_validate(config, config.evaluation)
        return
    prepared = prepare(config)
    fitted = trained.load(config)
    with (
        open_run(config, prepared, purpose="evaluate", run_id=fitted.facts["run_id"]) as active,
        working("evaluating on the test part") as tick,
    ):
        result = holdout(config, fitted, prepared, active, tick)
    space = workspace(config.paths, config.data.name)
    say(f"{describe(config)}: {result['how']}, {result['n']:,} rows, {result['n_bad']:,} bad")
    for name, one in result["metrics"].items():
        say(f"  {name:22s} {one['value']:8.4f}  [{one['low']:.4f}, {one['high']:.4f}]")
    say_limits(prepared)
    say(f"Report  {space.reports / 'evaluation.json'}, figures in {space.reports / FIGURES}")
    say(f"Next    make evaluate ARGS='data={config.data.name} evaluation=cross_validation'")


def holdout(
    config: Config, fitted: trained.Trained, prepared: Prepared, active: Run, tick: Tick
) -> dict[str, Any]:
    """Measure the model on its test part; write and log figures and tables.

    Returns
    -------
    dict
        ``n``, ``n_bad``, ``how``, and ``metrics``: name -> value, low, high.
    """
    rows = trained.rows_of(fitted, prepared, TEST)
    bad = prepared.labels.loc[rows, "bad"].to_numpy(np.int64)
    pd_hat = fitted.model.pd_hat(prepared.X.loc[rows])
    months = prepared.keys.loc[rows, "observation_month"]
    first, last = f"{months.min():%Y-%m}", f"{months.max():%Y-%m}"
    observed = first if first == last else f"{first} to {last}"
    learnt = prepared.keys.loc[trained.rows_of(fitted, prepared, TRAIN), "observation_month"]
    later = months.min() > learnt.max()
    how = "out of time" if later else "accounts held out"
    if prepared.facts["source"].get("dated", True):
        how += f", observed {observed}"
    intervals = metrics.bootstrap_intervals(
        bad,
        pd_hat,
        groups=prepared.labels.loc[rows, "group_id"].to_numpy(),
        names=config.evaluation.metrics,
        resampling=resampling_of(config.evaluation, seed=config.seed),
    )
    measured = {
        name: {"value": one.estimate, "low": one.low, "high": one.high}
        for name, one in intervals.items()
    }
    result = {
        "data": config.data.name,
        "accounts": "real" if config.data.real else "synthetic",
        "n": len(bad),
        "n_bad": int(bad.sum()),
        "how": how,
        "interval": "95 %, bootstrap of whole accounts",
        "metrics": measured,
        "cannot": prepared.facts.get("cannot", {}),
    }
    tick(1, 2)
    deciles = metrics.decile_table(bad, pd_hat)
    space = workspace(config.paths, config.data.name)
    write_json(result, space.reports / "evaluation.json")
    write_text(deciles.to_csv(index=False), space.reports / "deciles.csv")
    scored = plots.Scored(bad, pd_hat, f"{describe(config)}, {how}")
    value = {name: one["value"] for name, one in measured.items()}
    auc = measured["roc_auc"]
    figures = {
        "roc": plots.roc_figure(scored, auc=auc["value"], low=auc["low"], high=auc["high"]),
        "precision_recall": plots.precision_recall_figure(scored, area=value["pr_auc"]),
        "calibration": plots.calibration_figure(scored, ece=value["ece"]),
        "ks": plots.ks_figure(scored, ks=value["ks"]),
        "deciles": plots.decile_figure(deciles, scored.title),
    }
    save_figures(config, figures, active)
    active.metrics(value)
    active.metrics(
        {f"{n}_{end}": one[end] for n, one in measured.items() for end in ("low", "high")}
    )
    active.table(deciles, "tables/deciles.json")
    tick(2, 2)
    return result


def say_limits(prepared: Prepared) -> None:
    """Print what the data cannot support, and why."""
    for why in prepared.facts.get("cannot", {}).values():
        say(f"Not supported by these data: {why}")


def resampling_of(options: EvaluationOptions, *, seed: int) -> metrics.Resampling:
    """Return how a hold-out's intervals are drawn, whichever evaluation is configured."""
    n_boot = getattr(options, "n_boot", metrics.Resampling.n_boot)
    return metrics.Resampling(n_boot=n_boot, seed=seed, level=options.level)


def save_figures(config: Config, figures: dict[str, Any], active: Run) -> None:
    """Write figures as PNG into the reports, and log them."""
    folder = workspace(config.paths, config.data.name).reports / FIGURES
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png")
        active.figure(figure, f"plots/{name}.png")


def _cross_validate(config: Config, chosen: CrossValidationEvaluation) -> None:
    """Compare model, peers and ablations in folds, write the result, guard against leakage."""
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
    }
    directions = {name: one.direction for name, one in prepared.meanings.items()}
    variants = [v for v in chosen.variants if v != "with_protected" or codes.shape[1]]
    groups = prepared.labels["group_id"]
    recipes = [
        model_recipe(config.model, directions=directions, groups=groups),
        *peer_recipes(chosen.peers),
        *variant_recipes(variants, config.model, directions=directions, groups=groups),
    ]
    space = workspace(config.paths, config.data.name)
    with open_run(config, prepared, purpose="cross-validate") as active:
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
        }
        write_json(result, space.reports / "cross_validation.json")
        _log_folds(comparison, result, active)
        guard_against_leakage(result["model"]["roc_auc"]["mean"], config.data.leakage_ceiling_auc)
    _say_comparison(config, result)
    say_limits(prepared)


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
        with active.child(f"fold {fold}") as child:
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
    pooled = result["pooled"]["model"]["ece"]
    say(f"ECE of all out-of-fold PDs of a repeat together: {pooled:.4f}")
    path = workspace(config.paths, config.data.name).reports / "cross_validation.json"
    say(f"Written to {path}. Next: make explain ARGS='data={config.data.name}'")
