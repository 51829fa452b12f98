"""Stage ``train``: fit the model, then evaluate and explain it, all in one MLflow run."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from delinquency.config import Config, as_dict, as_yaml
from delinquency.modeling.delinquency_classifier import DelinquencyClassifier
from delinquency.modeling.roll_rate_target import Spells
from delinquency.modeling.splits import TRAIN, split_rows
from delinquency.pipeline import saved_model
from delinquency.pipeline.monitoring_reference import REFERENCE, monitoring_reference
from delinquency.pipeline.preflight import check_parts, refuse_leaks
from delinquency.pipeline.prepared_features import Prepared
from delinquency.pipeline.registered_models import register_challenger, registered_name
from delinquency.pipeline.training_rows import training_rows
from delinquency.reasons.reason_explainer import ReasonExplainer
from delinquency.workspace.mlflow_runs import Run
from delinquency.workspace.model_registry import CHALLENGER
from delinquency.workspace.progress import say, working

PARAMETERS = ("data", "sample", "features", "model", "split", "seed")
"""Choices that become a run's parameters; the policy and all others are in its config.yaml."""
LEFT_OUT = ("title", "citation")
"""Texts of the data that the run's note says; so are mappings of columns, but for the label."""


def fit(config: Config, prepared: Prepared, active: Run) -> saved_model.Trained:
    """Split the rows, fit the model on the training part, and save it with its explainer."""
    split = prepared.keys.assign(
        part=split_rows(
            prepared.keys.join(prepared.labels),
            config.split,
            performance_months=config.data.label.performance_months,
            seed=config.seed,
        )
    )
    train = (split["part"] == TRAIN).to_numpy()
    bad = prepared.labels["bad"].to_numpy(np.int64)
    check_parts(bad, split["part"].to_numpy(str), prepared.keys["observation_month"])
    # What the model is explained against and watched by: rows that need no weights.
    X = prepared.X.loc[train].reset_index(drop=True)
    rows = training_rows(config, prepared, train, X)
    labels = rows.labels
    refuse_leaks(X, bad[train])
    with working(f"fitting on {len(rows.X):,} rows x {X.shape[1]} features") as tick:
        classifier = DelinquencyClassifier.of_options(
            config.model,
            traits={name: one.trait_key for name, one in prepared.meanings.items()},
            directions={name: one.direction for name, one in prepared.meanings.items()},
            random_state=config.seed,
            n_jobs=config.n_threads,
        ).fit(
            rows.X,
            labels["bad"].to_numpy(np.int64),
            groups=labels["group_id"].to_numpy(),
            spells=Spells.of(labels),
            stand_for=rows.stand_for,
            categories=prepared.categories,
            progress=tick,
        )
    model = classifier.model_
    if rows.stand_for is not None:
        model = model.with_metadata(sample=rows.told)
        say(f"sample: {rows.told}")
    n_trees = model.metadata["size"]["n_estimators"]
    say(f"learnt from {model.metadata['target']}")
    say(f"{n_trees:,} trees: {model.metadata['trees']}")
    _say_shape(model.metadata)
    with working("compiling the explainer and preparing reasons"):
        reasons = ReasonExplainer(
            model,
            prepared.meanings,
            options=config.reasons,
            currency=config.data.currency,
            window_months=config.data.window_months,
            tables=prepared.facts["tables"],
            n_threads=config.n_threads,
        ).fit(X)
    with working("profiling the reference of the monitoring"):
        monitored = monitoring_reference(config, model, reasons.explainer, X)
    fitted = saved_model.Trained(
        model=model,
        explainer=reasons.explainer,
        meanings=prepared.meanings,
        split=split,
        context={
            **reasons.to_plain(),
            saved_model.EFFECTS: reasons.mean_effects(X),
            REFERENCE: monitored.to_plain(),
        },
        facts={
            "data": config.data.name,
            "real": config.data.real,
            "run_id": active.run_id,
            "seed": config.seed,
            "rows": {part: int(n) for part, n in split["part"].value_counts().items()},
            "digests": {
                "source": prepared.facts["source"]["digest"],
                "features": prepared.facts["digest"],
            },
            "sample": prepared.facts["sample"],
            "tables": prepared.facts["tables"],
            "population": prepared.facts.get("population"),
            "protected": config.features.protected,
        },
        folder=config.workspace.models,
    )
    fitted = saved_model.save(fitted, config)
    active.params({**parameters_of(config), "fitted": model.metadata["size"]})
    active.text(as_yaml(config), "config.yaml")
    active.file(fitted.folder / "model.txt", "lightgbm")
    log_datasets(config, prepared, split, active)
    return fitted


def parameters_of(config: Config) -> dict[str, Any]:
    """Return the choices that are parameters of a run: those of the model and of its data."""
    chosen = {key: value for key, value in as_dict(config).items() if key in PARAMETERS}
    chosen["data"] = {
        key: value
        for key, value in chosen["data"].items()
        if key not in LEFT_OUT and (key == "label" or not isinstance(value, Mapping))
    }
    return chosen


def _say_shape(found: Mapping[str, Any]) -> None:
    """Say which shape of trees was taken, and which directions the data contradict."""
    if found["shape"] != "as given":
        say(f"shape: {found['shape']}, which predicts accounts held out better (model.shape)")
    for name, z in found.get("contradicted", {}).items():
        say(
            f"  the data contradict the direction of {name} ({z:.1f} standard errors): look at "
            "its bad rate by bin (make inspect); direction: 0 releases it"
        )


def log_datasets(config: Config, prepared: Prepared, split: Any, active: Run) -> None:
    """Log by digest which rows were used for what; keys that name accounts stay out."""
    contexts = {"train": "training", "calibration": "validation", "test": "testing"}
    for part, context in contexts.items():
        rows = (split["part"] == part).to_numpy()
        if rows.any():
            frame = prepared.X.loc[rows].assign(bad=prepared.labels.loc[rows, "bad"].to_numpy())
            source = f"{config.data.citation or config.data.title or config.data.name}"
            active.dataset(
                frame, name=f"{config.data.name} {part}", source=source, context=context
            )


def log_model(
    config: Config, fitted: saved_model.Trained, prepared: Prepared, active: Run
) -> None:
    """Log the model as a pyfunc, and register it as challenger.

    The example rows are quartiles, no account's own; the list of accounts stays here.
    """
    if active.store is None:
        return
    from delinquency.workspace.served_model import log_model as log_pyfunc

    names = list(fitted.model.features)
    example = prepared.X[names].quantile([0.25, 0.75]).reset_index(drop=True)
    with working("logging the model"), TemporaryDirectory() as place:
        copy = Path(place) / fitted.folder.name
        shutil.copytree(
            fitted.folder, copy, ignore=shutil.ignore_patterns(saved_model.SPLIT, ".*")
        )
        log_pyfunc(copy, names, example)
        version = register_challenger(config, fitted)
    say(f"registered as {registered_name(config)}, version {version}, alias {CHALLENGER}")
