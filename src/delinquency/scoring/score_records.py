"""Scores as they are stored: codes and numbers in Parquet, worded when they are read.

A reason is kept as its code ("debt_burden/utilization_mean"), the feature's own value and its
log-odds. The sentence, in whichever language, follows from these and the model, and costs a
hundred times what the rest of an account's score costs: it is made for the accounts that somebody
looks at.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
from numpy.typing import NDArray
from pyarrow import parquet

from delinquency.errors import ModelError
from delinquency.panel.trained_population import OUTSIDE
from delinquency.panel.windows import Array
from delinquency.reasons.reason_causes import CAUSES
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.stated_reasons import NO_DOMINANT, Reasons
from delinquency.reasons.value_wording import displayed
from delinquency.scoring.account_scorer import AccountScorer, ScoredAccounts
from delinquency.traits import EVIDENCE_LEVELS

MODEL_VERSION = "model_version"


OUTSIDE_COLUMN = "outside_population"


def to_table(
    scored: ScoredAccounts, scorer: AccountScorer, *, dated: bool = True
) -> pyarrow.Table:
    """Return scores as a table of codes and numbers.

    Parameters
    ----------
    scored : ScoredAccounts
    scorer : AccountScorer
    dated : bool
        Whether the source's months are real ones; otherwise they are left empty.

    Returns
    -------
    pyarrow.Table
        ``account_id, observation_month, pd_hat, raw_score, base_value``, six ``trait_<key>``, six
        ``evidence_<key>``, ``dominant_trait``, ``withheld_log_odds``, six ``outcome_<key>`` (as
        in ``Reasons.frame``, empty where a trait does not raise the risk); for each rank k
        ``reason_code_k``, ``reason_raw_value_k`` (as the model sees it), ``reason_log_odds_k``,
        and ``second_code_k``, ``second_raw_value_k`` of a further fact; ``outside_population``
        (one of ``OUTSIDE``, "" for an account like those of the training), ``model_version``.
    """
    n_rows = len(scored)
    reference, codes = scorer.context.reference, scored.reasons
    month = scored.keys["observation_month"].to_numpy().astype("datetime64[ms]")
    if not dated:
        month = np.full(n_rows, np.datetime64("NaT"), "datetime64[ms]")
    columns: dict[str, Any] = {
        "account_id": pyarrow.array(scored.keys["account_id"], pyarrow.string()),
        "observation_month": pyarrow.array(month),
        "pd_hat": scored.pd_hat,
        "raw_score": scored.raw_score,
        "base_value": np.full(n_rows, scored.base_value),
    }
    for place, key in enumerate(reference.traits):
        columns[f"trait_{key}"] = np.ascontiguousarray(scored.trait_values[:, place])
    for place, key in enumerate(reference.traits):
        columns[f"evidence_{key}"] = _coded(scored.evidence[:, place], EVIDENCE_LEVELS)
    columns["dominant_trait"] = _coded(
        np.where(codes.dominant < 0, len(reference.traits), codes.dominant).astype(np.int8),
        (*reference.traits, NO_DOMINANT),
    )
    columns["withheld_log_odds"] = codes.withheld
    for place, key in enumerate(reference.traits):
        columns[f"outcome_{key}"] = _coded(codes.cause[:, place], CAUSES)
    names = reason_codes(scorer.context)
    rows = np.arange(n_rows)
    for rank in range(codes.fact.shape[1]):
        for name, facts in (("second", codes.second), ("reason", codes.fact)):
            fact = facts[:, rank].astype(np.int16)
            value = np.where(fact >= 0, scored.features[fact, rows], np.nan)
            columns[f"{name}_code_{rank + 1}"] = _coded(fact, names)
            columns[f"{name}_raw_value_{rank + 1}"] = _numbers(value)
        columns[f"reason_log_odds_{rank + 1}"] = _numbers(
            np.ascontiguousarray(codes.excess[:, rank])
        )
    columns[OUTSIDE_COLUMN] = _coded(scored.outside, OUTSIDE)
    columns[MODEL_VERSION] = _coded(np.zeros(n_rows, np.int8), (scorer.version,))
    return pyarrow.table(columns)


def reason_codes(context: ReasonContext) -> tuple[str, ...]:
    """Return the code of every fact, ``trait/feature``, in the order of the facts."""
    facts = context.reference.facts
    return tuple(f"{context.meanings[name].trait.key}/{name}" for name in facts)


def write_scores(table: pyarrow.Table, path: Path, metadata: dict[str, str]) -> None:
    """Write one part's scores; the same bytes for the same scores.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
    metadata : dict of str to str
        Kept in the file; read back by ``stored_metadata``.
    """
    coded = [f.name for f in table.schema if pyarrow.types.is_dictionary(f.type)]
    parquet.write_table(
        table.replace_schema_metadata(metadata), path, compression="zstd",
        use_dictionary=[*coded, "observation_month", "base_value"], write_statistics=["pd_hat"],
    )  # fmt: skip


def stored_metadata(path: Path) -> dict[str, str]:
    """Return what was kept in a file of scores; empty where it cannot be read."""
    try:
        kept = parquet.read_schema(path).metadata or {}
    except (OSError, pyarrow.ArrowException):
        return {}
    return {key.decode(): value.decode() for key, value in kept.items()}


def worded(scores: pd.DataFrame, scorer: AccountScorer) -> pd.DataFrame:
    """Return stored scores with their reasons in words, as ``stage=explain`` writes them.

    Parameters
    ----------
    scores : DataFrame
        As read from a file of scores.
    scorer : AccountScorer
        Of the same model.

    Returns
    -------
    DataFrame
        The numbers and evidence of ``scores`` and the columns of ``Reasons.frame``; then
        ``model_version``.

    Raises
    ------
    ModelError
        If the scores are another model's: its words would be wrong.
    """
    versions = set(scores[MODEL_VERSION].astype("str"))
    if versions - {scorer.version}:
        raise ModelError(
            f"These scores were made by model {', '.join(sorted(versions))}. Got model "
            f"{scorer.version} to word them: name the model that made them."
        )
    reasons = stored_reasons(scores, scorer)
    months = scores["observation_month"].to_numpy().astype("datetime64[M]")
    derived = ("reason_", "second_", "outcome_", "dominant_", "withheld_", MODEL_VERSION)
    numbers = scores[[name for name in scores.columns if not name.startswith(derived)]]
    text = [name for name in numbers.columns
            if name.startswith(("evidence_", "account_id", OUTSIDE_COLUMN))]  # fmt: skip
    frame = numbers.astype(dict.fromkeys(text, "str")).reset_index(drop=True)
    version = pd.Series(scorer.version, index=frame.index, name=MODEL_VERSION, dtype="str")
    return pd.concat([frame, reasons.frame(months), version], axis=1)


def stored_reasons(scores: pd.DataFrame, scorer: AccountScorer) -> Reasons:
    """Return the reasons of stored scores, ready to be worded."""
    context = scorer.context
    traits = context.reference.traits
    width = sum(name.startswith("reason_code_") for name in scores.columns)
    fact, value, reference = _stored_facts(scores, context, "reason", width)
    second, second_value, second_reference = _stored_facts(scores, context, "second", width)
    given = fact >= 0
    trait = np.where(given, context.fact_places.trait[fact], -1).astype(np.int8)
    levels = np.stack([_places(scores[f"evidence_{key}"], EVIDENCE_LEVELS) for key in traits], 1)
    evidence = np.where(given, np.take_along_axis(levels, np.maximum(trait, 0), axis=1), -1)
    cause = np.stack([_places(scores[f"outcome_{key}"], CAUSES) for key in traits], 1)
    values = scores[[f"trait_{key}" for key in traits]].to_numpy(np.float64)
    excess = [scores[f"reason_log_odds_{k + 1}"].to_numpy(np.float64) for k in range(width)]
    return Reasons(
        context=context,
        trait=trait,
        fact=fact,
        excess=np.stack(excess, 1),
        value=value,
        reference=reference,
        second=second,
        second_value=second_value,
        second_reference=second_reference,
        evidence=evidence.astype(np.int8),
        dominant=_places(scores["dominant_trait"], traits).astype(np.int8),
        trait_excess=(values - context.reference.trait_values) * context.scale.factor,
        withheld=scores["withheld_log_odds"].to_numpy(np.float64),
        cause=cause.astype(np.int8),
    )


def _stored_facts(
    scores: pd.DataFrame, context: ReasonContext, name: str, width: int
) -> tuple[NDArray[np.int32], Array, Array]:
    """Return facts, their values and reference values as displayed."""
    codes = reason_codes(context)
    fact = np.stack([_places(scores[f"{name}_code_{k + 1}"], codes) for k in range(width)], 1)
    raw = [scores[f"{name}_raw_value_{k + 1}"].to_numpy(np.float64) for k in range(width)]
    value, styles = np.stack(raw, 1), context.styles
    shown, against = np.full(fact.shape, np.nan), np.full(fact.shape, np.nan)
    for number in np.unique(fact[fact >= 0]):
        chosen = fact == number
        shown[chosen] = displayed(value[chosen], styles[number])
        against[chosen] = displayed(context.reference.medians[[number]], styles[number])[0]
    return fact.astype(np.int32), shown, against


def _places(words: pd.Series, known: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the place of each word among the known ones, -1 for none."""
    place = {word: number for number, word in enumerate(known)}
    return words.astype("object").map(place).fillna(-1).to_numpy(np.int64)


def _coded(codes: NDArray[Any], names: tuple[str, ...]) -> pyarrow.DictionaryArray:
    """Return positions among names as a dictionary column; -1 is empty."""
    codes = np.ascontiguousarray(codes)
    return pyarrow.DictionaryArray.from_arrays(
        pyarrow.array(codes, mask=codes < 0), pyarrow.array(names, pyarrow.string())
    )


def _numbers(values: NDArray[np.float64]) -> pyarrow.Array:
    """Return numbers, empty where there is none."""
    return pyarrow.array(values, mask=np.isnan(values))
