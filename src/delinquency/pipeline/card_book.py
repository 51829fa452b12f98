"""Stage ``cards``: a page with a card for each of the accounts most at risk."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.atomic_files import write_text
from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.features.feature_matrix import build_features
from delinquency.features.registered_features import FEATURES
from delinquency.log_odds import probability
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
    render_list,
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
    latest = explained["observation_month"] == explained["observation_month"].max()
    wanted = wanted_accounts(config)
    rows = rows_of_accounts(explained, wanted) if wanted else rows_at_risk(
        explained, config.cards.count
    )  # fmt: skip
    test = saved_model.rows_of(fitted, prepared, "test")
    tested = (
        explained.loc[test, "pd_hat"].to_numpy(),
        prepared.labels.loc[test, "bad"].to_numpy(),
    )
    chosen, chosen_zh = _chosen(len(rows), int(latest.sum()), bool(wanted))
    book = replace(
        _book(config, fitted, int(latest.sum())),
        limits=tuple(prepared.facts.get("cannot", {}).values()),
        n_cards=len(rows),
        chosen=chosen,
        chosen_zh=chosen_zh,
    )
    folder = space.reports / "cards"
    pages = range(0, len(rows), PER_PAGE)
    context = reasons_of(config, fitted).context
    lines: list[tuple[str, float, str, str]] = []
    names = _page_names(len(pages))
    with working(f"writing {len(rows):,} cards") as tick:
        for number, (start, name) in enumerate(zip(pages, names, strict=True), start=1):
            part = rows[start : start + PER_PAGE]
            accounts = card_accounts(fitted, prepared, explained, part, context)
            parts = CardParts(
                _what_ifs(config, fitted, accounts, explained.loc[part, KEYS]),
                treatments,
                observed_rates(accounts.pd_hat, test_pd=tested[0], test_bad=tested[1])
                if test.any()
                else (),
            )
            write_text(render_cards(accounts, book, parts), folder / name)
            dominant = accounts.reasons.dominant_traits()
            lines += [
                (one, float(accounts.pd_hat[k]), dominant[k], f"{name}#card-{k + 1}")
                for k, one in enumerate(accounts.account_ids)
            ]
            tick(number, len(pages))
    if len(pages) > 1:
        write_text(render_list(lines, book), folder / "index.html")
    return folder / "index.html"


PER_PAGE = 200
"""Cards of a page: a larger book has several, and a page that finds them."""


def _page_names(n_pages: int) -> list[str]:
    """Return the file names of the pages; a single one is the index itself."""
    if n_pages == 1:
        return ["index.html"]
    return [f"cards-{number:03d}.html" for number in range(1, n_pages + 1)]


def _chosen(n_cards: int, n_accounts: int, named: bool) -> tuple[str, str]:
    """Return in both languages which accounts a book holds."""
    if named:
        return f"The {n_cards:,} accounts that were asked for.", f"所指定的{n_cards:,}个账户。"
    return (
        f"The {n_cards:,} of {n_accounts:,} accounts with the highest probability.",
        f"{n_accounts:,}个账户中概率最高的{n_cards:,}个。",
    )


def wanted_accounts(config: Config) -> list[str]:
    """Return the accounts that the choices name; empty for those most at risk.

    Raises
    ------
    ChoiceError
        If the file of ids does not exist or holds none.
    """
    if not config.cards.file:
        return [str(one) for one in config.cards.accounts]
    path = Path(config.cards.file).expanduser()
    if not path.is_file():
        raise ChoiceError(f"cards.file: expected a text file, one account id a line. Got {path}.")
    ids = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    ids = [one for one in ids if one]
    if not ids:
        raise ChoiceError(f"cards.file: {path} holds no account id.")
    return ids


def rows_of_accounts(explained: pd.DataFrame, wanted: Sequence[str]) -> NDArray[np.intp]:
    """Return the latest row of each account that is asked for, in the order asked.

    Parameters
    ----------
    explained : DataFrame
        ``account_id`` and ``observation_month``.
    wanted : sequence of str
        Each id counts once.

    Returns
    -------
    ndarray of int

    Raises
    ------
    ChoiceError
        If an account was not explained, naming some that were.
    """
    ids = explained["account_id"].astype(str)
    asked = list(dict.fromkeys(wanted))
    hits = explained.index[ids.isin(asked)]
    months = explained.loc[hits, "observation_month"]
    latest = months.groupby(ids.loc[hits].to_numpy()).idxmax()
    unknown = [one for one in asked if one not in latest.index]
    if unknown:
        raise ChoiceError(
            f"{len(unknown)} of {len(asked)} accounts were not explained: "
            f"{', '.join(unknown[:5])}{' ...' if len(unknown) > 5 else ''}. Expected ids of the "
            f"data set, such as {', '.join(ids.iloc[:3])}."
        )
    return latest.loc[asked].to_numpy(np.intp)


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
    exact = fitted.explainer.explain(matrix, features=True).feature_values
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
            probability(fitted.model.calibration.log_odds(explanation.raw_score)),
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
        cutoff=config.card_cut_off,
        months=config.cards.horizon_months,
    )
    return dict(zip(accounts.account_ids, found, strict=True))


def _book(config: Config, fitted: saved_model.Trained, n_accounts: int) -> BookFacts:
    """Return what a reader must know before the first card."""
    label = config.data.label
    folders = part_folders(config)
    given = not folders or (folders[0] / "outcomes.parquet").exists()
    days, months = f"{label.bad_days_past_due:g}", label.performance_months
    outcome, outcome_zh = (
        ("falling behind, as the data set records it", "逾期（按数据集记录）")
        if given
        else (f"falling {days} days behind within {months} months",
              f"{months}个月内逾期{days}天以上")
    )  # fmt: skip
    run = str(fitted.facts["run_id"])[:8]
    return BookFacts(
        title=config.data.title or config.data.name,
        real=config.data.real,
        outcome=outcome,
        outcome_zh=outcome_zh,
        command=f'make cards ARGS="data={config.data.name} cards.accounts=[ID]"',
        months=config.cards.horizon_months,
        currency=config.data.currency,
        n_accounts=n_accounts,
        model=f"LightGBM{f', run {run}' if run else ''}, seed {fitted.facts['seed']}",
        citation=config.data.citation,
    )
