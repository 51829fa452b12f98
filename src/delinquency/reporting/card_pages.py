"""The case book: one page with a card for each of the accounts most at risk.

The page stands alone: no other file, no network. Everything that came from data is escaped, in
the markup and in the JSON beside it. Without scripts, and on paper, all cards are shown.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from delinquency.panel.windows import Array
from delinquency.reasons.reference_population import Contributions
from delinquency.reasons.stated_reasons import NO_DOMINANT, Reasons
from delinquency.reasons.value_wording import displayed, month_text, value_text
from delinquency.reasons.what_if import WhatIf
from delinquency.reasons.wording import reason_text
from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.waterfall import Step, waterfall_svg
from delinquency.traits import EVIDENCE_LEVELS, TRAITS, Trait

FACTS_PER_TRAIT = 2
NEIGHBOUR_SHARE, FEWEST_NEIGHBOURS, MOST_NEIGHBOURS = 0.05, 50, 500
"""Test accounts around a score whose outcomes say how far the stated probability holds."""
Z_95 = 1.959964
EVIDENCE_ZH = {"none": "无证据", "weak": "证据不足", "partial": "证据部分", "strong": "证据充分"}


@dataclass(frozen=True)
class Treatment:
    """What the casework proposes for an account; filled in by its stage.

    Attributes
    ----------
    proposed : tuple of str
        What to do, in order.
    refused : tuple of str
        What is not allowed now, and by which rule.
    """

    proposed: tuple[str, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observed:
    """How many of the test accounts with about the same score fell behind.

    Attributes
    ----------
    n : int
    rate, low, high : float
        Share, with the 95 % Wilson interval.
    from_pd, to_pd, mean_pd : float
        The range of their probabilities, and their mean: what the model expected of them.
    """

    n: int
    rate: float
    low: float
    high: float
    from_pd: float
    to_pd: float
    mean_pd: float


@dataclass(frozen=True, eq=False)
class CardAccounts:
    """The accounts that get a card, row-aligned, most at risk first.

    Attributes
    ----------
    account_ids : sequence of str
    months : ndarray of datetime64
        Observation months.
    pd_hat : ndarray
    contributions : Contributions
        With exact feature contributions, as the cards show them.
    evidence : ndarray of shape (n_rows, n_traits), int
    reasons : Reasons
    """

    account_ids: Sequence[str]
    months: NDArray[np.datetime64]
    pd_hat: Array
    contributions: Contributions
    evidence: NDArray[np.int8]
    reasons: Reasons


@dataclass(frozen=True)
class CardParts:
    """What other parts of the system know about the accounts, by account id.

    Attributes
    ----------
    what_ifs : mapping of str to WhatIf
    treatments : mapping of str to Treatment
    observed : sequence of Observed, or empty
        In the order of the cards.
    """

    what_ifs: Mapping[str, WhatIf]
    treatments: Mapping[str, Treatment]
    observed: Sequence[Observed] = ()


@dataclass(frozen=True)
class BookFacts:
    """What a reader must know before the first card.

    Attributes
    ----------
    title : str
        Of the data set.
    real : bool
        Real accounts, or made by a generator.
    outcome : str
        What the probability is of.
    n_accounts : int
        Accounts that were scored, of which the book shows the ones most at risk.
    model : str
        Which model, in a few words.
    citation : str
        Where the data come from.
    limits : sequence of str
        What the data cannot support, with reasons.
    """

    title: str
    real: bool
    outcome: str
    n_accounts: int
    model: str
    citation: str = ""
    limits: Sequence[str] = ()


def observed_rates(
    pd_hat: Array, *, test_pd: Array, test_bad: Array, neighbours: int | None = None
) -> list[Observed]:
    """Return the outcomes of the test accounts whose probabilities are nearest.

    Parameters
    ----------
    pd_hat : ndarray of shape (n_cards,)
    test_pd, test_bad : ndarray of shape (n_test,)
        Of accounts that the model was not trained on.
    neighbours : int or None
        None for a twentieth of the test accounts, 50 to 500.

    Returns
    -------
    list of Observed

    References
    ----------
    Wilson, E. B. (1927), JASA 22, 209-212.
    """
    order = np.argsort(test_pd, kind="stable")
    scores, bad = test_pd[order], test_bad[order]
    if neighbours is None:
        share = round(NEIGHBOUR_SHARE * len(scores))
        neighbours = min(max(share, FEWEST_NEIGHBOURS), MOST_NEIGHBOURS)
    n = min(neighbours, len(scores))
    out = []
    for score in pd_hat:
        middle = int(np.searchsorted(scores, score))
        first = min(max(middle - n // 2, 0), len(scores) - n)
        rate = float(bad[first : first + n].mean())
        centre = (rate + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
        half = Z_95 * math.sqrt(rate * (1 - rate) / n + Z_95**2 / (4 * n * n)) / (1 + Z_95**2 / n)
        interval = max(centre - half, 0.0), min(centre + half, 1.0)
        near = scores[first : first + n]
        span = float(near[0]), float(near[-1]), float(near.mean())
        out.append(Observed(n, rate, *interval, *span))
    return out


def render_cards(accounts: CardAccounts, book: BookFacts, parts: CardParts) -> str:
    """Return the case book as one HTML page.

    Parameters
    ----------
    accounts : CardAccounts
    book : BookFacts
    parts : CardParts

    Returns
    -------
    str
    """
    environment = Environment(
        loader=PackageLoader("delinquency.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda p: f"{100 * p:.1f}%"
    cards = [_card(accounts, row, parts) for row in range(len(accounts.account_ids))]
    context = accounts.reasons.context
    page = environment.get_template("cards.html").render(
        book=book,
        cards=cards,
        traits=[TRAITS[key] for key in context.reference.traits],
        reference=context.reference,
        scale=context.scale,
        data=script_json([_data(card) for card in cards]),
    )
    return with_policy(page)


def script_json(value: Any) -> Markup:
    """Return JSON that is safe inside a script element.

    ``<``, ``>`` and ``&`` are written as escapes, so that no text of the data can end the
    element or begin a comment; so are the line separators that JSON allows and scripts do not.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark in ("<", ">", "&", "\u2028", "\u2029"):
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)


