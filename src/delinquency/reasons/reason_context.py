"""What the reasons of a portfolio rest on, beside the accounts themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

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
    def fact_traits(self) -> NDArray[np.intp]:
        """Position of each fact's trait, shape (n_facts,)."""
        order = {key: position for position, key in enumerate(self.reference.traits)}
        return np.array([order[one.trait.key] for one in self.facts], np.intp)

    @cached_property
    def styles(self) -> list[Style]:
        """How each fact's values are written."""
        return self.reference.styles(
            self.meanings, currency=self.currency, window_months=self.window_months
        )

    @cached_property
    def rules(self) -> FactRules:
        """What decides of each fact's value whether it may be stated."""
        return fact_rules(self.facts, self.styles, self.reference.medians)

    @cached_property
    def actionable(self) -> NDArray[np.bool_]:
        """Which facts the customer can change, shape (n_facts,)."""
        return np.array([one.actionable for one in self.facts], bool)

    @cached_property
    def protected(self) -> NDArray[np.intp]:
        """Positions of the facts that are protected attributes or rest on one."""
        never = set(protected_columns())
        return np.array(
            [p for p, one in enumerate(self.facts) if one.name in never or never & set(one.needs)],
            np.intp,
        )

    @cached_property
    def marks(self) -> list[tuple[int, int]]:
        """Positions of the marks among the facts, each with that of the column it belongs to."""
        place = {one.name: position for position, one in enumerate(self.facts)}
        return [(p, place[one.mark_of]) for p, one in enumerate(self.facts)
                if one.mark_of in place]  # fmt: skip

    @cached_property
    def told_to_many(self) -> NDArray[np.bool_]:
        """Whether many are told a fact's sentence, shape (n_facts, 2): low side, high side."""
        return np.array(
            [
                [(family, "" if style.named else side) in self.common for side in ("low", "high")]
                for family, style in zip(self.families, self.styles, strict=True)
            ]
        )

    @cached_property
    def families(self) -> list[str]:
        """Each fact's family; a column of a user's own table is a family of its own."""
        out = []
        for one in self.facts:
            family = None if one.from_table else family_of(one.name)
            out.append(family.key if family else f"column {one.name}")
        return out

    @cached_property
    def family_numbers(self) -> NDArray[np.intp]:
        """The families as numbers, shape (n_facts,)."""
        return np.unique(self.families, return_inverse=True)[1]
