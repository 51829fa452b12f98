"""A trained model with all that goes with it: its split, its explainer, its choices."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.atomic_files import write_text
from delinquency.config import Config, as_yaml
from delinquency.errors import MissingArtifactError, ModelError
from delinquency.features.feature_description import FeatureMeaning, from_plain, to_plain
from delinquency.modeling.fitted_model import (
    EXPLAINER_FILE,
    MEANINGS_FILE,
    REASONS_FILE,
    DelinquencyModel,
    load_model,
)
from delinquency.pipeline.feature_parts import KEYS
from delinquency.pipeline.prepared_features import Prepared
from delinquency.shapley import FEATURES, PAIRS, TraitExplainer
from delinquency.workspace.artifacts import (
    digest,
    frame_digest,
    made_from_of,
    read_frame,
    read_json,
    read_made_from,
    write_frame,
    write_json,
)
from delinquency.workspace.folder_locks import locked, shared
from delinquency.workspace.manifests import (
    MANIFEST,
    find_difference,
    read_manifest,
    written_folder,
)

EXPLANATIONS = "explanations.parquet"
CONFIG, FACTS = "config.yaml", "facts.json"
EFFECTS = "effects"
"""Key of the context: how each feature moves the risk over its range, for pictures."""
SPLIT = "split.parquet"
"""Which account was used for what. It names accounts, so no copy that leaves this machine's
folders has it."""


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
        What reasons rest on, as plain values: the reference population and
        the sentences that many are told.
    facts : dict
        MLflow run id, digests, number of rows.
    folder : Path
        Where it lies.
    digest : str
        SHA-256 of all in the saved folder that decides a number; "" before it is saved.
    """

    model: DelinquencyModel
    explainer: TraitExplainer
    meanings: dict[str, FeatureMeaning]
    split: pd.DataFrame
    context: dict[str, Any]
    facts: dict[str, Any]
    folder: Path
    digest: str = ""


def save(trained: Trained, config: Config) -> Trained:
    """Write a trained model as one folder that replaces the old one by one rename.

    The manifest, written last, holds the digest of every file: files of two models never pass for
    one.
    """
    record = {"key": digest(trained.facts["digests"]), "facts": {"made_by": "train"}}
    wait = config.paths.wait_seconds
    with (
        locked([trained.folder], command="stage=train", wait_seconds=wait),
        written_folder(trained.folder, record) as folder,
    ):
        trained.model.save(folder)
        trained.explainer.save(folder / EXPLAINER_FILE, kinds=(FEATURES, PAIRS))
        write_json(to_plain(trained.meanings), folder / MEANINGS_FILE)
        write_frame(trained.split, folder / SPLIT)
        write_json(trained.context, folder / REASONS_FILE)
        write_text(as_yaml(config), folder / CONFIG)
        write_json(trained.facts, folder / FACTS)
    return replace(trained, digest=_require_one_model(trained.folder))


def load(config: Config) -> Trained:
    """Return the model that was trained last on the data set.

    Raises
    ------
    MissingArtifactError
        If none was trained.
    """
    return load_from(config.workspace.models, wait_seconds=config.paths.wait_seconds)


def load_from(folder: Path, *, wait_seconds: float = 60.0) -> Trained:
    """Return the trained model of a folder, every file of it as it was saved.

    Raises
    ------
    MissingArtifactError
        If there is no model.
    ModelError
        If a file is missing, cut off, changed, or of another model, naming it.
    """
    with shared(folder, wait_seconds=wait_seconds):
        facts = read_json(folder / FACTS, made_by="train")
        return Trained(
            model=load_model(folder),
            explainer=TraitExplainer.load(folder / EXPLAINER_FILE),
            meanings=from_plain(read_json(folder / MEANINGS_FILE, made_by="train")),
            split=_split_of(folder),
            facts=facts,
            context=read_json(folder / REASONS_FILE, made_by="train"),
            folder=folder,
            digest=_require_one_model(folder),
        )


def _split_of(folder: Path) -> pd.DataFrame:
    """Return which account was used for what; no row in a copy that was made for others."""
    if (folder / SPLIT).exists():
        return read_frame(folder / SPLIT, made_by="train")
    return pd.DataFrame({name: pd.Series(dtype="str") for name in (*KEYS, "part")})


def _require_one_model(folder: Path) -> str:
    """Return the digest of all that decides a number in a model's folder.

    Raises
    ------
    ModelError
        If a file is not the one that was saved with the others.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise ModelError(
            f"{folder / MANIFEST} is missing: nothing says which files of {folder} belong "
            "together. Train the model again with stage=train."
        )
    if why := find_difference(folder, manifest, may_lack=(SPLIT,)):
        raise ModelError(
            f"{why}. The files of {folder} are not those of one saved model. Train it again with "
            "stage=train."
        )
    # What the run was called and which folders it had change no number.
    deciding = {name: of for name, of in manifest.files.items() if name not in (CONFIG, FACTS)}
    return digest(deciding)


def explanations_of(config: Config, fitted: Trained | None = None) -> pd.DataFrame:
    """Return what stage ``explain`` wrote of the model that is there now.

    Parameters
    ----------
    config : Config
    fitted : Trained, optional
        The model, where it is read already. Where there is none, as on a machine that has the
        explanations only, there is nothing to compare with.

    Raises
    ------
    MissingArtifactError
        If nothing was explained yet, or by another model.
    """
    path = config.workspace.processed / EXPLANATIONS
    if fitted is None and not (config.workspace.models / FACTS).exists():
        return read_frame(path, made_by="explain")
    wanted = (load(config) if fitted is None else fitted).digest
    return read_made_from(path, {"model": wanted}, made_by="explain", what="The explanations")


def explained_model(config: Config) -> str:
    """Return the digest of the model that the explanations were made by; "" where none says."""
    path = config.workspace.processed / EXPLANATIONS
    return made_from_of(path).get("model", "") if path.exists() else ""


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