def _card(accounts: CardAccounts, row: int, parts: CardParts) -> dict[str, Any]:
    """Return everything that the template shows of one account."""
    reasons = accounts.reasons
    context = reasons.context
    excess = reasons.trait_excess[row]
    evidence = [EVIDENCE_LEVELS[level] for level in accounts.evidence[row]]
    traits = [TRAITS[key] for key in context.reference.traits]
    order = sorted(range(len(traits)), key=lambda position: -excess[position])
    pd_hat, reference = float(accounts.pd_hat[row]), context.reference.pd_hat
    start = _log_odds(reference)
    if not context.scale.calibrated:
        start = float(context.reference.trait_values.sum())
    steps = [
        Step(f"{traits[k].number} {traits[k].short}", float(excess[k]), evidence[k] in
             ("none", "weak"))
        for k in order
    ]  # fmt: skip
    dominant = reasons.dominant_traits()[row]
    account_id = str(accounts.account_ids[row])
    return {
        "id": account_id,
        "month": month_text(accounts.months[row]),
        "month_zh": month_text(accounts.months[row], language="zh"),
        "pd": pd_hat,
        "total": float(excess.sum()),
        "observed": parts.observed[row] if parts.observed else None,
        "dominant": None if dominant == NO_DOMINANT else TRAITS[dominant],
        "withheld": float(reasons.withheld[row]),
        "svg": waterfall_svg(
            start, steps, labels=("Reference", "This account"),
            as_probability=context.scale.calibrated,
        ),
        "lines": [_trait_line(accounts, row, k, traits[k], evidence[k]) for k in order],
        "reasons": _reason_lines(accounts, row),
        "questions": _questions(reasons, row),
        "what_if": parts.what_ifs.get(account_id),
        "treatment": parts.treatments.get(account_id),
        "excess": [round(float(value), 3) for value in excess],
    }  # fmt: skip


def _trait_line(
    accounts: CardAccounts, row: int, position: int, trait: Trait, level: str
) -> dict[str, Any]:
    """Return one trait's line of the table, with the facts that move it most."""
    context = accounts.reasons.context
    reference = context.reference
    columns = np.flatnonzero(context.fact_traits == position)
    gain = (
        accounts.contributions.fact_values[row, columns] - reference.fact_values[columns]
    ) * context.scale.factor
    facts = []
    for place in np.argsort(-np.abs(gain), kind="stable")[:FACTS_PER_TRAIT]:
        column = int(columns[place])
        meaning, style = (
            context.meanings[reference.facts[column]],
            context.styles[column],
        )
        value, usual = displayed(
            np.array([accounts.contributions.features[row, column], reference.medians[column]]),
            style,
        )
        facts.append(
            {
                "phrase": meaning.phrase, "phrase_zh": meaning.phrase_zh,
                "value": value_text(float(value), style),
                "usual": value_text(float(usual), style),
                "gain": float(gain[place]),
            }
        )  # fmt: skip
    return {
        "trait": trait, "position": position, "level": level, "level_zh": EVIDENCE_ZH[level],
        "excess": float(accounts.reasons.trait_excess[row, position]), "facts": facts,
    }  # fmt: skip


def _reason_lines(accounts: CardAccounts, row: int) -> list[dict[str, str]]:
    """Return the reasons of one account in both languages and for both audiences."""
    out = []
    for rank in range(accounts.reasons.fact.shape[1]):
        fact = accounts.reasons.fact_of(row, rank, accounts.months[row])
        if fact is not None:
            out.append(
                {
                    "en": reason_text(fact),
                    "zh": reason_text(fact, language="zh"),
                    "customer": reason_text(fact, audience="customer"),
                    "customer_zh": reason_text(fact, language="zh", audience="customer"),
                    "evidence": fact.evidence,
                    "evidence_zh": EVIDENCE_ZH[fact.evidence],
                }
            )
    return out


def _questions(reasons: Reasons, row: int) -> list[tuple[str, str]]:
    """Return what to ask first: the questions of the two strongest stated traits."""
    keys = [reasons.context.reference.traits[k] for k in reasons.trait[row] if k >= 0][:2]
    return [
        pair
        for key in keys
        for pair in zip(TRAITS[key].questions[:2], TRAITS[key].questions_zh[:2], strict=True)
    ]


def _data(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's script needs of one card."""
    what_if: WhatIf | None = card["what_if"]
    scenarios = what_if.scenarios if what_if else ()
    return {
        "id": card["id"],
        "pd": round(card["pd"], 4),
        "excess": card["excess"],
        "scenarios": [
            {"pd": round(one.pd_hat, 4), "excess": [round(v, 3) for v in one.trait_excess]}
            for one in scenarios
        ],
    }


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-12), 1 - 1e-12)
    return math.log(bounded / (1 - bounded))
