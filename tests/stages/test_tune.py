"""What tuning keeps of its trials in the run database."""

import mlflow
import optuna
import pytest

from delinquency.stages.tune import STUDY, TRIAL, log_left_out, log_trial
from delinquency.workspace.mlflow_runs import tracked
from delinquency.workspace.run_stores import Store

pytestmark = pytest.mark.slow


def test_a_trial_whose_run_was_killed_is_kept_once_by_the_next_run(tmp_path):
    study = optuna.create_study(study_name="it's one")
    for value in (0.3, 0.2):
        trial = study.ask()
        trial.suggest_float("subsample", 0.4, 1.0)
        study.tell(trial, value)
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
    store = Store(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path.as_uri(), "own", 5000)
    with tracked(store, name="first", note="", tags={}) as first:
        log_trial(first, study, study.trials[0])
    client = mlflow.MlflowClient()
    # SIGKILL while the second trial's run was written to: it stays open, without its figure.
    tags = {STUDY: "it's one", TRIAL: "1", "mlflow.parentRunId": first.run_id}
    client.create_run(first.experiment_id, tags=tags)
    for name in ("second", "third"):
        with tracked(store, name=name, note="", tags={}) as again:
            log_left_out(again, study)
    runs = client.search_runs([first.experiment_id], "attributes.status = 'FINISHED'")
    kept = [one.data for one in runs if TRIAL in one.data.tags]
    assert sorted((one.tags[TRIAL], one.metrics["log_loss"]) for one in kept) == [
        ("0", 0.3), ("1", 0.2),
    ]  # fmt: skip
