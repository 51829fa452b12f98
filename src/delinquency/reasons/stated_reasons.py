"""The reasons of some accounts, as arrays, in words and as columns that agree with the words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.panel.windows import Array
from delinquency.reasons.reason_causes import CAUSES
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.value_wording import Language
from delinquency.reasons.wording import (
    Audience,
    Fact,
    ending_text,
    further_text,
    opening_text,
)
from delinquency.traits import EVIDENCE_LEVELS

NO_DOMINANT = "none"
"""Stated as dominant trait where there is none."""


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
        The account's value and the reference value, as displayed; a value that was not given
        is NaN.
    second, second_value, second_reference : ndarray
        A further fact beside the first; -1 and NaN where there is none.
    evidence : ndarray of int
        Position in ``EVIDENCE_LEVELS``; -1 likewise.
    dominant : ndarray of shape (n_rows,), int
        Position of the dominant trait; -1 when there is none.
    trait_excess : ndarray of shape (n_rows, n_traits)
        Excess of every trait, stated or not, on the stated scale.
    withheld : ndarray of shape (n_rows,)
        Positive excess of the traits that may not be stated for lack of evidence.
    cause : ndarray of shape (n_rows, n_traits), int
        What became of each trait that raises the risk, as a position in ``CAUSES``; -1 for the
        others.
    """

    context: ReasonContext
    trait: NDArray[np.int8]
    fact: NDArray[np.int32]
    excess: Array
    value: Array
    reference: Array
    second: NDArray[np.int32]
    second_value: Array
    second_reference: Array
    evidence: NDArray[np.int8]
    dominant: NDArray[np.int8]
    trait_excess: Array
    withheld: Array
    cause: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.trait)

    def part(self, rows: slice) -> "Reasons":
        """Return the reasons of some accounts in a row."""
        arrays = {one: getattr(self, one)[rows] for one in _ARRAYS}
        return Reasons(context=self.context, **arrays)

    def fact_of(self, row: int, rank: int, month: np.datetime64) -> Fact | None:
        """Return one reason's fact, ready to be worded; None when there is no such reason."""
        position = int(self.fact[row, rank])
        if position < 0:
            return None
        level = EVIDENCE_LEVELS[int(self.evidence[row, rank])]
        further = int(self.second[row, rank])
        second = None
        if further >= 0:
            values = self.second_value[row, rank], self.second_reference[row, rank]
            second = self._fact(further, values, month, level, None)
        values = self.value[row, rank], self.reference[row, rank]
        return self._fact(position, values, month, level, second)

    def _fact(
        self,
        position: int,
        values: tuple[float, float],
        month: np.datetime64,
        evidence: str,
        second: Fact | None,
    ) -> Fact:
        value, reference = (float(number) for number in values)
        meaning, style = self.context.facts[position], self.context.styles[position]
        return Fact(meaning, style, value, reference, month, evidence, second)

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
        A reason is put together from its opening, its second fact and its ending, each of
        which is worded once for all that share it: a portfolio has far fewer of them than reasons.
        """
        out = np.full(self.fact.shape, "", dtype=object)
        given = self.fact >= 0
        if not given.any():
            return out
        month = np.broadcast_to(np.asarray(months, "datetime64[M]")[:, None], self.fact.shape)

        def opening(fact: Fact) -> str:
            return opening_text(fact, language, audience)

        def further(fact: Fact) -> str:
            return further_text(fact, language, audience)

        out[given] = self._worded(given, (self.fact, self.value, self.reference), opening)
        more = self.second >= 0
        out[more] += self._worded(
            more, (self.second, self.second_value, self.second_reference), further
        )
        ends = pd.DataFrame(
            {"evidence": self.evidence[given], "month": month[given].astype(np.int64)}
        )
        codes, first = _codes(ends)
        out[given] += np.array(
            [
                ending_text(when, EVIDENCE_LEVELS[level], language, audience)
                for when, level in zip(
                    month[given][first], self.evidence[given][first], strict=True
                )
            ],
            dtype=object,
        )[codes]
        return out

    def _worded(
        self,
        where: NDArray[np.bool_],
        facts: tuple[NDArray[np.int32], Array, Array],
        words: Callable[[Fact], str],
    ) -> NDArray[np.object_]:
        """Return the words of some facts, each distinct fact and value worded once."""
        position, value, reference = (one[where] for one in facts)
        codes, first = _codes(pd.DataFrame({"fact": position, "value": value}))
        undated = np.datetime64("NaT")
        worded = [
            words(self._fact(int(position[at]), (value[at], reference[at]), undated, "", None))
            for at in first
        ]
        return np.array(worded, dtype=object)[codes]

    def frame(self, months: NDArray[np.datetime64]) -> pd.DataFrame:
        """Return the columns of ``explanations.parquet`` that hold reasons, one row an account.

        Parameters
        ----------
        months : ndarray of shape (n_rows,), datetime64
            Observation months.

        Returns
        -------
        DataFrame
            For each rank k: ``reason_k`` and ``reason_zh_k`` (text, "" when there is none), and
            the same in columns: ``reason_k_trait``, ``reason_k_log_odds``, ``reason_k_feature``,
            ``reason_k_value`` and ``reason_k_reference`` (as the text shows them: per cent, money,
            months; the code of a name), ``reason_k_direction`` ("high" or "low" against the
            reference; "" for names and for a value that was not given), and the four of a second
            fact with ``_2`` at their end. Then ``dominant_trait``, ``withheld_log_odds``, and for
            each trait ``outcome_<key>``: "stated", or why it was withheld ("" where it does not
            raise the risk).
        """
        traits = np.array([*self.context.reference.traits, ""], dtype=object)
        features = np.array([*self.context.reference.facts, ""], dtype=object)
        english = self.texts(months, language="en")
        chinese = self.texts(months, language="zh")
        columns: dict[str, object] = {}
        for rank in range(self.fact.shape[1]):
            columns[f"reason_{rank + 1}"] = pd.array(english[:, rank], dtype="str")
        for rank in range(self.fact.shape[1]):
            columns[f"reason_zh_{rank + 1}"] = pd.array(chinese[:, rank], dtype="str")
        for rank in range(self.fact.shape[1]):
            name = f"reason_{rank + 1}"
            columns[f"{name}_trait"] = pd.array(traits[self.trait[:, rank]], dtype="str")
            columns[f"{name}_log_odds"] = self.excess[:, rank]
            for end, fact, value, reference in (
                ("", self.fact, self.value, self.reference),
                ("_2", self.second, self.second_value, self.second_reference),
            ):
                sides = self._directions(fact[:, rank], value[:, rank], reference[:, rank])
                columns[f"{name}_feature{end}"] = pd.array(features[fact[:, rank]], dtype="str")
                columns[f"{name}_value{end}"] = value[:, rank]
                columns[f"{name}_reference{end}"] = reference[:, rank]
                columns[f"{name}_direction{end}"] = pd.array(sides, dtype="str")
        columns["dominant_trait"] = pd.array(self.dominant_traits(), dtype="str")
        columns["withheld_log_odds"] = self.withheld
        words = np.array([*CAUSES, ""], dtype=object)
        for position, key in enumerate(self.context.reference.traits):
            columns[f"outcome_{key}"] = pd.array(words[self.cause[:, position]], dtype="str")
        return pd.DataFrame(columns)

    def _directions(
        self, fact: NDArray[np.int32], value: Array, reference: Array
    ) -> NDArray[np.object_]:
        """Return on which side of the reference each value lies."""
        named = np.array([*(style.named for style in self.context.styles), True])[fact]
        out = np.full(len(fact), "", dtype=object)
        with np.errstate(invalid="ignore"):
            out[~named & (value > reference)] = "high"
            out[~named & (value < reference)] = "low"
        return out


_ARRAYS = tuple(one.name for one in fields(Reasons) if one.name != "context")


def joined_reasons(parts: Sequence[Reasons]) -> Reasons:
    """Return the reasons of several blocks of accounts as one, in the order of the blocks.

    Parameters
    ----------
    parts : sequence of Reasons
        At least one; all of the first one's context.

    Returns
    -------
    Reasons
    """
    if len(parts) == 1:
        return parts[0]
    arrays = {one: np.concatenate([getattr(part, one) for part in parts]) for one in _ARRAYS}
    return Reasons(context=parts[0].context, **arrays)


def _codes(key: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each row the number of its distinct combination, and where each first stands."""
    codes = key.groupby(list(key.columns), dropna=False, sort=False).ngroup().to_numpy()
    _, first = np.unique(codes, return_index=True)
    return codes, first
