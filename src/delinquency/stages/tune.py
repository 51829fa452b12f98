"""Stage ``tune``: search the model's choices within a time budget, and say what it gained."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from delinquency.atomic_files import write_text
from delinquency.config import Config, as_dict, as_yaml
from delinquency.modeling.regularization import derive_size
from delinquency.modeling.splits import TRAIN, repeated_stratified_folds, split_rows
from delinquency.modeling.tuning import (
    ENDED,
    Material,
    Verdict,
    close_cut_off,
    default_trial,
    ended,
    judge_winner,
    search,
)
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.prepared_features import Prepared, prepare
from delinquency.pipeline.training import parameters_of
from delinquency.pipeline.training_runs import open_run
from delinquency.workspace.artifacts import digest, write_json
from delinquency.workspace.mlflow_runs import Run
from delinquency.workspace.progress import say

OTHER_SEED = 1_000_003
"""Added to the seed for the folds of the verdict: no trial saw them."""
DATABASE = "tuning.db"
STUDY, TRIAL = "tune.study", "tune.trial"
"""Tags of a trial's run."""


def run(config: Config) -> None:
    """Search, judge the winner, and write what it came to."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    prepared = prepare(config)
    material = _material(config, prepared)
    choices = config.tune
    space = config.workspace
    space.reports.mkdir(parents=True, exist_ok=True)
    database = space.reports / DATABASE
    name = choices.study or f"{config.data.name}-{_study_key(config, prepared)}"
    study = optuna.create_study(
        study_name=name,
        storage=f"sqlite:///{database}",
        load_if_exists=True,
        direction="minimize",
        sampler=optuna.samplers.TPESampler(seed=config.seed + _tried(database, name)),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
    )
    before, cut_off = ended(study), close_cut_off(study)
    say(f"{describe(config)}: study {name} in {database}")
    if before:
        say(f"going on after {_trials(before)} of an earlier run")
    if cut_off:
        say(f"{_trials(cut_off)} cut off before the end: not counted")
    waiting = any(one.state.name == "WAITING" for one in study.trials)
    if not before and not waiting:
        bads = int(material.labels["bad"].sum())
        size = derive_size(
            config.model, n_rows=len(material.X), n_bads=bads, n_features=material.X.shape[1]
        )
        study.enqueue_trial(default_trial(config.model, as_dict(size), n_rows=len(material.X)))
    folds = _folds(config, material, seed=config.seed)
    started = time.monotonic()
    with open_run(config, prepared, purpose="tune") as active:
        active.params(parameters_of(config))
        active.text(as_yaml(config), "config.yaml")

        log_left_out(active, study)

        def told(trial: Any) -> None:
            gone = (time.monotonic() - started) / 60
            value = "pruned" if trial.state.name == "PRUNED" else f"log loss {trial.value:.5f}"
            best = min(
                (t.value for t in study.trials if t.state.name == "COMPLETE"), default=np.nan
            )
            say(
                f"  trial {trial.number:3d} {value}   best {best:.5f}   "
                f"{gone:.1f} of {choices.minutes:g} min"
            )
            course = {"trial_log_loss": trial.value, "best_log_loss": best}
            active.metrics(
                {name: one for name, one in course.items() if one is not None}, step=trial.number
            )
            log_trial(active, study, trial)

        search(
            study,
            material,
            config.model,
            folds,
            minutes=choices.minutes,
            most_trials=choices.trials,
            told=told,
        )
        finished = [t for t in study.trials if t.state.name == "COMPLETE"]
        if not finished:
            say("No trial was finished in this time. Run the same command again: it goes on.")
            return
        say("comparing the winner with the default on folds that no trial saw ...")
        verdict = judge_winner(
            study, material, config.model, _folds(config, material, seed=config.seed + OTHER_SEED)
        )
        report = _report(config, study, verdict)
        write_json(report, space.reports / "tuning.json")
        active.file(space.reports / "tuning.json")
        active.metrics({"gain_log_loss": verdict.gain.estimate, "trials": verdict.trials})
    _tell(config, verdict)


def log_left_out(active: Run, study: Any) -> None:
    """Keep the ended trials that have no finished run.

    A kill between the end of a trial and the end of its run leaves the study ahead of MLflow.
    """
    kept = active.finished(STUDY, study.study_name, told_by=TRIAL)
    for trial in study.trials:
        if trial.state.name in ENDED and str(trial.number) not in kept:
            log_trial(active, study, trial)


def log_trial(active: Run, study: Any, trial: Any) -> None:
    """Keep a trial that has ended as a nested run."""
    tags = {STUDY: study.study_name, TRIAL: str(trial.number), "state": trial.state.name}
    with active.child(f"trial {trial.number}", tags=tags) as child:
        child.params(dict(trial.params))
        if trial.value is not None:
            child.metrics({"log_loss": trial.value})


def _trials(n: int) -> str:
    """Return a number of trials in words."""
    return f"{n} trial" if n == 1 else f"{n} trials"


def _material(config: Config, prepared: Prepared) -> Material:
    """Return the training part: the test part is not looked at."""
    parts = split_rows(
        prepared.keys.join(prepared.labels),
        config.split,
        performance_months=config.data.label.performance_months,
        seed=config.seed,
    )
    train = parts == TRAIN
    return Material(
        X=prepared.X.loc[train].reset_index(drop=True),
        labels=prepared.labels.loc[train].reset_index(drop=True),
        directions={name: one.direction for name, one in prepared.meanings.items()},
        seed=config.seed,
        n_threads=config.n_threads,
    )


def _folds(config: Config, material: Material, *, seed: int) -> Any:
    """Return folds of whole accounts; outcomes of all months lie before the test's first."""
    return repeated_stratified_folds(
        material.labels, n_splits=config.tune.folds, n_repeats=1, seed=seed
    )


