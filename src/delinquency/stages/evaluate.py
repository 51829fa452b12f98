"""Stage ``evaluate``: how good the model is on its test part, with intervals; other methods."""

from collections.abc import Callable, Mapping

from delinquency.config import Config
from delinquency.modeling.evaluation_options import (
    CrossValidationEvaluation,
    EvaluationOptions,
    HoldOutEvaluation,
    NewAccountEvaluation,
    TableEvaluation,
)
from delinquency.pipeline import cross_validation, new_accounts, saved_model, table_evaluation
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.evaluation import holdout, in_words
from delinquency.pipeline.preflight import check_choices
from delinquency.pipeline.prepared_features import prepare, say_limits
from delinquency.pipeline.training_runs import FIGURES, open_run
from delinquency.workspace.progress import say, working


def _hold_out(config: Config) -> None:
    """Measure the trained model on its test part."""
    check_choices(config)
    prepared = prepare(config)
    fitted = saved_model.load(config)
    with (
        open_run(config, prepared, purpose="evaluate", run_id=fitted.facts["run_id"]) as active,
        working("evaluating on the test part") as tick,
    ):
        result = holdout(config, fitted, prepared, active, tick)
    space = config.workspace
    say(f"{describe(config)}: {result['how']}, {result['n']:,} rows, {result['n_bad']:,} bad")
    for name, one in result["metrics"].items():
        say(f"  {name:22s} {in_words(one)}")
        if why := one.get("why"):
            say(f"    {why}")
    if result["level"]:
        say(result["level"])
    say_limits(prepared)
    say(f"Report  {space.reports / 'evaluation.json'}, figures in {space.reports / FIGURES}")
    say(f"Next    make evaluate ARGS='data={config.data.name} evaluation=cross_validation'")


_METHODS: Mapping[type[EvaluationOptions], Callable[[Config], None]] = {
    HoldOutEvaluation: _hold_out,
    CrossValidationEvaluation: cross_validation.run,
    TableEvaluation: table_evaluation.run,
    NewAccountEvaluation: new_accounts.run,
}


def run(config: Config) -> None:
    """Evaluate by the method that the configuration names."""
    _METHODS[type(config.evaluation)](config)
