"""``evaluation=new_accounts``: the model on accounts it never saw, beside the same ones known."""

from typing import Any

import numpy as np

from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.metrics import Resampling, bootstrap_differences, bootstrap_intervals
from delinquency.modeling.comparison import model_recipe
from delinquency.modeling.evaluation_options import NewAccountEvaluation
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.recipes import Chosen
from delinquency.modeling.splits import TEST, TRAIN, how_apart, repeated_stratified_folds
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.preflight import check_choices
from delinquency.pipeline.prepared_features import Prepared, prepare, say_limits
from delinquency.pipeline.training_runs import open_run
from delinquency.validation.seen_and_unseen_accounts import SeenAndUnseen, score_seen_and_unseen
from delinquency.workspace.artifacts import write_json
from delinquency.workspace.progress import say, working

VIEWS = {"new": "accounts never seen", "known": "the same, seen earlier"}


def run(config: Config) -> None:
    """Refit the trained model without a share of the accounts at a time, and compare."""
    chosen = config.evaluation
    if not isinstance(chosen, NewAccountEvaluation):
        raise TypeError(f"Expected an evaluation of new accounts. Got {type(chosen).__name__}.")
    check_choices(config)
    prepared = prepare(config)
    fitted = saved_model.load(config)
    train, test = (saved_model.rows_of(fitted, prepared, part) for part in (TRAIN, TEST))
    group = prepared.labels["group_id"]
    known = group[test].isin(group[train].unique()).to_numpy()
    if not known.any():
        raise ChoiceError(
            "evaluation=new_accounts needs a test on accounts that are also in the training, at "
            f"earlier months. The model in {fitted.folder} was tested on other accounts already, "
            "so evaluation=holdout tells the same. For both, train with split=time."
        )
    recipe = model_recipe(
        LightGBMOptions(**fitted.model.metadata["options"]),
        directions=fitted.model.directions,
        labels=prepared.labels,
        categories=prepared.categories,
        chosen=Chosen.of(fitted.model.metadata),
    )
    folds = repeated_stratified_folds(
        prepared.labels, n_splits=chosen.n_splits, n_repeats=1, seed=config.seed
    )
    with open_run(config, prepared, purpose="new accounts") as active:
        with working(f"refitting without a share of the accounts, {len(folds)} times") as tick:
            views = score_seen_and_unseen(
                prepared.X[list(fitted.model.features)],
                prepared.labels["bad"].to_numpy(np.float64),
                folds,
                train=train,
                test=test,
                recipe=recipe,
                seed=config.seed,
                n_workers=config.n_threads,
                progress=tick,
            )
        result = _report(config, prepared, (train, test, known), views, chosen)
        active.metrics({f"new_{n}": one["mean"] for n, one in result["new"].items()})
    path = config.workspace.reports / "new_accounts.json"
    write_json(result, path)
    _say(config, result)
    say_limits(prepared)
    say(f"Written to {path}")


def _report(
    config: Config,
    prepared: Prepared,
    rows: tuple[Any, Any, Any],
    views: SeenAndUnseen,
    chosen: NewAccountEvaluation,
) -> dict[str, Any]:
    """Return the report as plain values; ``rows`` are training, test, and known of the test."""
    train, test, known = rows
    bad = prepared.labels.loc[test, "bad"].to_numpy(np.float64)
    how = {
        "groups": prepared.labels.loc[test, "group_id"].to_numpy(),
        "names": chosen.metrics,
        "resampling": Resampling(chosen.n_boot, config.seed, chosen.level),
    }
    measured = {
        "new": bootstrap_intervals(bad, views.new, **how),
        "known": bootstrap_intervals(bad, views.known, **how),
        "difference": bootstrap_differences(bad, (views.known, views.new), **how),
    }
    return {
        "data": config.data.name,
        "accounts": "real" if config.data.real else "synthetic",
        "how": how_apart(prepared.keys.join(prepared.labels), train=train, test=test),
        "interval": f"{chosen.level:.0%}, bootstrap of whole accounts, the same "
        "replicates for both sides of the difference",
        "n": len(bad),
        "n_bad": int(bad.sum()),
        "n_never_in_training": int((~known).sum()),
        **{
            view: {name: one.to_dict() for name, one in figures.items()}
            for view, figures in measured.items()
        },
    }


def _say(config: Config, result: dict[str, Any]) -> None:
    """Print both views of every metric and the difference, and what follows."""
    say(f"{describe(config)}: {result['how']}, {result['n']:,} accounts, {result['n_bad']:,} bad")
    say(f"  {'':14s} {VIEWS['new']:>27s} {VIEWS['known']:>27s}   what knowing them adds")
    for name in config.evaluation.metrics:
        new, known, gap = (result[view][name] for view in ("new", "known", "difference"))
        line = f"  {name:14s}"
        for one in (new, known):
            line += f"    {one['mean']:.4f} [{one['low']:.4f}, {one['high']:.4f}]"
        say(line + f"   {gap['mean']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]")
    if result["n_never_in_training"]:
        say(
            f"{result['n_never_in_training']:,} of the accounts have no month in the training: "
            "they are new in both columns."
        )
    gap = result["difference"].get("roc_auc")
    if gap and gap["low"] > 0:
        say("Part of the ranking is memory: for new accounts expect the first column.")
    elif gap:
        say("No sign that the model remembers single accounts: the columns agree within noise.")
