"""What the reasons of a portfolio rest on, beside the accounts themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ModelError
from delinquency.features.feature_description import FeatureMeaning
from delinquency.panel.schema import protected_columns
from delinquency.reasons.fact_rules import FactRules, fact_rules
from delinquency.reasons.reason_options import ReasonOptions
from delinquency.reasons.reference_population import Reference, Scale
from delinquency.reasons.sentences.every_family import family_of
from delinquency.reasons.value_wording import Style
from delinquency.traits import REPAYMENT_WILLINGNESS


class FactPlaces(NamedTuple):
    """What each fact belongs to, for compiled code.

    Attributes
    ----------
    trait : ndarray of shape (n_facts,), int
        Position of the fact's trait.
    actionable : ndarray of shape (n_facts,), bool
        Whether the customer can change it.
    family : ndarray of shape (n_facts,), int
    told_to_many : ndarray of shape (n_facts, 2), bool
        Whether many are told its sentence: low side, high side.
    marks : ndarray of shape (n_marks, 2), int
        Marks, and the columns they belong to.
    willingness : ndarray of shape (n_traits,), bool
        Which trait needs more than weak evidence.
    """

    trait: NDArray[np.intp]
    actionable: NDArray[np.bool_]
    family: NDArray[np.intp]
    told_to_many: NDArray[np.bool_]
    marks: NDArray[np.int64]
    willingness: NDArray[np.bool_]


class ReasonLimits(NamedTuple):
    """The numbers of ``ReasonOptions`` that decide of one account, for compiled code."""

    minimum_log_odds: float
    tie_log_odds: float
    dominant_log_odds: float
    dominant_share: float


@dataclass(frozen=True)
class ReasonContext:
    """Everything that the reasons of a portfolio rest on, beside the accounts themselves.

    Attributes
    ----------
    meanings : mapping of str to FeatureMeaning
        By feature name; every fact of the reference is among them.
    reference : Reference
    scale : Scale
    options : ReasonOptions
    currency : str
        ISO 4217 code; "" when not known.
    window_months : int or None
        Months that features see; None for a table of ready-made features.
    common : frozenset of (str, str)
        Sentences, by family and side, that many of the accounts at risk are told: a second fact
        stands beside them.
    """

    meanings: Mapping[str, FeatureMeaning]
    reference: Reference
    scale: Scale
    options: ReasonOptions
    currency: str = ""
    window_months: int | None = None
    common: frozenset[tuple[str, str]] = field(default_factory=frozenset)

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

    @cached_property
    def facts(self) -> list[FeatureMeaning]:
        """What each fact means, in the order of the facts."""
        return [self.meanings[name] for name in self.reference.facts]

    @cached_property
    def styles(self) -> list[Style]:
        """How each fact's values are written."""
        return self.reference.styles(
            self.meanings, currency=self.currency, window_months=self.window_months
        )

    @cached_property
    def rules(self) -> FactRules:
        """What decides of each fact's value whether it may be stated."""
        return fact_rules(
            self.facts, self.styles, self.reference.medians, protected=self.protected
        )

    @cached_property
    def protected(self) -> NDArray[np.intp]:
        """Positions of the facts that are protected attributes or rest on one."""
        never = set(protected_columns())
        return np.array(
            [p for p, one in enumerate(self.facts) if one.name in never or never & set(one.needs)],
            np.intp,
        )

    @cached_property
    def fact_places(self) -> FactPlaces:
        """What each fact belongs to."""
        traits = {key: position for position, key in enumerate(self.reference.traits)}
        place = {one.name: position for position, one in enumerate(self.facts)}
        marks = [(p, place[one.mark_of]) for p, one in enumerate(self.facts)
                 if one.mark_of in place]  # fmt: skip
        told = [
            [(family, "" if style.named else side) in self.common for side in ("low", "high")]
            for family, style in zip(self.families, self.styles, strict=True)
        ]
        return FactPlaces(
            trait=np.array([traits[one.trait.key] for one in self.facts], np.intp),
            actionable=np.array([one.actionable for one in self.facts], bool),
            family=np.unique(self.families, return_inverse=True)[1].astype(np.intp),
            told_to_many=np.array(told, bool).reshape(-1, 2),
            marks=np.array(marks, np.int64).reshape(-1, 2),
            willingness=np.array([key == REPAYMENT_WILLINGNESS.key for key in traits], bool),
        )

    @cached_property
    def limits(self) -> ReasonLimits:
        """The numbers that decide of one account."""
        chosen = self.options
        return ReasonLimits(
            float(chosen.minimum_log_odds), float(chosen.tie_log_odds),
            float(chosen.dominant_log_odds), float(chosen.dominant_share),
        )  # fmt: skip

    @cached_property
    def families(self) -> list[str]:
        """Each fact's family; a column of a user's own table is a family of its own."""
        out = []
        for one in self.facts:
            family = None if one.from_table else family_of(one.name)
            out.append(family.key if family else f"column {one.name}")
        return out
