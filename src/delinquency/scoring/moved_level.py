"""A dated shift of the level of scores: kept apart from the model, and named in what it moved."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from delinquency.errors import ChoiceError, MissingArtifactError, ModelError
from delinquency.reasons.reference_population import Scale


@dataclass(frozen=True)
class MovedLevel:
    """What is added to the log-odds of every account's PD.

    Attributes
    ----------
    shift : float
        Log-odds of the probability.
    month : str
        The month whose outcomes it was found by, ``2023-12``.
    """

    shift: float
    month: str

    def in_raw_score(self, scale: Scale) -> float:
        """Return the shift in units of the model's raw score, which base value and score move by.

        Raises
        ------
        ModelError
            If the model's calibration is not linear in log-odds: the shift of the probability
            would then be another one for every account, and no base value could say it.
        """
        if not scale.calibrated:
            raise ModelError(
                f"A {scale.calibration} calibration is not linear in log-odds, so that no base "
                "value can say a moved level. Train with model.calibration=none or sigmoid, or "
                "leave score.level out."
            )
        return self.shift / scale.factor

    @property
    def name(self) -> str:
        """What the scores name beside their model."""
        return f"level of {self.month} {self.shift:+.4f}"


def read_level(path: Path, *, model_digest: str) -> MovedLevel:
    """Return the shift that ``stage=validate`` recorded for this very model.

    Parameters
    ----------
    path : Path
        ``level.json``.
    model_digest : str
        Of the model that scores.

    Raises
    ------
    MissingArtifactError
        If there is no such file.
    ChoiceError
        If it is not such a record.
    ModelError
        If it was found for another model.
    """
    if not path.is_file():
        raise MissingArtifactError(
            f"No record of a level: {path} does not exist. stage=validate writes it where the "
            "newest month of the test has enough bads; see score.level."
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        found = MovedLevel(float(record["shift"]), str(record["month"]))
        made_for = str(record["model_digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise ChoiceError(
            f"score.level must name a level.json of stage=validate. {path} is not one: "
            f"{type(error).__name__} {error}."
        ) from error
    if not math.isfinite(found.shift):
        raise ChoiceError(f"The shift of {path} must be a number. Got {found.shift}.")
    if made_for != model_digest:
        raise ModelError(
            f"The level of {path} was found for model {made_for[:12] or 'unknown'}. Got model "
            f"{model_digest[:12]}: validate this model, or score with that one."
        )
    return found
