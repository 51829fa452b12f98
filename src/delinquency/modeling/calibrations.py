"""How raw scores become probabilities: four small records, each fitted on out-of-fold scores.

Raw scores are log-odds. A calibration says whether it keeps the ranking, and by which factor it
stretches log-odds (an explanation in raw scores is then stretched alike); a calibration that
bends them has no such factor.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from delinquency.errors import ModelError
from delinquency.modeling.logistic import fit_logistic
from delinquency.named_choices import Registry

Array = NDArray[np.float64]


class Calibration(Protocol):
    """What every calibration can do.

    Attributes
    ----------
    kind : str
        Name in the options and in saved models.
    keeps_ranks : bool
        Whether two accounts can neither swap places nor become equal.
    log_odds_slope : float or None
        Factor by which it stretches log-odds; None when it bends them.
    """

    @property
    def kind(self) -> str: ...  # noqa: D102

    @property
    def keeps_ranks(self) -> bool: ...  # noqa: D102

    @property
    def log_odds_slope(self) -> float | None: ...  # noqa: D102

    def log_odds(self, raw_score: Array) -> Array:
        """Return calibrated log-odds of raw scores."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values."""
        ...


@dataclass(frozen=True)
class NoCalibration:
    """Raw scores are taken as log-odds as they are."""

    kind: ClassVar[str] = "none"
    keeps_ranks: ClassVar[bool] = True
    log_odds_slope: ClassVar[float | None] = 1.0

    def log_odds(self, raw_score: Array) -> Array:
        """Return the raw scores themselves."""
        return raw_score

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values."""
        return {"kind": self.kind}


@dataclass(frozen=True)
class SigmoidCalibration:
    """A straight line over the log-odds.

    Attributes
    ----------
    intercept : float
    slope : float, > 0

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines.
    """

    intercept: float
    slope: float
    kind: ClassVar[str] = "sigmoid"
    keeps_ranks: ClassVar[bool] = True

    @property
    def log_odds_slope(self) -> float | None:
        """Factor by which log-odds are stretched."""
        return self.slope

    def log_odds(self, raw_score: Array) -> Array:
        """Return ``intercept + slope * raw_score``."""
        return self.intercept + self.slope * raw_score

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class BetaCalibration:
    """A rising curve over the log-odds, which bends low and high risk by different factors.

    Attributes
    ----------
    on_bad, on_good : float, >= 0
        Factors of ``ln p`` and of ``-ln(1 - p)``; equal factors make a sigmoid calibration.
    intercept : float

    References
    ----------
    Kull, Silva Filho and Flach (2017), AISTATS, PMLR 54, 623-631.
    """

    on_bad: float
    on_good: float
    intercept: float
    kind: ClassVar[str] = "beta"
    keeps_ranks: ClassVar[bool] = True
    log_odds_slope: ClassVar[float | None] = None

    def log_odds(self, raw_score: Array) -> Array:
        """Return ``on_bad * ln p - on_good * ln(1 - p) + intercept`` for p = sigmoid(raw)."""
        ln_p, ln_q = -np.logaddexp(0, -raw_score), -np.logaddexp(0, raw_score)
        return np.asarray(self.on_bad * ln_p - self.on_good * ln_q + self.intercept)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class IsotonicCalibration:
    """Rising steps, joined by straight lines: fits anything, makes ties, and costs rank.

    Attributes
    ----------
    raw_scores, values : tuple of float
        Corners of the curve: raw scores, rising, and calibrated log-odds, never falling.

    References
    ----------
    Zadrozny and Elkan (2002), KDD, 694-699.
    """

    raw_scores: tuple[float, ...]
    values: tuple[float, ...]
    kind: ClassVar[str] = "isotonic"
    keeps_ranks: ClassVar[bool] = False
    log_odds_slope: ClassVar[float | None] = None

    def log_odds(self, raw_score: Array) -> Array:
        """Return the height of the curve; flat beyond its ends."""
        return np.asarray(np.interp(raw_score, self.raw_scores, self.values))

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values."""
        return {
            "kind": self.kind,
            "raw_scores": list(self.raw_scores),
            "values": list(self.values),
        }


