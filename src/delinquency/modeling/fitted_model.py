"""A fitted model: one booster, what its features mean, its calibration, and where it came from."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.atomic_files import write_text
from delinquency.errors import MissingArtifactError, ModelError
from delinquency.log_odds import probability
from delinquency.modeling.calibrations import Calibration, calibration_from_dict

Array = NDArray[np.float64]
FORMAT = 1
_THREADS = re.compile(r"\[num_threads: \d+\]")
BOOSTER_FILE, RECORD_FILE = "model.txt", "model.json"
EXPLAINER_FILE, MEANINGS_FILE, REASONS_FILE = "explainer.npz", "meanings.json", "reasons.json"
"""What lies beside a trained model: its compiled explainer, what its features are, and what the
reasons compare accounts with."""


@dataclass(frozen=True, eq=False)
class DelinquencyModel:
    """A fitted model that scores features by name.

    Attributes
    ----------
    booster : lightgbm.Booster
        Its raw output is log-odds.
    features : tuple of str
        Names of the features, in the booster's order.
    traits : dict of str to str
        Feature -> trait key.
    directions : dict of str to int
        Feature -> +1 (risk rises with it), -1 or 0; whether held in training says ``monotone``
        in ``metadata["options"]``.
    calibration : Calibration
        From raw scores to calibrated log-odds.
    metadata : dict
        Plain values: rows, bads, seed, options, derived size, data digest.
    """

    booster: lgb.Booster
    features: tuple[str, ...]
    traits: dict[str, str]
    directions: dict[str, int]
    calibration: Calibration
    metadata: dict[str, Any] = field(default_factory=dict)

    def raw_score(self, X: pd.DataFrame, *, n_threads: int = 0) -> Array:
        """Return the booster's log-odds.

        Parameters
        ----------
        X : DataFrame
            Has every feature of the model; other columns are ignored: ``ignored_columns`` names
            them.
        n_threads : int
            0 for all.

        Returns
        -------
        ndarray of shape (n_rows,)

        Raises
        ------
        ModelError
            If a feature is missing, not a number, or infinite.
        """
        return np.asarray(
            self.booster.predict(self.matrix(X), raw_score=True, num_threads=n_threads),
            dtype=np.float64,
        )

    def pd_hat(self, X: pd.DataFrame, *, n_threads: int = 0) -> Array:
        """Return the probability of delinquency; parameters and errors as in ``raw_score``."""
        return self.probability(self.raw_score(X, n_threads=n_threads))

    def probability(self, raw_score: Array) -> Array:
        """Return the probability of delinquency of raw scores.

        A ``TraitExplainer`` gives raw scores sooner than the booster, and the same within 1e-9.
        """
        return probability(self.calibration.log_odds(raw_score))

    def matrix(self, X: pd.DataFrame) -> Array:
        """Return the values of the model's features, in the booster's order."""
        missing = [name for name in self.features if name not in X.columns]
        if missing:
            shown = ", ".join(missing[:5]) + (" ..." if len(missing) > 5 else "")
            raise ModelError(
                f"The model needs {len(self.features)} features; {len(missing)} are missing: "
                f"{shown}. Build the features with the options the model was trained with."
            )
        return feature_matrix(X, self.features)

    def ignored_columns(self, X: pd.DataFrame) -> list[str]:
        """Return the columns of ``X`` that the model does not look at."""
        known = set(self.features)
        return [str(name) for name in X.columns if name not in known]

    @property
    def booster_traits(self) -> dict[str, str]:
        """The traits by the names that the booster itself knows its features by."""
        names = self.booster.feature_name()
        pairs = zip(names, self.features, strict=True)
        return {name: self.traits[feature] for name, feature in pairs}

    def with_metadata(self, **entries: Any) -> "DelinquencyModel":
        """Return the model with entries added to its metadata."""
        return replace(self, metadata={**self.metadata, **entries})

    def save(self, folder: Path) -> None:
        """Write ``model.txt`` (LightGBM's own text) and ``model.json`` into a folder.

        Parameters
        ----------
        folder : Path
            Made if it does not exist.

        Notes
        -----
        Each file is written under a temporary name and renamed, the record last; it holds the
        digest of the booster, so a pair of two different models is refused by ``load_model``.
        """
        folder.mkdir(parents=True, exist_ok=True)
        text = self.booster.model_to_string(num_iteration=-1)
        # LightGBM notes how many threads it had; the trees are the same for any.
        text = _THREADS.sub("[num_threads: 0]", text)
        record = {
            "format": FORMAT,
            "lightgbm": lgb.__version__,
            "booster_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "features": list(self.features),
            "traits": self.traits,
            "directions": self.directions,
            "calibration": self.calibration.to_dict(),
            "metadata": self.metadata,
        }
        written = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_text(text, folder / BOOSTER_FILE)
        write_text(written, folder / RECORD_FILE)


def load_model(folder: str | Path) -> DelinquencyModel:
    """Return the model that was saved in a folder, such as ``models/synthetic``.

    Parameters
    ----------
    folder : path

    Returns
    -------
    DelinquencyModel

    Raises
    ------
    MissingArtifactError
        If a file is missing.
    ModelError
        If a file is damaged, of another format, or the two do not belong together.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np, pandas as pd
    >>> from delinquency import DelinquencyClassifier, load_model
    >>> X = pd.DataFrame({"late_days": np.arange(200.0)})
    >>> folder = tempfile.mkdtemp()
    >>> DelinquencyClassifier(n_estimators=20).fit(X, X["late_days"] > 150).save(folder)
    >>> load_model(folder).pd_hat(X).shape
    (200,)
    """
    folder = Path(folder)
    texts = {}
    for name in (BOOSTER_FILE, RECORD_FILE):
        try:
            texts[name] = (folder / name).read_bytes().decode()
        except FileNotFoundError:
            raise MissingArtifactError(
                f"No saved model: {folder / name} does not exist. Make it with stage=train."
            ) from None
    try:
        record = json.loads(texts[RECORD_FILE])
        if record["format"] != FORMAT:
            raise ModelError(
                f"{folder / RECORD_FILE} has format {record['format']}; this version reads "
                f"{FORMAT}. Train the model again with stage=train."
            )
        digest = hashlib.sha256(texts[BOOSTER_FILE].encode()).hexdigest()
        if digest != record["booster_sha256"]:
            raise ModelError(
                f"{folder / BOOSTER_FILE} is not the booster that {RECORD_FILE} was saved with: "
                "it was changed or half replaced. Train the model again with stage=train."
            )
        return DelinquencyModel(
            booster=lgb.Booster(model_str=texts[BOOSTER_FILE]),
            features=tuple(record["features"]),
            traits=record["traits"],
            directions=record["directions"],
            calibration=calibration_from_dict(record["calibration"]),
            metadata=record["metadata"],
        )
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ModelError(
            f"{folder / RECORD_FILE} is damaged ({error!r}). Train the model again with "
            "stage=train."
        ) from None


def feature_matrix(X: pd.DataFrame, names: Iterable[str]) -> Array:
    """Return columns as one float array; text and infinite values are refused by name.

    Raises
    ------
    ModelError
    """
    wanted = list(names)
    wrong = [name for name in wanted if not pd.api.types.is_numeric_dtype(X[name].dtype)]
    if wrong:
        raise ModelError(
            f"Features must be numbers. {wrong[0]} has type {X[wrong[0]].dtype}"
            + (f", and {len(wrong) - 1} more are of such types." if wrong[1:] else ".")
        )
    values = X[wanted].to_numpy(np.float64, na_value=np.nan)
    infinite = np.isinf(values).any(axis=0)
    if infinite.any():
        raise ModelError(
            "Features must be finite or missing. Infinite values in "
            f"{wanted[int(np.argmax(infinite))]} and {int(infinite.sum()) - 1} others."
        )
    return np.asarray(values, dtype=np.float64)


def booster_names(features: Iterable[str]) -> list[str]:
    """Return names that LightGBM accepts: letters, digits and a few marks, each once.

    LightGBM refuses the marks of JSON and writes spaces as underscores, which may make two
    names one.
    """
    taken: set[str] = set()
    names = []
    for feature in features:
        plain = name = re.sub(r"[^\w.%+-]", "_", feature)
        n = 2
        while name in taken:
            name, n = f"{plain}_{n}", n + 1
        taken.add(name)
        names.append(name)
    return names
