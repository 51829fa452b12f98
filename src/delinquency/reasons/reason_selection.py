"""From trait values to reasons: which traits, which facts, in which order, and when none.

The rules, in one place:

1. A trait's *excess* is its value less its mean in the reference population, on the stated
   scale. Only a trait with an excess of at least ``minimum_log_odds`` can be a reason.
2. Protected attributes, disputed facts, traits without evidence, and willingness on weak
   evidence are withheld. What they would have said is counted in ``withheld``, never worded.
3. Inside a trait the fact with the largest contribution above its reference is stated, among
   those whose value is known, differs from the reference as displayed and, where the feature's
   direction is known, lies on its adverse side. A trait without such a fact is no reason: a
   bare headline would not be specific.
4. Reasons are ordered by excess in steps of ``tie_log_odds``; within a step what the customer can
   change goes first. At most ``max_reasons`` are kept.
5. A *dominant* trait has the largest excess of all six, at least ``dominant_log_odds`` and at
   least ``dominant_share`` of all positive excess, and is among the reasons. Otherwise there is
   no dominant trait: not every account has one, and to name one would be wrong.

Everything is done for all accounts at once; ``ranking`` holds rules 3 to 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import ModelError
from delinquency.panel.schema import protected_columns
from delinquency.panel.windows import Array
from delinquency.reasons.reason_options import ReasonOptions
from delinquency.reasons.reason_ranking import dominant_trait, strongest_facts, tells, trait_order
from delinquency.reasons.reference_population import Contributions, Reference, Scale
from delinquency.reasons.wording import (
    Audience,
    Fact,
    Language,
    Meaning,
    Style,
    displayed,
    reason_text,
)
from delinquency.traits import EVIDENCE_LEVELS, REPAYMENT_WILLINGNESS

NO_DOMINANT = "none"
"""Stated as dominant trait where there is none."""
_WEAK = EVIDENCE_LEVELS.index("weak")


@dataclass(frozen=True)
class ReasonContext:
    """Everything that the reasons of a portfolio rest on, beside the accounts themselves.

    Attributes
    ----------
    meanings : mapping of str to Meaning
        By feature name; every fact of the reference is among them.
    reference : Reference
    scale : Scale
    options : ReasonOptions
    currency : str
        ISO 4217 code; "" when not known.
    """

    meanings: Mapping[str, Meaning]
    reference: Reference
    scale: Scale
    options: ReasonOptions
    currency: str = ""

    def __post_init__(self) -> None:
        lacking = [name for name in self.reference.facts if name not in self.meanings]
        unknown = [
            name for name in self.reference.facts
            if name in self.meanings
            and self.meanings[name].trait.key not in self.reference.traits
        ]  # fmt: skip
        if lacking or unknown:
            raise ModelError(
                "Every fact needs a meaning and a trait among the explained ones. "
                f"Without meaning: {lacking[:3]}; without trait: {unknown[:3]}."
            )

    @property
    def fact_traits(self) -> NDArray[np.intp]:
        """Position of each fact's trait, shape (n_facts,)."""
        order = {key: position for position, key in enumerate(self.reference.traits)}
        return np.array(
            [order[self.meanings[name].trait.key] for name in self.reference.facts], np.intp
        )

    @property
    def styles(self) -> list[Style]:
        """How each fact's values are written."""
        return self.reference.styles(self.meanings, currency=self.currency)


