"""Scores in words for a few accounts: what the served model returns."""

import math
from typing import Any, get_args

import numpy as np
import pandas as pd

from delinquency.errors import ModelError
from delinquency.panel.trained_population import OUTSIDE
from delinquency.reasons.stated_reasons import NO_DOMINANT
from delinquency.reasons.value_wording import Language
from delinquency.reasons.wording import reason_text
from delinquency.scoring.account_scorer import AccountScorer, ScoredAccounts
from delinquency.scoring.score_records import OUTSIDE_COLUMN, reason_codes
from delinquency.traits import EVIDENCE_LEVELS

LANGUAGES: tuple[str, ...] = get_args(Language)


class Answers:
    """Words the scores of one model.

    Parameters
    ----------
    scorer : AccountScorer
    """

    def __init__(self, scorer: AccountScorer):
        self._scorer = scorer
        self._codes = [*reason_codes(scorer.context), ""]

    def frame(self, scored: ScoredAccounts, *, language: str = "en") -> pd.DataFrame:
        """Return scores with reasons in one language, one row an account.

        Returns
        -------
        DataFrame
            The columns of ``columns``.
        """
        columns = self.columns(scored, language=language)
        ranks = [name for name in columns if name.startswith("reason_log_odds_")]
        nullable = {name: pd.Series(columns[name], dtype=object) for name in ranks}
        return pd.DataFrame({**columns, **nullable})

    def records(self, scored: ScoredAccounts, *, language: str = "en") -> list[dict[str, Any]]:
        """Return the rows of ``frame`` as plain values, for JSON."""
        columns = self.columns(scored, language=language)
        names = list(columns)
        return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def columns(self, scored: ScoredAccounts, *, language: str = "en") -> dict[str, list[Any]]:
        """Return scores with reasons in one language, column by column.

        Parameters
        ----------
        scored : ScoredAccounts
        language : {"en", "zh"}

        Returns
        -------
        dict of str to list
            ``account_id, observation_month`` ("YYYY-MM", "" where not known), ``pd_hat``,
            ``raw_score``, ``base_value``, six ``trait_<key>``, ``dominant_trait``; for each rank
            ``reason_k``, ``reason_code_k``, ``reason_log_odds_k`` (None for none, as JSON knows no
            NaN); six ``evidence_<key>``; ``outside_population`` (why the model was not trained on
            such an account, "" for none); ``model_version``.

        Raises
        ------
        ModelError
            If the language is not known.
        """
        self.require_language(language)
        traits, n_rows = self._scorer.context.reference.traits, len(scored)
        months = np.asarray(scored.observed.observation_month).astype("datetime64[M]")
        columns: dict[str, list[Any]] = {
            "account_id": scored.observed.account_id.tolist(),
            "observation_month": ["" if np.isnat(month) else str(month) for month in months],
            "pd_hat": scored.pd_hat.tolist(),
            "raw_score": scored.raw_score.tolist(),
            "base_value": [scored.base_value] * n_rows,
        }
        for place, key in enumerate(traits):
            columns[f"trait_{key}"] = scored.trait_values[:, place].tolist()
        names = (*traits, NO_DOMINANT)
        columns["dominant_trait"] = [names[place] for place in scored.reasons.dominant]
        for rank in range(scored.reasons.fact.shape[1]):
            columns[f"reason_{rank + 1}"] = [
                self._reason(scored, row, rank, months[row], language) for row in range(n_rows)
            ]
            fact = scored.reasons.fact[:, rank]
            columns[f"reason_code_{rank + 1}"] = [self._codes[place] for place in fact]
            columns[f"reason_log_odds_{rank + 1}"] = [
                None if math.isnan(one) else one for one in scored.reasons.excess[:, rank].tolist()
            ]
        for place, key in enumerate(traits):
            levels = scored.evidence[:, place].tolist()
            columns[f"evidence_{key}"] = [EVIDENCE_LEVELS[level] for level in levels]
        columns[OUTSIDE_COLUMN] = [OUTSIDE[code] for code in scored.outside.tolist()]
        columns["model_version"] = [self._scorer.version] * n_rows
        return columns

    def require_language(self, language: str) -> None:
        """Refuse a language that reasons are not written in; errors as ``columns``."""
        if language not in LANGUAGES:
            raise ModelError(
                f"Reasons are written in: {', '.join(LANGUAGES)}. Got language {language!r}.\n"
                'Send "params": {"language": "en"}, or leave it out.'
            )

    def _reason(
        self, scored: ScoredAccounts, row: int, rank: int, month: np.datetime64, language: str
    ) -> str:
        fact = scored.reasons.fact_of(row, rank, month)
        return "" if fact is None else reason_text(fact, language=language)  # type: ignore[arg-type]
