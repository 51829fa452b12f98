"""What a column of the model matrix means: kept with the data and the model, without the code."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from delinquency.features.catalogue import Feature
from delinquency.traits import TRAITS, Trait


@dataclass(frozen=True, kw_only=True)
class FeatureMeaning:
    """What one column of the model matrix means.

    Attributes
    ----------
    name : str
    trait_key : str
        Key of the one trait it belongs to.
    direction : int
        +1, -1 or 0, as in ``Feature``.
    unit : str
    phrase, phrase_zh : str
        Words that stand before its value in a reason.
    actionable : bool
        Whether the customer can change it.
    categories : tuple of str
        For a column of names: the names in the order of their codes; empty for quantities.
    """

    name: str
    trait_key: str
    direction: int
    unit: str
    phrase: str
    phrase_zh: str
    actionable: bool
    categories: tuple[str, ...] = ()

    @property
    def trait(self) -> Trait:
        """The trait it belongs to."""
        return TRAITS[self.trait_key]


def meanings_of(features: Iterable[Feature]) -> dict[str, FeatureMeaning]:
    """Return the meanings of registered features, by name."""
    return {
        one.name: FeatureMeaning(
            name=one.name,
            trait_key=one.trait.key,
            direction=one.direction,
            unit=one.unit,
            phrase=one.phrase,
            phrase_zh=one.phrase_zh,
            actionable=one.actionable,
        )
        for one in features
    }


def meanings_of_columns(columns: Mapping[str, Any]) -> dict[str, FeatureMeaning]:
    """Return the meanings of a ready-made table's columns.

    Parameters
    ----------
    columns : mapping
        ``traits``, ``directions``, ``titles``, ``units``, ``reasons`` and ``categories``, each a
        mapping by column name, as a table source gives them.

    Returns
    -------
    dict of str to FeatureMeaning
    """
    return {
        name: FeatureMeaning(
            name=name,
            trait_key=trait,
            direction=columns["directions"].get(name, 0),
            unit=columns["units"].get(name, ""),
            phrase=columns["reasons"].get(name) or columns["titles"].get(name) or name,
            phrase_zh=columns["reasons"].get(name) or columns["titles"].get(name) or name,
            actionable=True,
            categories=tuple(columns["categories"].get(name, ())),
        )
        for name, trait in columns["traits"].items()
    }


def to_plain(meanings: Mapping[str, FeatureMeaning]) -> list[dict[str, Any]]:
    """Return meanings as plain values for JSON."""
    return [asdict(one) for one in meanings.values()]


def from_plain(plain: Iterable[Mapping[str, Any]]) -> dict[str, FeatureMeaning]:
    """Return meanings from plain values, by name, in their order."""
    return {
        one["name"]: FeatureMeaning(**{**one, "categories": tuple(one["categories"])})
        for one in plain
    }