@dataclass(frozen=True, eq=False)
class Reasons:
    """The reasons of some accounts, as arrays of shape (n_rows, max_reasons), strongest first.

    Attributes
    ----------
    context : ReasonContext
    trait : ndarray of int
        Position of the trait; -1 where there is no further reason.
    fact : ndarray of int
        Position of the fact; -1 likewise.
    excess : ndarray of float
        Log-odds above the reference on the stated scale; NaN likewise.
    value, reference : ndarray of float
        The account's value and the reference value, as displayed.
    evidence : ndarray of int
        Position in ``EVIDENCE_LEVELS``; -1 likewise.
    dominant : ndarray of shape (n_rows,), int
        Position of the dominant trait; -1 when there is none.
    trait_excess : ndarray of shape (n_rows, n_traits)
        Excess of every trait, stated or not, on the stated scale.
    withheld : ndarray of shape (n_rows,)
        Positive excess of the traits that may not be stated.
    """

    context: ReasonContext
    trait: NDArray[np.int8]
    fact: NDArray[np.int32]
    excess: Array
    value: Array
    reference: Array
    evidence: NDArray[np.int8]
    dominant: NDArray[np.int8]
    trait_excess: Array
    withheld: Array

    def __len__(self) -> int:
        return len(self.trait)

    def fact_of(self, row: int, rank: int, month: np.datetime64) -> Fact | None:
        """Return one reason's fact, ready to be worded; None when there is no such reason."""
        position = int(self.fact[row, rank])
        if position < 0:
            return None
        return Fact(
            meaning=self.context.meanings[self.context.reference.facts[position]],
            style=self.context.styles[position],
            value=float(self.value[row, rank]),
            reference=float(self.reference[row, rank]),
            month=month,
            evidence=EVIDENCE_LEVELS[int(self.evidence[row, rank])],
        )

    def dominant_traits(self) -> list[str]:
        """Return the dominant trait's key of each row, or ``NO_DOMINANT``."""
        names = (*self.context.reference.traits, NO_DOMINANT)
        return [names[position] for position in self.dominant]

    def texts(
        self, months: NDArray[np.datetime64], *, language: Language, audience: Audience = "manager"
    ) -> NDArray[np.object_]:
        """Return the reasons in words, shape (n_rows, max_reasons); "" where there is none.

        Parameters
        ----------
        months : ndarray of shape (n_rows,), datetime64
            Observation months.
        language : {"en", "zh"}
        audience : {"manager", "customer"}

        Notes
        -----
        Each distinct combination of fact, value, evidence and month is worded once.
        """
        out = np.full(self.fact.shape, "", dtype=object)
        given = self.fact >= 0
        if not given.any():
            return out
        month = np.broadcast_to(np.asarray(months, "datetime64[M]")[:, None], self.fact.shape)
        key = pd.DataFrame(
            {
                "fact": self.fact[given], "evidence": self.evidence[given],
                "value": self.value[given], "month": month[given].astype(np.int64),
            }
        )  # fmt: skip
        codes, first = _codes(key)
        rows, ranks = np.nonzero(given)
        styles, meanings = self.context.styles, self.context.meanings
        worded = np.empty(len(first), dtype=object)
        for position, where in enumerate(first):
            row, rank = rows[where], ranks[where]
            fact = int(self.fact[row, rank])
            worded[position] = reason_text(
                Fact(
                    meanings[self.context.reference.facts[fact]],
                    styles[fact],
                    float(self.value[row, rank]),
                    float(self.reference[row, rank]),
                    month[row, rank],
                    EVIDENCE_LEVELS[self.evidence[row, rank]],
                ),
                language=language,
                audience=audience,
            )
        out[given] = worded[codes]
        return out

    def frame(self, months: NDArray[np.datetime64]) -> pd.DataFrame:
        """Return the columns of ``explanations.parquet`` that hold reasons, one row an account.

        Parameters
        ----------
        months : ndarray of shape (n_rows,), datetime64
            Observation months.

        Returns
        -------
        DataFrame
            For each rank k: ``reason_k`` and ``reason_zh_k`` (text, "" when there is none),
            ``reason_code_k`` ("trait/feature"), ``reason_log_odds_k``, ``reason_value_k`` and
            ``reason_reference_k``; then ``dominant_trait`` and ``withheld_log_odds``.
        """
        reference = self.context.reference
        codes = np.array(
            [f"{self.context.meanings[name].trait.key}/{name}" for name in reference.facts] + [""],
            dtype=object,
        )[self.fact]
        english = self.texts(months, language="en")
        chinese = self.texts(months, language="zh")
        columns: dict[str, object] = {}
        for name, array in (("reason", english), ("reason_zh", chinese), ("reason_code", codes)):
            for rank in range(self.fact.shape[1]):
                columns[f"{name}_{rank + 1}"] = pd.array(array[:, rank], dtype="str")
        for name, numbers in (
            ("log_odds", self.excess), ("value", self.value), ("reference", self.reference)
        ):  # fmt: skip
            for rank in range(self.fact.shape[1]):
                columns[f"reason_{name}_{rank + 1}"] = numbers[:, rank]
        columns["dominant_trait"] = pd.array(self.dominant_traits(), dtype="str")
        columns["withheld_log_odds"] = self.withheld
        return pd.DataFrame(columns)


def evidence_codes(levels: Sequence[Sequence[str]] | NDArray[np.object_]) -> NDArray[np.int8]:
    """Return evidence levels as positions in ``EVIDENCE_LEVELS``, same shape.

    Raises
    ------
    ModelError
        If a level is none of them.
    """
    array = np.asarray(levels, dtype=object)
    codes = np.full(array.shape, -1, np.int8)
    for position, level in enumerate(EVIDENCE_LEVELS):
        codes[array == level] = position
    if (codes < 0).any():
        raise ModelError(
            f"Evidence must be one of {', '.join(EVIDENCE_LEVELS)}. "
            f"Got {array[codes < 0].tolist()[0]!r}."
        )
    return codes


