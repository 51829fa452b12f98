"""A trained model with all that goes with it: its split, its explainer, its choices."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.config import Config, as_yaml
from delinquency.errors import MissingArtifactError
from delinquency.features.feature_description import FeatureMeaning, from_plain, to_plain
from delinquency.modeling.fitted_model import DelinquencyModel, load_model
from delinquency.pipeline.feature_parts import KEYS
from delinquency.pipeline.prepared_features import Prepared
from delinquency.shapley import TraitExplainer
from delinquency.workspace.artifacts import (
    frame_digest,
    read_frame,
    read_json,
    write_frame,
    write_json,
    write_text,
)

EXPLAINER = "explainer.npz"
GROUNDS = "reasons.json"


@dataclass(frozen=True)
class Trained:
    """A trained model and what belongs to it.

    Attributes
    ----------
    model : DelinquencyModel
    explainer : TraitExplainer
        Exact trait values against the training population.
    meanings : dict of str to FeatureMeaning
        What each column of the model matrix is.
    split : DataFrame
        ``account_id``, ``observation_month``, ``part`` (train, calibration, test, purged).
    context : dict
        What reasons rest on, as plain values: reference population and contribution curves.
    facts : dict
        MLflow run id, digests, number of rows.
    folder : Path
        Where it lies.
    """

    model: DelinquencyModel
    explainer: TraitExplainer
    meanings: dict[str, FeatureMeaning]
    split: pd.DataFrame
    context: dict[str, Any]
    facts: dict[str, Any]
    folder: Path


def save(trained: Trained, config: Config) -> None:
    """Write a trained model into its folder; the file that marks it whole is written last."""
    folder = trained.folder
    trained.model.save(folder)
    trained.explainer.save(folder / EXPLAINER)
    write_json(to_plain(trained.meanings), folder / "meanings.json")
    write_frame(trained.split, folder / "split.parquet")
    write_json(trained.context, folder / GROUNDS)
    write_text(as_yaml(config), folder / "config.yaml")
    write_json(trained.facts, folder / "facts.json")


def load(config: Config) -> Trained:
    """Return the model that was trained last on the data set.

    Raises
    ------
    MissingArtifactError
        If none was trained.
    """
    return load_from(config.workspace.models)


def load_from(folder: Path) -> Trained:
    """Return the trained model of a folder; errors as in ``load``."""
    facts = read_json(folder / "facts.json", made_by="train")
    return Trained(
        model=load_model(folder),
        explainer=TraitExplainer.load(folder / EXPLAINER),
        meanings=from_plain(read_json(folder / "meanings.json", made_by="train")),
        split=read_frame(folder / "split.parquet", made_by="train"),
        facts=facts,
        context=read_json(folder / GROUNDS, made_by="train"),
        folder=folder,
    )


def rows_of(trained: Trained, prepared: Prepared, part: str) -> NDArray[np.bool_]:
    """Return which prepared rows belong to a part of the model's split.

    Raises
    ------
    MissingArtifactError
        If the features were made again from other data or choices since the training.
    """
    same = len(trained.split) == len(prepared.keys) and frame_digest(
        trained.split[KEYS]
    ) == frame_digest(prepared.keys)
    if not same or set(trained.model.features) - set(prepared.X.columns):
        raise MissingArtifactError(
            f"The model in {trained.folder} was trained on other rows or features than those "
            "prepared now. Run python -m delinquency stage=train with the same choices again."
        )
    return (trained.split["part"] == part).to_numpy()
