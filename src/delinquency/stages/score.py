"""Stage ``score``: PD, traits and reasons of new accounts with a saved or registered model."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from delinquency.config import Config
from delinquency.errors import ChoiceError, MissingArtifactError, ModelError
from delinquency.pipeline import saved_model, scored_rows
from delinquency.pipeline.canonical_tables import describe, read_source
from delinquency.pipeline.prepared_features import prepare_new
from delinquency.workspace.artifacts import write_csv, write_frame
from delinquency.workspace.progress import say, working

REGISTERED = "models:/"


def run(config: Config) -> None:
    """Score the accounts of a file, or those of the data set itself."""
    space = config.workspace
    fitted = _model(config)
    if config.score.input and not hasattr(config.data, "path"):
        raise ChoiceError(
            f"score.input needs data that are read from one file. data={config.data.name} is not: "
            "describe the new accounts in a conf/data file and name that."
        )
    chosen = config
    if config.score.input:
        path = Path(config.score.input).expanduser().resolve()
        if not path.exists():
            raise MissingArtifactError(f"score.input: there is no file {path}.")
        changes: dict[str, Any] = {"path": str(path)}
        # New accounts are no complete published file, and have no label.
        changes |= {key: False for key in ("complete", "labelled") if hasattr(config.data, key)}
        data = replace(config.data, **changes)
        chosen = replace(config, data=data)
    with working("reading the accounts"):
        source = read_source(chosen)
    with working("scoring"):
        prepared = prepare_new(chosen, source, fitted.meanings)
        scores = scored_rows.scored_rows(chosen, fitted, prepared)
    if prepared.unseen is not None:
        scores["names_not_seen_in_training"] = prepared.unseen.to_numpy()
    _say_counts(source.facts)
    out = Path(config.score.output) if config.score.output else space.processed / "scores.parquet"
    if out.suffix == ".csv":
        _write_csv(scores, out)
    else:
        write_frame(scores, out)
    worst = scores["pd_hat"].quantile(0.95)
    mean = scores["pd_hat"].mean()
    say(f"{describe(config)}: {len(scores):,} accounts scored")
    say(f"Mean PD {mean:.1%}; one account in twenty above {worst:.1%}")
    say(f"Written to {out}")


def _model(config: Config) -> saved_model.Trained:
    """Return the model to score with: the last one trained, a folder's, or a registered one."""
    where = config.score.model
    if not where:
        return saved_model.load(config)
    if where.startswith(REGISTERED):
        from delinquency.workspace.mlflow_runs import download_model, store_of

        space = config.workspace
        store = store_of(config.tracking, space, real=config.data.real)
        folder = Path(tempfile.mkdtemp(prefix="delinquency-model-"))
        return saved_model.load_from(download_model(store, where, folder))
    folder = Path(where).expanduser()
    if not folder.is_dir():
        raise ModelError(f"score.model: expected a folder or models:/<name>@<alias>. Got {where}.")
    return saved_model.load_from(folder)


def _say_counts(facts: Mapping[str, Any]) -> None:
    """Say what was recast, not seen or ignored in the accounts."""
    for what, count in facts.get("counts", {}).items():
        if count:
            say(f"  {what}: {count:,}")
    if ignored := facts.get("ignored_columns"):
        say(f"  ignored, as the model does not know them: {', '.join(ignored)}")


def _write_csv(scores: pd.DataFrame, path: Path) -> None:
    write_csv(scores, path)