def _study_key(config: Config, prepared: Prepared) -> str:
    """Return what makes two studies comparable: rows, features, folds, other choices."""
    chosen = [prepared.facts["digest"], as_dict(config.model), as_dict(config.split)]
    return digest([*chosen, config.tune.folds, config.seed])[:12]


def _tried(database: Path, name: str) -> int:
    """Return how many trials a study has begun, so that a sampler does not repeat itself."""
    import optuna

    if not database.exists():
        return 0
    summaries = optuna.get_all_study_summaries(f"sqlite:///{database}")
    return next((one.n_trials for one in summaries if one.study_name == name), 0)


def _report(config: Config, study: Any, verdict: Verdict) -> dict[str, object]:
    """Return the report as plain values."""
    finite = {k: v if np.isfinite(v) else None for k, v in verdict.gain.to_dict().items()}
    return {
        "data": config.data.name,
        "accounts": "real" if config.data.real else "synthetic",
        "study": study.study_name,
        "trials": [
            {"number": t.number, "state": t.state.name, "log_loss": t.value, **t.params}
            for t in study.trials
        ],
        "gain_log_loss": {
            **finite,
            "about": "default less winner, on folds that no trial saw; above 0 is better; "
            "corrected resampled t (Nadeau and Bengio 2003)",
        },
        "gained": verdict.gained,
        "changed": verdict.changed,
    }


def _tell(config: Config, verdict: Verdict) -> None:
    """Print the verdict; write the winner as an experiment where it gained."""
    gain = verdict.gain
    figures = f"{gain.estimate:+.5f} [{gain.low:+.5f}, {gain.high:+.5f}]"
    if not verdict.gained:
        say(
            f"No measurable gain: {_trials(verdict.trials)} finished, log loss of the default"
            f" less that of the winner {figures}: not all of it above 0. The default stays."
        )
        say("Next  a longer search of the same study: the same command, a larger tune.minutes")
        return
    name = config.tune.experiment or f"tuned_{config.data.name}"
    path = Path(config.paths.root) / "conf" / "experiment" / f"{name}.yaml"
    head = (
        "# @package _global_\n"
        f'# make train ARGS="data={config.data.name} experiment={name}"\n'
        f"# Tuned on {config.data.name}: log loss {figures} below the default's,\n"
        f"# on folds that no trial saw, {verdict.trials} trials, seed {config.seed}.\n"
    )
    write_text(head + yaml.safe_dump({"model": verdict.changed}, sort_keys=True), path)
    say(f"Gained {figures} in log loss. Written to {path}")
    say(f"Next  make train ARGS='data={config.data.name} experiment={name}'")
