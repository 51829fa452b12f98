"""Stage ``evaluate``: how good the model is on its test part, with intervals; other methods."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from delinquency import metrics
from delinquency.config import Config
from delinquency.options.evaluation import (
    CrossValidationEvaluation,
    EvaluationOptions,
    HoldOutEvaluation,
    NewAccountEvaluation,
    TableEvaluation,
)
from delinquency.reporting import plots
from delinquency.splits import TEST, TRAIN, how_apart
from delinquency.stages import cross_validation, new_accounts, table_worth, trained
from delinquency.stages.data import describe
from delinquency.stages.features import Prepared, prepare, say_limits
from delinquency.stages.progress import Tick, say, working
from delinquency.stages.runs import FIGURES, open_run, save_figures
from delinquency.store import workspace, write_json, write_text
from delinquency.tracking import Run


def run(config: Config) -> None:
    """Evaluate by the method that the configuration names."""
    _METHODS[type(config.evaluation)](config)


def _hold_out(config: Config) -> None:
    """Measure the trained model on its test part."""
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
    model = fitted.model
    explained = fitted.explainer.explain(model.matrix(prepared.X.loc[rows]))
    pd_hat = model.probability(explained.raw_score)
    months = prepared.keys.loc[rows, "observation_month"]
    first, last = f"{months.min():%Y-%m}", f"{months.max():%Y-%m}"
    observed = first if first == last else f"{first} to {last}"
    learnt = trained.rows_of(fitted, prepared, TRAIN)
    how = how_apart(prepared.keys.join(prepared.labels), train=learnt, test=rows)
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


def resampling_of(options: EvaluationOptions, *, seed: int) -> metrics.Resampling:
    """Return how a hold-out's intervals are drawn, whichever evaluation is configured."""
    n_boot = getattr(options, "n_boot", metrics.Resampling.n_boot)
    return metrics.Resampling(n_boot=n_boot, seed=seed, level=options.level)


_METHODS: Mapping[type[EvaluationOptions], Callable[[Config], None]] = {
    HoldOutEvaluation: _hold_out,
    CrossValidationEvaluation: cross_validation.run,
    TableEvaluation: table_worth.run,
    NewAccountEvaluation: new_accounts.run,
}
"""How each kind of evaluation is done."""
