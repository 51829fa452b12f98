"""Stage ``monitor``: a new month against the reference: page, JSON, run, exit code."""

from typing import Any

from delinquency.atomic_files import write_text
from delinquency.config import Config
from delinquency.errors import DriftError
from delinquency.monitoring.month_findings import RED
from delinquency.monitoring.usual_months import Reference
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.chosen_model import model_folder
from delinquency.pipeline.monitored_month import Monitored, monitor_month
from delinquency.pipeline.monitoring_reference import reference_of
from delinquency.pipeline.saved_model import load_from
from delinquency.reporting.monitoring_page import monitoring_page
from delinquency.scoring.account_scorer import load_scorer
from delinquency.workspace.artifacts import write_json
from delinquency.workspace.progress import say, working


def run(config: Config) -> None:
    """Look at a month; leave with exit code 4 when something is red."""
    folder = model_folder(config)
    fitted = load_from(folder)
    scorer = load_scorer(folder, options=config.reasons, n_threads=config.n_threads)
    reference = reference_of(folder)
    with working("looking at the month") as tick:
        month = monitor_month(config, scorer, reference, tick)
    report = as_report(config, month, scorer.version, str(fitted.facts["run_id"]), reference)
    out = config.workspace.reports / "monitoring"
    write_json(report, out / f"{month.month}.json")
    page = monitoring_page(report, title=describe(config))
    write_text(page, out / f"{month.month}.html")
    _log(config, report, page)
    _say(month)
    say(f"Page         {out / f'{month.month}.html'}")
    if month.light == RED and config.monitor.fail_on_red:
        raise DriftError(
            f"{month.month} is red: {'; '.join(month.triggers)}. Look at the page before these "
            "scores are used (monitor.fail_on_red=false leaves with exit code 0)."
        )


def as_report(
    config: Config, month: Monitored, version: str, run_id: str, reference: Reference
) -> dict[str, Any]:
    """Return what a month shows as plain values."""
    rolls = None
    if month.rolls is not None:
        frame = month.rolls.astype(object).where(month.rolls.notna(), None)
        rolls = frame.reset_index().to_dict("records")
    return {
        "data": config.data.name,
        "accounts": "real" if config.data.real else "synthetic",
        "month": month.month,
        "model": version,
        "trained_in_run": run_id,
        "light": month.light,
        "usual_months": reference.usual.months,
        "n_accounts": month.n_accounts,
        "triggers": month.triggers,
        "estimate": month.estimate,
        "outcomes": month.outcomes,
        "findings": [one.to_plain() for one in month.findings],
        "roll_rates": rolls,
    }


def _log(config: Config, report: dict[str, Any], page: str) -> None:
    """Keep the month as an MLflow run that names the model's own."""
    if not config.tracking.enabled:
        return
    from delinquency.workspace.mlflow_runs import tracked
    from delinquency.workspace.run_stores import store_of

    store = store_of(config.tracking, config.workspace, real=config.data.real)
    tags = {
        "stage": "monitor", "month": report["month"], "light": report["light"],
        "model_version": report["model"], "trained_in_run": report["trained_in_run"],
    }  # fmt: skip
    note = f"{report['month']} is {report['light']}. {'; '.join(report['triggers'])}"
    name = f"monitor {report['month']}"
    with tracked(store, name=name, note=note, tags=tags) as active:
        sizes = {
            f"{one['check']}_{one['subject']}".replace(".", "_"): one["size"]
            for one in report["findings"]
            if one["check"] in ("score", "trait", "table") and one["size"] is not None
        }
        active.metrics(sizes)
        active.text(page, "monitoring.html")


def _say(month: Monitored) -> None:
    say(f"{month.month}: {month.light.upper()}, {month.n_accounts:,} accounts")
    shown = [one for one in month.findings if one.light != "green" and one.check != "feature"]
    for one in shown[:12]:
        say(f"  {one.light:6s} {one.words}")
    if not shown:
        say("  Nothing has moved beyond what chance explains.")
    if month.estimate:
        estimate = month.estimate
        say(f"  Estimate, if the PDs are right: {estimate['expected_bad_rate']:.2%} turn bad")
