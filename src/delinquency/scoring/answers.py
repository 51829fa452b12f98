"""Scores in words for a few accounts: what the served model returns."""

from typing import Any, get_args

import numpy as np
import pandas as pd

from delinquency.errors import ModelError
from delinquency.reasons.stated_reasons import NO_DOMINANT
from delinquency.reasons.value_wording import Language
from delinquency.reasons.wording import reason_text
from delinquency.scoring.account_scorer import AccountScorer, ScoredAccounts
from delinquency.scoring.score_records import reason_codes
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
        self._codes = np.array([*reason_codes(scorer.context), ""], dtype=object)

    def frame(self, scored: ScoredAccounts, *, language: str = "en") -> pd.DataFrame:
        """Return scores with reasons in one language, one row an account.

        Parameters
        ----------
        scored : ScoredAccounts
        language : {"en", "zh"}

        Returns
        -------
        DataFrame
            ``account_id, observation_month`` ("YYYY-MM", "" where not known), ``pd_hat``,
            ``raw_score``, ``base_value``, six ``trait_<key>``, ``dominant_trait``; for each rank
            ``reason_k``, ``reason_code_k``, ``reason_log_odds_k``; six ``evidence_<key>``;
            ``model_version``.

        Raises
        ------
        ModelError
            If the language is not known.
        """
        if language not in LANGUAGES:
            raise ModelError(
                f"Reasons are written in: {', '.join(LANGUAGES)}. Got language {language!r}.\n"
                'Send "params": {"language": "en"}, or leave it out.'
            )
        traits = self._scorer.context.reference.traits
        months = scored.keys["observation_month"].to_numpy().astype("datetime64[M]")
        columns: dict[str, Any] = {
            "account_id": scored.keys["account_id"].to_numpy(object),
            "observation_month": ["" if np.isnat(month) else str(month) for month in months],
            "pd_hat": scored.pd_hat,
            "raw_score": scored.raw_score,
            "base_value": np.full(len(scored), scored.base_value),
        }
        for place, key in enumerate(traits):
            columns[f"trait_{key}"] = scored.trait_values[:, place]
        names = (*traits, NO_DOMINANT)
        columns["dominant_trait"] = [names[place] for place in scored.reasons.dominant]
        for rank in range(scored.reasons.fact.shape[1]):
            fact = scored.reasons.fact[:, rank]
            columns[f"reason_{rank + 1}"] = [
                self._reason(scored, row, rank, months[row], language)
                for row in range(len(scored))
            ]
            columns[f"reason_code_{rank + 1}"] = self._codes[fact]
            excess = scored.reasons.excess[:, rank]  # JSON knows no NaN
            columns[f"reason_log_odds_{rank + 1}"] = pd.Series(
                [None if np.isnan(one) else float(one) for one in excess], dtype=object
            )
        words = np.array(EVIDENCE_LEVELS, dtype=object)
        for place, key in enumerate(traits):
            columns[f"evidence_{key}"] = words[scored.evidence[:, place]]
        columns["model_version"] = self._scorer.version
        return pd.DataFrame(columns)

    def _reason(
        self, scored: ScoredAccounts, row: int, rank: int, month: np.datetime64, language: str
    ) -> str:
        fact = scored.reasons.fact_of(row, rank, month)
        return "" if fact is None else reason_text(fact, language=language)  # type: ignore[arg-type]
