"""What an account is compared with, and on which scale: said once, used by every reason."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ModelError
from delinquency.features.feature_description import FeatureMeaning
from delinquency.log_odds import log_odds, probability
from delinquency.panel.windows import Array
from delinquency.reasons.value_wording import Style, style_of


@dataclass(frozen=True)
class Scale:
    """The scale that contributions are stated on.

    Attributes
    ----------
    calibration : str
        Method of the model's calibration: "none", "sigmoid", "beta", "isotonic".
    factor, offset : float
        Stated log-odds = factor * raw score + offset.
    calibrated : bool
        Whether stated contributions add up to the calibrated probability's log-odds.
    note : str
        What a reader must know about it.
    """

    calibration: str
    factor: float
    offset: float
    calibrated: bool
    note: str

    @property
    def note_zh(self) -> str:
        """The note in Chinese."""
        if self.calibration == "none":
            return "对数几率取自模型，未经再校准。"
        if self.calibrated:
            return f"对数几率已校准：校准将各项贡献乘以{self.factor:.3f}。"
        return "对数几率未校准：校准为非线性，各项贡献之和等于原始得分，而非所示概率。"


def scale_of(calibration: str, *, slope: float = 1.0, intercept: float = 0.0) -> Scale:
    """Return the scale that fits a calibration method.

    Parameters
    ----------
    calibration : str
        "none", "sigmoid", or any other method.
    slope, intercept : float
        Of the sigmoid: calibrated log-odds = slope * raw score + intercept.

    Returns
    -------
    Scale

    Raises
    ------
    ModelError
        If a sigmoid's slope is not above 0: it would turn every reason round.

    Notes
    -----
    A sigmoid is linear in log-odds, so it rescales contributions and they still add up. Beta and
    isotonic calibration are not: there is no exact share of a bend, so that contributions stay
    in raw log-odds and the note says so.
    """
    if calibration == "none":
        return Scale("none", 1.0, 0.0, True, "Log-odds of the model; it is not recalibrated.")
    if calibration == "sigmoid":
        if not slope > 0 or not math.isfinite(slope) or not math.isfinite(intercept):
            raise ModelError(
                f"The slope of a sigmoid calibration must be above 0. Got {slope}. "
                "Calibrate the model again, on accounts that it was not trained on."
            )
        note = f"Calibrated log-odds; the sigmoid rescales contributions by {slope:.3f}."
        return Scale("sigmoid", slope, intercept, True, note)
    note = (
        f"Raw log-odds, before calibration: {calibration} calibration is not linear, so that "
        "contributions add up to the raw score and not to the stated probability."
    )
    return Scale(calibration, 1.0, 0.0, False, note)


@dataclass(frozen=True, eq=False)
class Reference:
    """The good accounts that every account is compared with.

    Attributes
    ----------
    rule : str
        How they were chosen, in words.
    n_accounts : int
    ceiling : float
        Largest probability among them.
    pd_hat : float
        Their typical probability: that of their mean raw score, by the model's calibration.
    traits : tuple of str
    trait_values : ndarray of shape (n_traits,)
        Their mean contributions, raw log-odds.
    facts : tuple of str
        Feature names.
    fact_values : ndarray of shape (n_facts,)
        Their mean feature contributions, raw log-odds.
    medians : ndarray of shape (n_facts,)
        Median of each feature over those of them that have a value, the commonest one of names
        and codes; NaN when none has.
    flags : ndarray of shape (n_facts,), bool
        Whether every known value of the feature, in the whole population, is 0 or 1.
    """

    rule: str
    n_accounts: int
    ceiling: float
    pd_hat: float
    traits: tuple[str, ...]
    trait_values: Array
    facts: tuple[str, ...]
    fact_values: Array
    medians: Array
    flags: Array

    def styles(
        self,
        meanings: Mapping[str, FeatureMeaning],
        *,
        currency: str,
        window_months: int | None = None,
    ) -> list[Style]:
        """Return how each fact's values are written, in the order of the facts."""
        return [
            style_of(
                meanings[name],
                currency=currency,
                is_flag=bool(flag),
                window_months=window_months,
            )
            for name, flag in zip(self.facts, self.flags, strict=True)
        ]

    def to_plain(self) -> dict[str, Any]:
        """Return plain values for JSON; a missing median is null."""
        plain = asdict(self)
        for name in ("trait_values", "fact_values", "medians", "flags"):
            plain[name] = [
                None if isinstance(value, float) and math.isnan(value) else value
                for value in plain[name].tolist()
            ]
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Reference":
        """Return the reference that ``to_plain`` was called on."""
        known = dict(plain)
        for name in ("trait_values", "fact_values", "medians"):
            known[name] = np.array([np.nan if v is None else v for v in known[name]], np.float64)
        known["flags"] = np.array(known["flags"], bool)
        known["traits"], known["facts"] = tuple(known["traits"]), tuple(known["facts"])
        return cls(**known)


