"""Stage ``evaluate``: how good the model is on its test part, with intervals; other methods."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency import metrics
from delinquency.config import Config
from delinquency.metrics.level import level_in_words
from delinquency.modeling.evaluation_options import BootstrapEvaluation, EvaluationOptions
from delinquency.modeling.splits import TEST, TRAIN, how_apart
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.prepared_features import Prepared
from delinquency.pipeline.training_runs import save_figures
from delinquency.reporting import performance_plots
from delinquency.workspace.artifacts import write_csv, write_json
from delinquency.workspace.mlflow_runs import Run
from delinquency.workspace.progress import Tick

RATIO = "observed_expected"


def holdout(
    config: Config, fitted: saved_model.Trained, prepared: Prepared, active: Run, tick: Tick
) -> dict[str, Any]:
    """Measure the model on its test part; write and log figures and tables.

    Returns
    -------
    dict
        ``n``, ``n_bad``, ``how``, and ``metrics``: name -> value, low, high.
    """
    rows = saved_model.rows_of(fitted, prepared, TEST)
    bad = prepared.labels.loc[rows, "bad"].to_numpy(np.int64)
    model = fitted.model
    explained = fitted.explainer.explain(model.matrix(prepared.X.loc[rows]))
    pd_hat = model.probability(explained.raw_score)
    months = prepared.keys.loc[rows, "observation_month"]
    first, last = f"{months.min():%Y-%m}", f"{months.max():%Y-%m}"
    observed = first if first == last else f"{first} to {last}"
    learnt = saved_model.rows_of(fitted, prepared, TRAIN)
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
    measured = {name: known(name, one, bad, pd_hat) for name, one in intervals.items()}
    result = {
        "data": config.data.name,
        "accounts": "real" if config.data.real else "synthetic",
        "n": len(bad),
        "n_bad": int(bad.sum()),
        "how": how,
        "interval": "95 %, bootstrap of whole accounts",
        "metrics": measured,
        "level": _level(
            config, bad, pd_hat, prepared.labels.loc[rows, "group_id"].to_numpy(), intervals
        ),
        "cannot": prepared.facts.get("cannot", {}),
    }
    tick(1, 2)
    deciles = metrics.decile_table(bad, pd_hat)
    space = config.workspace
    write_json(result, space.reports / "evaluation.json")
    write_csv(deciles, space.reports / "deciles.csv")
    scored = performance_plots.Scored(bad, pd_hat, f"{describe(config)}, {how}")
    value = {name: one["value"] for name, one in measured.items() if one["value"] is not None}
    figures = {
        "calibration": performance_plots.calibration_figure(scored, ece=value["ece"]),
        "deciles": performance_plots.decile_figure(deciles, scored.title),
    }
    if 0 < bad.sum() < len(bad):  # nothing is ranked where all accounts are of one kind
        auc = measured["roc_auc"]
        figures |= {
            "roc": performance_plots.roc_figure(
                scored, auc=auc["value"], low=auc["low"], high=auc["high"]
            ),
            "precision_recall": performance_plots.precision_recall_figure(
                scored, area=value["pr_auc"]
            ),
            "ks": performance_plots.ks_figure(scored, ks=value["ks"]),
        }
    save_figures(config, figures, active)
    active.metrics(value)
    # Intervals are a table: as metrics each end would be a chart of one bar.
    active.table(interval_table(measured), "tables/metrics.json")
    active.table(deciles, "tables/deciles.json")
    tick(2, 2)
    return result


def interval_table(measured: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return one row a metric: value, both ends of its interval, and why where unknown."""
    return pd.DataFrame(
        [
            {"metric": name, **{key: one.get(key) for key in ("value", "low", "high", "why")}}
            for name, one in measured.items()
        ]
    )


def known(
    name: str, interval: metrics.Interval, bad: NDArray[np.int64], pd_hat: NDArray[np.float64]
) -> dict[str, Any]:
    """Return a metric's value and ends as plain values, null with a reason where unknown.

    Parameters
    ----------
    name : str
    interval : Interval
    bad : ndarray of shape (n_rows,), 0 or 1
    pd_hat : ndarray of shape (n_rows,), in [0, 1]
    """
    found: dict[str, Any] = {
        "value": _finite(interval.estimate),
        "low": _finite(interval.low),
        "high": _finite(interval.high),
    }
    n_bad = int(bad.sum())
    rarer = min(n_bad, len(bad) - n_bad)
    if found["value"] is None:
        found["why"] = _why_unknown(rarer, bad, pd_hat)
    elif name in metrics.WIDENED and rarer < metrics.FEW_BADS:
        found["why"] = (
            f"only {rarer} of {len(bad):,} rows are of the rarer outcome: the interval is that of "
            "Newcombe (2006), as the bootstrap's is too narrow for so few"
        )
    return found


def in_words(one: dict[str, Any]) -> str:
    """Return a measured value with its interval, or that it cannot be known."""
    if one["value"] is None:
        return "not known"
    if one["low"] is None or one["high"] is None:
        return f"{one['value']:.4f} [not known]"
    return f"{one['value']:.4f} [{one['low']:.4f}, {one['high']:.4f}]"


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _why_unknown(rarer: int, bad: NDArray[np.int64], pd_hat: NDArray[np.float64]) -> str:
    """Return in words why a metric has no value."""
    if rarer == 0:
        return f"all {len(bad):,} rows of the test part are {'bad' if bad[0] else 'good'}"
    if pd_hat[bad == 1].min() > pd_hat[bad == 0].max():
        return "every bad row is ranked above every good one: no finite line is the best"
    return f"it is not defined for these {len(bad):,} rows with {int(bad.sum()):,} bad"


def _level(
    config: Config,
    bad: NDArray[np.int64],
    pd_hat: NDArray[np.float64],
    groups: NDArray[Any],
    measured: dict[str, metrics.Interval],
) -> str:
    """Return in words how the level is off; "" where it is not, whatever metrics were chosen."""
    ratio = (
        measured.get(RATIO)
        or metrics.bootstrap_intervals(
            bad,
            pd_hat,
            groups=groups,
            names=[RATIO],
            resampling=resampling_of(config.evaluation, seed=config.seed),
        )[RATIO]
    )  # the same draws give the same interval: it is made once
    return level_in_words(ratio, n=len(bad), bads=float(bad.sum()))


def resampling_of(options: EvaluationOptions, *, seed: int) -> metrics.Resampling:
    """Return how a hold-out's intervals are drawn, whichever evaluation is configured."""
    usual = metrics.Resampling.n_boot
    n_boot = options.n_boot if isinstance(options, BootstrapEvaluation) else usual
    return metrics.Resampling(n_boot=n_boot, seed=seed, level=options.level)