def _fit_none(raw_score: Array, y: Array, weights: Array | None = None) -> Calibration:
    return NoCalibration()


def _fit_sigmoid(raw_score: Array, y: Array, weights: Array | None = None) -> Calibration:
    intercept, slope = fit_logistic(raw_score[:, None], y, weights=weights)
    if not slope > 0:
        raise ModelError(
            "Sigmoid calibration needs scores that rise with risk. The best line falls: slope "
            f"{slope:.3g} over {len(y):,} out-of-fold scores. The features do not predict the "
            "label; use model.calibration=none and look at the ROC AUC first."
        )
    return SigmoidCalibration(float(intercept), float(slope))


def _fit_beta(raw_score: Array, y: Array, weights: Array | None = None) -> Calibration:
    columns = np.column_stack([-np.logaddexp(0, -raw_score), np.logaddexp(0, raw_score)])
    intercept, on_bad, on_good = fit_logistic(columns, y, weights=weights)
    # A negative factor would turn part of the ranking round: it is held at 0, the rest refitted.
    if on_bad < 0 <= on_good:
        on_bad, (intercept, on_good) = 0.0, fit_logistic(columns[:, 1:], y, weights=weights)
    elif on_good < 0 <= on_bad:
        on_good, (intercept, on_bad) = 0.0, fit_logistic(columns[:, :1], y, weights=weights)
    if on_bad < 0 or on_good < 0 or on_bad + on_good == 0:
        raise ModelError(
            "Beta calibration needs scores that rise with risk; the best curve over "
            f"{len(y):,} out-of-fold scores falls. Use model.calibration=none and look at the "
            "ROC AUC first."
        )
    return BetaCalibration(float(on_bad), float(on_good), float(intercept))


def _fit_isotonic(raw_score: Array, y: Array, weights: Array | None = None) -> Calibration:
    curve = IsotonicRegression(out_of_bounds="clip").fit(raw_score, y, sample_weight=weights)
    # A step of only good (or only bad) accounts would promise certainty: count half an account.
    edge = 0.5 / len(y)
    rates = np.clip(curve.y_thresholds_, edge, 1 - edge)
    heights = np.log(rates) - np.log1p(-rates)
    return IsotonicCalibration(tuple(curve.X_thresholds_.tolist()), tuple(heights.tolist()))


CALIBRATORS: Registry[Any] = Registry("calibration")
"""Functions of (raw scores, labels, rows that each stands for or None) that fit a calibration, by
the name in model.calibration."""
for _name, _fit in (
    ("none", _fit_none),
    ("sigmoid", _fit_sigmoid),
    ("beta", _fit_beta),
    ("isotonic", _fit_isotonic),
):
    CALIBRATORS.add(_name, _fit)


def calibration_from_dict(record: Mapping[str, Any]) -> Calibration:
    """Return the calibration that ``to_dict`` wrote.

    Parameters
    ----------
    record : mapping

    Returns
    -------
    Calibration

    Raises
    ------
    ModelError
        If the record is not one of the four.
    """
    makers: dict[str, Any] = {
        "none": NoCalibration,
        "sigmoid": SigmoidCalibration,
        "beta": BetaCalibration,
        "isotonic": IsotonicCalibration,
    }
    fields = {
        key: tuple(value) if isinstance(value, list) else value for key, value in record.items()
    }
    kind = fields.pop("kind", None)
    if kind not in makers:
        raise ModelError(f"calibration.kind must be one of {', '.join(makers)}. Got {kind!r}.")
    try:
        made: Calibration = makers[kind](**fields)
    except TypeError as error:
        raise ModelError(f"A {kind} calibration was saved with other fields: {error}.") from None
    return made