@dataclass(frozen=True, eq=False)
class Contributions:
    """What the traits and the facts of some accounts contribute, row by row.

    Attributes
    ----------
    trait_values : ndarray of shape (n_rows, n_traits)
        Exact trait values, raw log-odds.
    fact_values : ndarray of shape (n_rows, n_facts)
        Exact values of the features, raw log-odds; those of a trait add up to the trait.
    features : ndarray of shape (n_rows, n_facts)
        The features themselves; NaN when not known; codes for columns of names.
    """

    trait_values: Array
    fact_values: Array
    features: Array

    def __post_init__(self) -> None:
        n_rows = len(self.trait_values)
        shapes = {self.fact_values.shape, self.features.shape}
        if len(shapes) > 1 or self.features.shape[0] != n_rows:
            raise ModelError(
                "Trait values, fact values and features must have the same rows, and the last "
                f"two the same columns. Got {self.trait_values.shape}, "
                f"{self.fact_values.shape} and {self.features.shape}."
            )

    def __len__(self) -> int:
        return len(self.trait_values)


def stored_reference(learnt: Mapping[str, Any]) -> Reference:
    """Return the reference among what a trained model's reasons keep.

    Raises
    ------
    ModelError
        If it was made when facts were ranked by approximate curves: exact values of an account
        must not be compared with means of others.
    """
    if "curves" in learnt:
        raise ModelError(
            "This model's reasons compare facts with approximate means, as versions before exact "
            "facts did. Train the model again with python -m delinquency stage=train."
        )
    return Reference.from_plain(learnt["reference"])


def in_reference(pd_hat: Array) -> NDArray[np.bool_]:
    """Return which accounts the others are compared with: PD at or below the median.

    Parameters
    ----------
    pd_hat : ndarray of shape (n_rows,), in [0, 1]

    Returns
    -------
    ndarray of shape (n_rows,), bool

    Raises
    ------
    ModelError
        If there is no account.

    Notes
    -----
    The mean of all accounts would be no aim: it holds the accounts in trouble too. The better
    half is a state that half of all customers are in, so that it can be reached.
    """
    if not len(pd_hat):
        raise ModelError("A reference needs at least one account. Got none.")
    return np.asarray(pd_hat <= np.median(pd_hat))


def build_reference(
    trait_values: Array,
    features: Array,
    pd_hat: Array,
    *,
    traits: Sequence[str],
    facts: Sequence[str],
    fact_values: Array,
    typical_pd: float | None = None,
    names: NDArray[np.bool_] | None = None,
) -> Reference:
    """Return the reference of a population: its accounts that ``in_reference`` chooses.

    Parameters
    ----------
    trait_values : ndarray of shape (n_rows, n_traits)
        Exact trait values of the population, usually the training accounts; raw log-odds.
    features : ndarray of shape (n_rows, n_facts)
    pd_hat : ndarray of shape (n_rows,), in [0, 1]
        Calibrated probabilities.
    traits, facts : sequence of str
        Names of the columns of trait and fact values.
    fact_values : ndarray of shape (n_facts,)
        Mean of the features' exact values over the accounts of ``in_reference``.
    typical_pd : float or None
        Probability of the mean raw score of the reference; None for the mean of the log-odds of
        their probabilities, which is the same wherever calibration is linear.
    names : ndarray of shape (n_facts,), bool, or None
        Which facts are names or codes, of which the commonest value stands for the reference.

    Returns
    -------
    Reference

    Raises
    ------
    ModelError
        If there is no account.
    """
    good = in_reference(pd_hat)
    ceiling = float(np.median(pd_hat))
    usual = float(probability(log_odds(pd_hat[good]).mean()))
    typical = usual if typical_pd is None else typical_pd
    known = np.where(np.isfinite(features), features, 0.0)
    return Reference(
        rule="accounts whose probability is at or below the median",
        n_accounts=int(good.sum()),
        ceiling=ceiling,
        pd_hat=float(typical),
        traits=tuple(traits),
        trait_values=trait_values[good].mean(axis=0),
        facts=tuple(facts),
        fact_values=np.asarray(fact_values, np.float64),
        medians=_typical(features[good], names),
        flags=((known == 0) | (known == 1)).all(axis=0) & np.isfinite(features).any(axis=0),
    )


def _medians(values: Array) -> Array:
    """Return the lower median of each column's known values; NaN where none is known."""
    ordered = np.sort(values, axis=0)  # NaN goes last
    n_known = np.isfinite(values).sum(axis=0)
    middle = np.maximum(n_known - 1, 0) // 2
    return np.where(n_known > 0, ordered[middle, np.arange(values.shape[1])], np.nan)


def _typical(values: Array, names: NDArray[np.bool_] | None) -> Array:
    """Return each column's median, or its commonest value where it holds names."""
    out = _medians(values)
    for column in np.flatnonzero(names) if names is not None else ():
        known = values[np.isfinite(values[:, column]), column]
        if len(known):
            codes, counts = np.unique(known, return_counts=True)
            out[column] = codes[counts.argmax()]
    return out
