"""Stage ``cards``: a page with a card for each of the accounts most at risk."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.atomic_files import write_text
from delinquency.config import Config
from delinquency.features.feature_matrix import build_features
from delinquency.features.registered_features import FEATURES
from delinquency.modeling.calibrations import sigmoid
from delinquency.panel.windows import Array, Windows, build_windows
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import READY_MADE, part_folders
from delinquency.pipeline.feature_parts import KEYS, read_tables
from delinquency.pipeline.prepared_features import Prepared, known_months
from delinquency.pipeline.scored_rows import reasons_of
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.reason_selection import evidence_codes, select_reasons
from delinquency.reasons.reference_population import Contributions
from delinquency.reasons.what_if import Scorer, WhatIf, what_ifs
from delinquency.reporting.card_pages import (
    BookFacts,
    CardAccounts,
    CardParts,
    Treatment,
    observed_rates,
    render_cards,
)
from delinquency.workspace.progress import working


def write_book(
    config: Config,
    fitted: saved_model.Trained,
    prepared: Prepared,
    *,
    treatments: Mapping[str, Treatment],
) -> Path:
    """Write the case book and return its path.

    Parameters
    ----------
    config : Config
    fitted : Trained
    prepared : Prepared
    treatments : mapping of str to Treatment
        What the casework proposes, by account id; may be empty.

    Returns
    -------
    Path
        ``<reports>/cards/index.html``.

    Raises
    ------
    MissingArtifactError
        If the accounts have not been explained yet.
    """
    space = config.workspace
    explained = saved_model.explanations_of(config, fitted)
    rows = rows_at_risk(explained, config.cards.count)
    with working(f"writing {len(rows):,} cards"):
        accounts = card_accounts(
            fitted, prepared, explained, rows, reasons_of(config, fitted).context
        )
        test = saved_model.rows_of(fitted, prepared, "test")
        parts = CardParts(
            _what_ifs(config, fitted, accounts, explained.loc[rows, KEYS]),
            treatments,
            observed_rates(
                accounts.pd_hat,
                test_pd=explained.loc[test, "pd_hat"].to_numpy(),
                test_bad=prepared.labels.loc[test, "bad"].to_numpy(),
            )
            if test.any()
            else (),
        )
        path = space.reports / "cards" / "index.html"
        latest = explained["observation_month"] == explained["observation_month"].max()
        limits = tuple(prepared.facts.get("cannot", {}).values())
        book = replace(_book(config, fitted, int(latest.sum())), limits=limits)
        write_text(render_cards(accounts, book, parts), path)
    return path


def rows_at_risk(explained: pd.DataFrame, count: int) -> NDArray[np.intp]:
    """Return the rows of the latest month with the highest probabilities, highest first.

    Parameters
    ----------
    explained : DataFrame
        ``account_id``, ``observation_month`` and ``pd_hat``.
    count : int

    Returns
    -------
    ndarray of int
    """
    latest = explained["observation_month"] == explained["observation_month"].max()
    rows = np.flatnonzero(latest.to_numpy())
    order = np.argsort(-explained["pd_hat"].to_numpy()[rows], kind="stable")
    return rows[order[:count]]


def card_accounts(
    fitted: saved_model.Trained,
    prepared: Prepared,
    explained: pd.DataFrame,
    rows: NDArray[np.intp],
    context: ReasonContext,
) -> CardAccounts:
    """Return the accounts of the cards, with exact contributions of every feature.

    Parameters
    ----------
    fitted : Trained
    prepared : Prepared
    explained : DataFrame
        As stage ``explain`` wrote it, row-aligned with ``prepared``.
    rows : ndarray of int
    context : ReasonContext

    Returns
    -------
    CardAccounts
    """
    matrix = fitted.model.matrix(prepared.X.iloc[rows])
    exact = np.asarray(fitted.model.booster.predict(matrix, pred_contrib=True))[:, :-1]
    part = explained.iloc[rows]
    contributions = Contributions(
        part[[f"trait_{key}" for key in context.reference.traits]].to_numpy(np.float64),
        exact,
        matrix,
    )
    evidence = evidence_codes(
        part[[f"evidence_{key}" for key in context.reference.traits]].to_numpy(object)
    )
    return CardAccounts(
        account_ids=[str(one) for one in part["account_id"]],
        months=known_months(prepared, part["observation_month"]),
        pd_hat=part["pd_hat"].to_numpy(np.float64),
        contributions=contributions,
        evidence=evidence,
        reasons=select_reasons(contributions, evidence, context),
    )


def windows_scorer(fitted: saved_model.Trained) -> Scorer:
    """Return a function that scores windows with a trained model."""
    features = [FEATURES[name] for name in fitted.meanings]

    def score(windows: Windows) -> tuple[Array, Array]:
        matrix = fitted.model.matrix(build_features(windows, features).drop(columns=KEYS))
        explanation = fitted.explainer.explain(matrix)
        return (
            sigmoid(fitted.model.calibration.log_odds(explanation.raw_score)),
            explanation.values,  # noqa: PD011
        )

    return score


def windows_of(config: Config, keys: pd.DataFrame) -> Windows:
    """Return the windows of some observations, in their order, from the tables of all parts."""
    chosen = set(keys["account_id"])
    tables: dict[str, list[pd.DataFrame]] = {}
    for folder in part_folders(config):
        for name, frame in read_tables(folder).items():
            tables.setdefault(name, []).append(frame[frame["account_id"].isin(chosen)])
    joined = {
        name: pd.concat(frames, ignore_index=True)
        for name, frames in tables.items()
        if name != "outcomes"
    }
    return build_windows(joined, keys.reset_index(drop=True), n_months=config.data.window_months)


def _what_ifs(
    config: Config, fitted: saved_model.Trained, accounts: CardAccounts, keys: pd.DataFrame
) -> dict[str, WhatIf]:
    """Return what could change each account; empty for features that were made elsewhere."""
    space = config.workspace
    if (space.interim / READY_MADE).exists() or not set(fitted.meanings) <= set(FEATURES):
        return {}
    windows = windows_of(config, keys)
    if "balance" not in windows or "payment" not in windows:
        return {}
    context = accounts.reasons.context
    found = what_ifs(
        windows,
        windows_scorer(fitted),
        context=(context.reference, context.scale, config.data.currency),
        cutoff=config.cards.cut_off,
        max_months=config.cards.max_months,
    )
    return dict(zip(accounts.account_ids, found, strict=True))


def _book(config: Config, fitted: saved_model.Trained, n_accounts: int) -> BookFacts:
    """Return what a reader must know before the first card."""
    label = config.data.label
    folders = part_folders(config)
    given = not folders or (folders[0] / "outcomes.parquet").exists()
    outcome = (
        "falling behind, as the data set records it"
        if given
        else f"falling {label.bad_days_past_due:g} days behind within "
        f"{label.performance_months} months"
    )
    run = str(fitted.facts["run_id"])[:8]
    return BookFacts(
        title=config.data.title or config.data.name,
        real=config.data.real,
        outcome=outcome,
        n_accounts=n_accounts,
        model=f"LightGBM{f', run {run}' if run else ''}, seed {fitted.facts['seed']}",
        citation=config.data.citation,
    )
