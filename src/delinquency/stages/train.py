"""Stage ``train``: fit the model, then evaluate and explain it, all in one MLflow run."""

from typing import Any

import numpy as np

from delinquency.config import Config, as_dict, as_yaml
from delinquency.explanation import TraitExplainer
from delinquency.modeling import Spells, fit_model
from delinquency.splits import split_rows
from delinquency.stages import evaluate, explain, trained
from delinquency.stages.data import describe
from delinquency.stages.features import Prepared, prepare
from delinquency.stages.progress import say, working
from delinquency.stages.runs import open_run
from delinquency.store import workspace
from delinquency.tracking import Run, experiment_link
from delinquency.traits import TRAITS


def run(config: Config) -> None:
    """Fit, evaluate and explain the model, and say where everything lies."""
    prepared = prepare(config)
    with open_run(config, prepared, purpose="train") as active:
        fitted = fit(config, prepared, active)
        with working("evaluating on the test part") as tick:
            result = evaluate.holdout(config, fitted, prepared, active, tick)
        with working("explaining every account"):
            explain.explain_rows(config, fitted, prepared, active)
        log_model(config, fitted, prepared, active)
    _report(config, fitted, result, active)


def fit(config: Config, prepared: Prepared, active: Run) -> trained.Trained:
    """Split the rows, fit the model on the training part, and save it with its explainer."""
    split = prepared.keys.assign(
        part=split_rows(
            prepared.keys.join(prepared.labels),
            config.split,
            performance_months=config.data.label.performance_months,
            seed=config.seed,
        )
    )
    train = (split["part"] == "train").to_numpy()
    X = prepared.X.loc[train].reset_index(drop=True)
    labels = prepared.labels.loc[train].reset_index(drop=True)
    with working(f"fitting on {int(train.sum()):,} rows x {X.shape[1]} features") as tick:
        model = fit_model(
            X,
            labels["bad"].to_numpy(np.int64),
            options=config.model,
            traits={name: one.trait_key for name, one in prepared.meanings.items()},
            directions={name: one.direction for name, one in prepared.meanings.items()},
            groups=labels["group_id"].to_numpy(),
            spells=Spells.of(labels),
            seed=config.seed,
            n_threads=config.n_threads,
            progress=tick,
        )
    n_trees = model.metadata["size"]["n_estimators"]
    say(f"learnt from {model.metadata['target']}")
    say(f"{n_trees:,} trees: {model.metadata['trees']}")
    with working("compiling the explainer"):
        explainer = TraitExplainer(
            model.booster,
            model.booster_traits,
            background=model.matrix(X),
            order=tuple(TRAITS),
            n_threads=config.n_threads,
        )
    with working("preparing reasons"):
        grounds = explain.fit_grounds(model, explainer, X, seed=config.seed)
    fitted = trained.Trained(
        model=model,
        explainer=explainer,
        meanings=prepared.meanings,
        split=split,
        grounds=grounds,
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
            "tables": prepared.facts["tables"],
            "protected": config.features.protected,
        },
        folder=workspace(config.paths, config.data.name).models,
    )
    trained.save(fitted, config)
    active.params({**as_dict(config), "fitted": model.metadata["size"]})
    active.text(as_yaml(config), "config.yaml")
    active.file(fitted.folder / "model.txt", "lightgbm")
    _log_datasets(config, prepared, split, active)
    return fitted


def _log_datasets(config: Config, prepared: Prepared, split: Any, active: Run) -> None:
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


def log_model(config: Config, fitted: trained.Trained, prepared: Prepared, active: Run) -> None:
    """Log the model as a pyfunc; the example rows are medians, no account's own."""
    if active.store is None:
        return
    from delinquency.serving.trait_model import log_model as log_pyfunc

    names = list(fitted.model.features)
    example = prepared.X[names].quantile([0.25, 0.75]).reset_index(drop=True)
    with working("logging the model"):
        log_pyfunc(fitted.folder, names, example, config.tracking.registered_model)


def _report(config: Config, fitted: trained.Trained, result: dict[str, Any], active: Run) -> None:
    """Say the result, where it lies, and what to do next, in at most eight lines."""
    auc, brier, ece = (result["metrics"][name] for name in ("roc_auc", "brier", "ece"))
    space = workspace(config.paths, config.data.name)
    say("")
    say(f"{describe(config)}: tested on {result['n']:,} accounts, {result['n_bad']:,} bad")
    say(
        f"AUC {auc['value']:.4f} [{auc['low']:.4f}, {auc['high']:.4f}]   "
        f"Brier {brier['value']:.4f}   ECE {ece['value']:.4f}   ({result['how']})"
    )
    if result["cannot"]:
        say(f"Not shown    {', '.join(result['cannot'])} (why: {space.reports}/evaluation.json)")
    say(f"Model        {fitted.folder}")
    say(f"Explanations {space.processed / 'explanations.parquet'}")
    say(f"Reports      {space.reports}")
    say(
        f"Next         make evaluate ARGS='data={config.data.name}"
        " evaluation=cross_validation', or make ui and open"
    )
    if active.link:
        say(f"             {experiment_link(active)}")
        say(f"             {active.link}")
