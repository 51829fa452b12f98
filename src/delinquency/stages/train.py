"""Stage ``train``: fit the model, then evaluate and explain it, all in one MLflow run."""

from typing import Any

from delinquency.config import Config
from delinquency.pipeline import evaluation, saved_model, scored_rows
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.evaluation import in_words
from delinquency.pipeline.preflight import check_choices
from delinquency.pipeline.prepared_features import prepare
from delinquency.pipeline.run_report import write_run_page
from delinquency.pipeline.training import fit, log_model
from delinquency.pipeline.training_runs import open_run, run_store
from delinquency.workspace.database_beside import database_made_beside
from delinquency.workspace.mlflow_runs import Run, experiment_link
from delinquency.workspace.progress import say, working


def run(config: Config) -> None:
    """Fit, evaluate and explain the model, and say where everything lies."""
    check_choices(config)
    with database_made_beside(run_store(config)):
        prepared = prepare(config)
    with open_run(config, prepared, purpose="train") as active:
        fitted = fit(config, prepared, active)
        with working("evaluating on the test part") as tick:
            result = evaluation.holdout(config, fitted, prepared, active, tick)
        with working("explaining every account"):
            scored_rows.explain_rows(config, fitted, prepared, active)
        active.file(write_run_page(config))
        log_model(config, fitted, prepared, active)
    _report(config, fitted, result, active)


SHOWN = {"roc_auc": "AUC", "brier": "Brier", "ece": "ECE"}


def _report(
    config: Config, fitted: saved_model.Trained, result: dict[str, Any], active: Run
) -> None:
    """Say the result, where it lies, and what to do next, in at most eight lines."""
    measured = result["metrics"]
    space = config.workspace
    say("")
    say(f"{describe(config)}: tested on {result['n']:,} accounts, {result['n_bad']:,} bad")
    figures = [f"{title} {in_words(measured[name])}" for name, title in SHOWN.items()]
    say(f"{'   '.join(figures)}   ({result['how']})")
    for name in SHOWN:
        if why := measured[name].get("why"):
            say(f"  {SHOWN[name]}: {why}")
    if result["level"]:
        say(result["level"])
    if result["cannot"]:
        say(f"Not shown    {', '.join(result['cannot'])} (why: {space.reports}/evaluation.json)")
    say(f"Model        {fitted.folder}")
    say(f"Explanations {space.processed / 'explanations.parquet'}")
    say(f"Report       {space.reports / 'index.html'}")
    say(
        f"Next         make evaluate ARGS='data={config.data.name}"
        " evaluation=cross_validation', or make ui and open"
    )
    if active.link:
        say(f"             {experiment_link(active)}")
        say(f"             {active.link}")
