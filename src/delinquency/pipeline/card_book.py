"""The case book: pages of cards, of explained accounts or of accounts that were scored."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from delinquency.atomic_files import write_text
from delinquency.config import Config
from delinquency.features.feature_matrix import build_features
from delinquency.features.registered_features import FEATURES
from delinquency.log_odds import probability
from delinquency.panel.windows import Array, Windows
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import part_folders
from delinquency.pipeline.card_accounts import (
    BookAccounts,
    tested_outcomes,
    wanted_accounts,
    windows_at,
)
from delinquency.pipeline.feature_parts import KEYS
from delinquency.reasons.what_if import Scorer, WhatIf, what_ifs
from delinquency.reporting.card_facts import (
    BookFacts,
    CardAccounts,
    CardParts,
    Treatment,
    observed_rates,
)
from delinquency.reporting.card_pages import render_cards, render_list
from delinquency.workspace.progress import working

PER_PAGE = 200
"""Cards of a page: a larger book has several, and a page that finds them."""
FOLDERS = {
    (False, False): "cards",
    (False, True): "cards_asked",
    (True, False): "cards_scored",
    (True, True): "cards_scored_asked",
}
"""Folder of a book by whether its accounts were scored only, and whether they were asked for:
a book of one account never replaces that of those most at risk."""


def write_book(
    config: Config,
    fitted: saved_model.Trained,
    chosen: BookAccounts,
    *,
    treatments: Mapping[str, Treatment],
    limits: tuple[str, ...] = (),
) -> Path:
    """Write a case book and return its path.

    Parameters
    ----------
    config : Config
    fitted : Trained
    chosen : BookAccounts
    treatments : mapping of str to Treatment
        What the casework proposes, by account id; may be empty.
    limits : tuple of str
        What the data cannot support.

    Returns
    -------
    Path
        ``index.html`` of the book's folder in the reports.
    """
    n_cards = len(chosen.keys)
    named, scored = bool(wanted_accounts(config)), config.cards.scored
    said = _chosen_words(n_cards, chosen.n_accounts, named=named, scored=scored)
    book = replace(
        _book(config, fitted, chosen.n_accounts),
        limits=limits,
        only_scored=scored,
        n_cards=n_cards,
        chosen=said[0],
        chosen_zh=said[1],
    )
    folder = config.workspace.reports / FOLDERS[scored, named]
    tested = tested_outcomes(config, fitted)
    starts = range(0, n_cards, PER_PAGE)
    names = _page_names(len(starts))
    lines: list[tuple[str, float, str, str]] = []
    with working(f"writing {n_cards:,} card{plural(n_cards)}") as tick:
        for number, (start, name) in enumerate(zip(starts, names, strict=True), start=1):
            places = np.arange(start, min(start + PER_PAGE, n_cards))
            accounts = chosen.accounts(places)
            parts = CardParts(
                _what_ifs(config, fitted, accounts, windows_at(chosen.windows, places)),
                treatments,
                observed_rates(accounts.pd_hat, test_pd=tested[0], test_bad=tested[1])
                if len(tested[0])
                else (),
            )
            write_text(render_cards(accounts, book, parts), folder / name)
            dominant = accounts.reasons.dominant_traits()
            lines += [
                (one, float(accounts.pd_hat[k]), dominant[k], f"{name}#card-{k + 1}")
                for k, one in enumerate(accounts.account_ids)
            ]
            tick(number, len(starts))
    if len(names) > 1:
        write_text(render_list(lines, book), folder / "index.html")
    for page in folder.glob("cards-*.html"):  # of a larger book before this one
        if page.name not in names:
            page.unlink()
    return folder / "index.html"


def plural(count: int) -> str:
    """Return the ending of a word that is counted."""
    return "" if count == 1 else "s"


def _page_names(n_pages: int) -> list[str]:
    """Return the file names of the pages; a single one is the index itself."""
    if n_pages == 1:
        return ["index.html"]
    return [f"cards-{number:03d}.html" for number in range(1, n_pages + 1)]


def _chosen_words(n_cards: int, n_accounts: int, *, named: bool, scored: bool) -> tuple[str, str]:
    """Return in both languages which accounts a book holds."""
    kind, kind_zh = ("scored accounts", "已评分账户") if scored else ("accounts", "账户")
    if named:
        one = n_cards == 1
        return (
            f"The {'account' if one else f'{n_cards:,} {kind}'} that {'was' if one else 'were'} "
            "asked for.",
            f"所指定的{n_cards:,}个{kind_zh}。",
        )
    return (
        f"The {n_cards:,} of {n_accounts:,} {kind} with the highest probability.",
        f"{n_accounts:,}个{kind_zh}中概率最高的{n_cards:,}个。",
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


def _what_ifs(
    config: Config, fitted: saved_model.Trained, accounts: CardAccounts, windows: Windows | None
) -> dict[str, WhatIf]:
    """Return what could change each account; empty where its months are not known."""
    if windows is None:
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
    scored = " cards.scored=true" if config.cards.scored else ""
    return BookFacts(
        title=config.data.title or config.data.name,
        title_zh=config.data.title_zh,
        real=config.data.real,
        outcome=outcome,
        outcome_zh=outcome_zh,
        command=f'make cards ARGS="data={config.data.name}{scored} cards.accounts=[ID]"',
        proposed_from=config.proposal_cut_off,
        treat_command=f'make treat ARGS="data={config.data.name}"' if folders else "",
        months=config.cards.horizon_months,
        currency=config.data.currency,
        n_accounts=n_accounts,
        model=f"LightGBM{f', run {run}' if run else ''}, seed {fitted.facts['seed']}",
        model_zh=f"LightGBM{f'，运行{run}' if run else ''}，种子{fitted.facts['seed']}",
        citation=config.data.citation,
    )
