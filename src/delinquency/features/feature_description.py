"""What a column of the model matrix means: kept with the data and the model, without the code."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from delinquency.errors import ModelError, unknown_name
from delinquency.features.catalogue import WINDOW, Feature
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
    needs : tuple of str
        Canonical columns that it is made from; its own name where it came ready-made. Whether it
        rests on a protected attribute is read from them, so that there is no default.
    categories : tuple of str
        For a column of names: the names in the order of their codes; empty for quantities.
    from_table : bool
        Whether it is a column of a user's own table, and not a feature of the catalogue.
    labels : tuple of (float, str, str)
        Codes with their English and Chinese words.
    capped : tuple of float
        Codes, or the ceiling of a feature, that stand for "so much or more".
    headline, headline_zh : str
        What the adverse side means, in the user's own words; "" for none.
    mark_of : str
        For a mark ("does not apply"): the column that it belongs to.
    amount_of : str
        For amounts that were told apart from a ratio: the ratio's column.

    Examples
    --------
    >>> from delinquency import FeatureMeaning
    >>> FeatureMeaning.of("visits", "spending_behavior", phrase="Visits to casinos").needs
    ('visits',)
    """

    name: str
    trait_key: str
    direction: int
    unit: str
    phrase: str
    phrase_zh: str
    actionable: bool
    needs: tuple[str, ...]
    categories: tuple[str, ...] = ()
    from_table: bool = False
    labels: tuple[tuple[float, str, str], ...] = ()
    capped: tuple[float, ...] = ()
    headline: str = ""
    headline_zh: str = ""
    mark_of: str = ""
    amount_of: str = ""

    def __post_init__(self) -> None:
        if self.trait_key not in TRAITS:
            raise unknown_name("trait", self.trait_key, list(TRAITS))

    @classmethod
    def of(
        cls,
        name: str,
        trait_key: str,
        *,
        phrase: str = "",
        phrase_zh: str = "",
        unit: str = "",
        direction: int = 0,
    ) -> "FeatureMeaning":
        """Return the meaning of a column that the customer can change, made elsewhere.

        Parameters
        ----------
        name, trait_key : str
        phrase, phrase_zh : str
            "" for the name itself; Chinese also takes the English words when there are no others.
        unit : str
        direction : int
            +1 when a higher value can only raise the risk, -1 when it can only lower it, else 0.

        Raises
        ------
        ChoiceError
            If there is no such trait.
        """
        return cls(
            name=name,
            trait_key=trait_key,
            direction=direction,
            unit=unit,
            phrase=phrase or name,
            phrase_zh=phrase_zh or phrase or name,
            actionable=True,
            needs=(name,),
            from_table=True,
        )

    @property
    def trait(self) -> Trait:
        """The trait it belongs to."""
        return TRAITS[self.trait_key]


def meanings_of(features: Iterable[Feature], *, window_months: int) -> dict[str, FeatureMeaning]:
    """Return the meanings of registered features, by name.

    Parameters
    ----------
    features : iterable of Feature
    window_months : int
        Months that features see; the phrases say it.
    """
    months = f"{window_months} month{'' if window_months == 1 else 's'}"
    months_zh = f"近{window_months}个月"
    return {
        one.name: FeatureMeaning(
            name=one.name,
            trait_key=one.trait.key,
            direction=one.direction,
            unit=one.unit,
            phrase=one.phrase.replace(WINDOW, months),
            phrase_zh=one.phrase_zh.replace(WINDOW, months_zh),
            actionable=one.actionable,
            needs=one.needs,
            capped=() if math.isinf(one.ceiling) else (one.ceiling,),
        )
        for one in features
    }


def meanings_of_columns(columns: Mapping[str, Any]) -> dict[str, FeatureMeaning]:
    """Return the meanings of a ready-made table's columns.

    Parameters
    ----------
    columns : mapping
        By column name: ``traits``, ``directions``, ``titles``, ``units``, ``categories`` and
        ``words`` (as in ``SourceFeatures``), as a table source gives them.

    Returns
    -------
    dict of str to FeatureMeaning
        A title that is missing in Chinese is the English one, whole.
    """
    out = {}
    for name, trait in columns["traits"].items():
        words = columns["words"].get(name, {})
        out[name] = replace(
            FeatureMeaning.of(
                name,
                trait,
                phrase=columns["titles"].get(name) or name,
                phrase_zh=words.get("title_zh", ""),
                unit=columns["units"].get(name, ""),
                direction=columns["directions"].get(name, 0),
            ),
            categories=tuple(columns["categories"].get(name, ())),
            labels=_labels(words.get("labels", ())),
            capped=tuple(words.get("capped", ())),
            headline=words.get("reason", ""),
            headline_zh=words.get("reason_zh", ""),
            mark_of=words.get("mark_of", ""),
            amount_of=words.get("amount_of", ""),
        )
    return out


def to_plain(meanings: Mapping[str, FeatureMeaning]) -> list[dict[str, Any]]:
    """Return meanings as plain values for JSON."""
    return [asdict(one) for one in meanings.values()]


def from_plain(plain: Iterable[Mapping[str, Any]]) -> dict[str, FeatureMeaning]:
    """Return meanings from plain values, by name, in their order.

    Raises
    ------
    ModelError
        If a meaning lacks an entry: another version wrote it.
    """
    try:
        return {
            one["name"]: FeatureMeaning(
                **{
                    **one,
                    "needs": tuple(one["needs"]),
                    "categories": tuple(one["categories"]),
                    "labels": _labels(one["labels"]),
                    "capped": tuple(one["capped"]),
                }
            )
            for one in plain
        }
    except (KeyError, TypeError) as error:
        raise ModelError(
            f"The meanings of the features were written by another version ({error}). Make them "
            "again with python -m delinquency stage=train."
        ) from None


def _labels(plain: Iterable[Any]) -> tuple[tuple[float, str, str], ...]:
    return tuple((float(code), str(en), str(zh)) for code, en, zh in plain)