def select_reasons(
    accounts: Contributions,
    evidence: NDArray[np.int8],
    context: ReasonContext,
    *,
    disputed: NDArray[np.bool_] | None = None,
) -> Reasons:
    """Return the reasons of all accounts by the rules of this module.

    Parameters
    ----------
    accounts : Contributions
        Columns in the order of the reference's traits and facts.
    evidence : ndarray of shape (n_rows, n_traits), int
        Positions in ``EVIDENCE_LEVELS``.
    context : ReasonContext
    disputed : ndarray of shape (n_rows, n_facts), bool, or None
        Facts that the customer disputes.

    Returns
    -------
    Reasons

    Raises
    ------
    ModelError
        If shapes do not fit the reference.
    """
    reference, options = context.reference, context.options
    _require_shapes(accounts, evidence, reference)
    excess = (accounts.trait_values - reference.trait_values) * context.scale.factor
    willingness = np.array([key == REPAYMENT_WILLINGNESS.key for key in reference.traits])
    barred = (evidence == 0) | (willingness & (evidence <= _WEAK))
    actionable = np.array(
        [context.meanings[name].actionable for name in reference.facts] + [False]
    )
    gain = (accounts.fact_values - reference.fact_values) * context.scale.factor
    fact = strongest_facts(
        gain,
        _statable(accounts, gain, context, disputed),
        traits=context.fact_traits,
        actionable=actionable[:-1],
        n_traits=len(reference.traits),
        tie_log_odds=options.tie_log_odds,
    )
    may_state = (excess >= options.minimum_log_odds) & ~barred & (fact >= 0)
    trait = trait_order(excess, may_state, actionable[fact], options)
    given = trait >= 0
    rows = np.arange(len(accounts))[:, None]
    chosen = np.where(given, fact[rows, trait], -1)
    return Reasons(
        context=context,
        trait=trait,
        fact=chosen.astype(np.int32),
        excess=np.where(given, excess[rows, trait], np.nan),
        value=_displayed_of(accounts.features, chosen, context.styles),
        reference=_displayed_of(
            np.broadcast_to(reference.medians, accounts.features.shape),
            chosen,
            context.styles,
        ),
        evidence=np.where(given, evidence[rows, trait], -1).astype(np.int8),
        dominant=dominant_trait(excess, may_state, options),
        trait_excess=excess,
        withheld=np.where(barred, np.maximum(excess, 0.0), 0.0).sum(axis=1),
    )


def _statable(
    accounts: Contributions,
    gain: Array,
    context: ReasonContext,
    disputed: NDArray[np.bool_] | None,
) -> NDArray[np.bool_]:
    """Return which facts may be stated by rules 2 and 3, shape (n_rows, n_facts)."""
    reference, styles = context.reference, context.styles
    may = (gain > 0) & ~_protected(context)
    if disputed is not None:
        may &= ~disputed
    for position in np.flatnonzero(may.any(axis=0)):
        meaning = context.meanings[reference.facts[position]]
        may[:, position] &= tells(accounts.features[:, position], reference.medians[position],
                                  meaning, styles[position])  # fmt: skip
    return may


def _protected(context: ReasonContext) -> NDArray[np.bool_]:
    """Return which facts are or rest on protected attributes."""
    never = set(protected_columns())
    return np.array(
        [
            not never.isdisjoint((name, *context.meanings[name].needs))
            for name in context.reference.facts
        ],
        bool,
    )


def _displayed_of(values: Array, chosen: NDArray[np.intp], styles: Sequence[Style]) -> Array:
    """Return the displayed values of the chosen facts; NaN where none is chosen."""
    out = np.full(chosen.shape, np.nan)
    for position in np.unique(chosen[chosen >= 0]):
        where = chosen == position
        rows = np.nonzero(where)[0]
        out[where] = displayed(values[rows, position], styles[position])
    return out


def _codes(key: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each row the number of its distinct combination, and where each first stands."""
    codes = key.groupby(list(key.columns), dropna=False, sort=False).ngroup().to_numpy()
    _, first = np.unique(codes, return_index=True)
    return codes, first


def _require_shapes(
    accounts: Contributions, evidence: NDArray[np.int8], reference: Reference
) -> None:
    expected = (len(accounts), len(reference.traits)), (len(accounts), len(reference.facts))
    if (accounts.trait_values.shape, accounts.features.shape) != expected:
        raise ModelError(
            f"Expected trait values and features of shapes {expected[0]} and {expected[1]}, as "
            f"in the reference. Got {accounts.trait_values.shape}, {accounts.features.shape}."
        )
    if evidence.shape != expected[0]:
        raise ModelError(f"Expected evidence of shape {expected[0]}. Got {evidence.shape}.")
