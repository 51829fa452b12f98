"""The case book: one page with a card for each of the accounts most at risk.

The page stands alone: no other file, no network. Everything that came from data is escaped, in
the markup and in the JSON beside it. Without scripts, and on paper, all cards are shown.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from delinquency.log_odds import log_odds
from delinquency.panel.trained_population import OUTSIDE_WORDS
from delinquency.panel.windows import Array
from delinquency.reasons.monthly_margin import money_words
from delinquency.reasons.statable_facts import values_to_show
from delinquency.reasons.stated_reasons import NO_DOMINANT, Reasons
from delinquency.reasons.value_wording import (
    Language,
    displayed,
    month_text,
    value_text,
)
from delinquency.reasons.what_if import PAYMENT_SHARES, SPENDING_LEVELS, WhatIf
from delinquency.reasons.wording import reason_text
from delinquency.reporting.card_facts import BookFacts, CardAccounts, CardParts, Treatment
from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.pages import page_environment
from delinquency.reporting.pair_words import pair_line
from delinquency.reporting.waterfall import Step, waterfall_svg
from delinquency.traits import EVIDENCE_LEVELS, TRAITS, Trait

FACTS_PER_TRAIT = 2
EVIDENCE_ZH = {"none": "无证据", "weak": "证据不足", "partial": "部分证据", "strong": "证据充分"}


def render_cards(accounts: CardAccounts, book: BookFacts, parts: CardParts) -> str:
    """Return a page of cards as HTML.

    Parameters
    ----------
    accounts : CardAccounts
    book : BookFacts
    parts : CardParts

    Returns
    -------
    str
    """
    rules: dict[tuple[str, str], int] = {}
    cards = [_card(accounts, row, parts, book, rules) for row in range(len(accounts.account_ids))]
    context = accounts.reasons.context
    page = (
        page_environment()
        .get_template("cards.html")
        .render(
            book=book,
            cards=cards,
            rules=list(rules),
            treated=bool(parts.treatments),
            paired=any(card["pair"] for card in cards),
            tried=any(card["what_if"] for card in cards),
            proposed=any(card["treatment"] for card in cards),
            traits=[TRAITS[key] for key in context.reference.traits],
            reference=context.reference,
            scale=context.scale,
            payments=[_payment_words(share) for share in PAYMENT_SHARES],
            spendings=[_level_words(level) for level in SPENDING_LEVELS],
            data=script_json([_data(card) for card in cards]),
        )
    )
    return with_policy(page)


def render_list(lines: Sequence[tuple[str, float, str, str]], book: BookFacts) -> str:
    """Return the page that finds a card in a book of several pages.

    Parameters
    ----------
    lines : sequence of (account id, probability, dominant trait, address)
    book : BookFacts

    Returns
    -------
    str
    """
    rows = [
        {"id": one, "pd": pd_hat, "trait": TRAITS.get(key), "href": href}
        for one, pd_hat, key, href in lines
    ]
    page = page_environment().get_template("card_list.html").render(book=book, rows=rows)
    return with_policy(page)


def _payment_words(share: float) -> tuple[str, str]:
    """Return what a level of payment means."""
    if share == 0:
        return "the minimum and what is overdue, on time", "按时还最低额及逾期部分"
    if share == 1:
        return "the whole balance each month", "每月全额还清"
    return f"{share:.0%} of the balance each month", f"每月还余额的{share:.0%}"


def _level_words(level: float) -> tuple[str, str]:
    """Return what a level of spending or income means against the usual one."""
    if level == 1:
        return "as usual", "照常"
    if level == 0:
        return "none", "无"
    return f"{level:.0%} of the usual", f"平时的{level:.0%}"


def script_json(value: Any) -> Markup:
    """Return JSON that is safe inside a script element.

    ``<``, ``>`` and ``&`` are written as escapes, so that no text of the data can end the
    element or begin a comment; so are the line separators that JSON allows and scripts do not.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark in ("<", ">", "&", "\u2028", "\u2029"):
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)


def _card(
    accounts: CardAccounts,
    row: int,
    parts: CardParts,
    book: BookFacts,
    rules: dict[tuple[str, str], int],
) -> dict[str, Any]:
    """Return everything that the template shows of one account; new refusals join ``rules``."""
    reasons = accounts.reasons
    context = reasons.context
    excess = reasons.trait_excess[row]
    evidence = [EVIDENCE_LEVELS[level] for level in accounts.evidence[row]]
    traits = [TRAITS[key] for key in context.reference.traits]
    order = sorted(range(len(traits)), key=lambda position: -excess[position])
    pd_hat, reference = float(accounts.pd_hat[row]), context.reference.pd_hat
    start = float(log_odds(reference))
    if not context.scale.calibrated:
        start = float(context.reference.trait_values.sum())
    dominant = reasons.dominant_traits()[row]
    account_id = str(accounts.account_ids[row])
    what_if = parts.what_ifs.get(account_id)
    outside = accounts.outside[row] if accounts.outside else ""
    return {
        "id": account_id,
        "month": month_text(accounts.months[row]),
        "month_zh": month_text(accounts.months[row], language="zh"),
        "pd": pd_hat,
        "total": float(excess.sum()),
        "observed": parts.observed[row] if parts.observed and not outside else None,
        "outside": OUTSIDE_WORDS[outside] if outside else None,
        "dominant": None if dominant == NO_DOMINANT else TRAITS[dominant],
        "withheld": float(reasons.withheld[row]),
        "svg": waterfall_svg(
            start, _steps(traits, order, excess, evidence),
            labels=("Reference", "This account"), labels_zh=("参考客户", "本账户"),
            as_probability=context.scale.calibrated,
        ),
        "pair": _pair_line(accounts, row, traits, evidence),
        "lines": [_trait_line(accounts, row, k, traits[k], evidence[k]) for k in order],
        "reasons": _reason_lines(accounts, row),
        "questions": _questions(reasons, row),
        "what_if": what_if,
        "beside": proposal_beside_what_if(parts.treatments.get(account_id), what_if, book),
        "left": what_if.margin.sentence(book.currency)
        if what_if and what_if.margin.known else None,
        "treatment": parts.treatments.get(account_id),
        "refused": _refused(parts.treatments.get(account_id), rules),
        "excess": [round(float(value), 3) for value in excess],
    }  # fmt: skip


def _refused(
    treatment: Treatment | None, rules: dict[tuple[str, str], int]
) -> list[tuple[str, str, int]]:
    """Return what is refused in a few words, with the number of the rule told under the cards."""
    out = []
    for words in treatment.refused if treatment else ():
        number = rules.setdefault(words, len(rules) + 1)
        out.append((words[0].partition(". ")[0], words[1].partition("：")[0], number))
    return out


def _steps(
    traits: Sequence[Trait], order: Sequence[int], excess: Array, evidence: Sequence[str]
) -> list[Step]:
    """Return the steps of the waterfall."""
    return [
        Step(
            f"{traits[k].number} {traits[k].short}",
            float(excess[k]),
            evidence[k] in ("none", "weak"),
            label_zh=f"{traits[k].number} {traits[k].short_zh}",
        )
        for k in order
    ]


def _pair_line(
    accounts: CardAccounts, row: int, traits: Sequence[Trait], evidence: Sequence[str]
) -> tuple[str, str] | None:
    """Return what two traits add together, where that matters."""
    if accounts.pair_values is None:
        return None
    factor = accounts.reasons.context.scale.factor
    return pair_line(accounts.pair_values[row] * factor, traits, evidence)


def _trait_line(
    accounts: CardAccounts, row: int, position: int, trait: Trait, level: str
) -> dict[str, Any]:
    """Return one trait's line of the table, with the facts that move it most."""
    context = accounts.reasons.context
    reference = context.reference
    columns = np.flatnonzero(context.fact_places.trait == position)
    gain = (
        accounts.contributions.fact_values[row, columns] - reference.fact_values[columns]
    ) * context.scale.factor
    shows = values_to_show(accounts.contributions.features[row : row + 1], context)[0]
    facts: list[dict[str, Any]] = []
    for place in np.argsort(-np.abs(gain), kind="stable"):
        column = int(columns[place])
        meaning, style = context.facts[column], context.styles[column]
        if not shows[column]:
            continue
        value = accounts.contributions.features[row, column]
        shown, usual = displayed(np.array([value, reference.medians[column]]), style)
        facts.append(
            {
                language: {
                    "phrase": meaning.phrase_zh if language == "zh" else meaning.phrase,
                    "value": value_text(float(shown), style, language=language),
                    "usual": value_text(float(usual), style, language=language),
                }
                for language in LANGUAGES
            }
            | {"gain": float(gain[place])}
        )
        if len(facts) == FACTS_PER_TRAIT:
            break
    return {
        "trait": trait, "position": position, "level": level, "level_zh": EVIDENCE_ZH[level],
        "excess": float(accounts.reasons.trait_excess[row, position]), "facts": facts,
        "present": len(columns) > 0,
    }  # fmt: skip


LANGUAGES: tuple[Language, ...] = ("en", "zh")


def proposal_beside_what_if(
    treatment: Treatment | None, what_if: WhatIf | None, book: BookFacts
) -> tuple[str, str] | None:
    """Return what a proposed plan costs beside the budget, and where the model sees it lead.

    Parameters
    ----------
    treatment : Treatment or None
    what_if : WhatIf or None
    book : BookFacts

    Returns
    -------
    tuple of str, or None
        English and Chinese; None where no plan of instalments is proposed or nothing was tried.

    Notes
    -----
    The grid's points with usual charges and income are looked at. The largest payment that is not
    above the instalment stands for it, so that the plan is never shown better than it is.
    """
    if treatment is None or treatment.monthly is None or what_if is None:
        return None
    instalment, instalment_zh = money_words(treatment.monthly, book.currency)
    en = f"The proposed plan asks for {instalment} a month"
    zh = f"建议方案每月还{instalment_zh}"
    if treatment.fits is not None:
        en += (
            f", which {'fits' if treatment.fits else 'does not fit'} the budget it was drawn up on"
        )
        zh += f"，{'符合' if treatment.fits else '不符合'}拟定方案时的收支"
    if treatment.fits and what_if.margin.known and not what_if.margin.fits(treatment.monthly):
        name, name_zh = what_if.margin.name()
        until, until_zh = (month_text(what_if.margin.until, language=one) for one in LANGUAGES)
        en += f" but is more than {name} up to {until}: ask for the budget first"
        zh += f"，但超过截至{until_zh}{name_zh}：请先核实收支"
    usual = what_if.incomes.index(1.0)
    level = SPENDING_LEVELS.index(1.0)
    tried = [
        one
        for one in what_if.scenarios
        if one.spending == level and one.income == usual and one.monthly <= treatment.monthly
    ]
    if tried:
        nearest = max(tried, key=lambda one: one.monthly)
        paid, paid_zh = money_words(nearest.monthly, book.currency)
        en += (
            f". Paying {paid} a month, the nearest tried that is not above it, brings the model's "
            f"estimate to {nearest.pd_hat:.1%} in {book.months} months"
        )
        zh += (
            f"。所试还款中最接近且不高于该金额的为每月{paid_zh}，"
            f"{book.months}个月后模型估计为{nearest.pd_hat:.1%}"
        )
    en += (
        ". The plan is made to fit the budget and the policy, the change above to satisfy the "
        "model: where they differ, the plan goes first."
    )
    zh += "。方案以收支和政策为准，上面的变化以模型为准；两者不同时以方案为先。"
    return en, zh


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
    """Return what the page's script needs of one card: the grid of exact values."""
    what_if: WhatIf | None = card["what_if"]
    scenarios = what_if.scenarios if what_if else ()
    return {
        "id": card["id"],
        "pd": round(card["pd"], 4),
        "excess": card["excess"],
        "incomes": len(what_if.incomes) if what_if else 0,
        "grid": [round(one.pd_hat, 4) for one in scenarios],
        "monthly": [round(one.monthly) for one in scenarios],
        # In hundredths: a quarter of the page's data would be points and noughts.
        "traits": [[round(100 * v) for v in one.trait_excess] for one in scenarios],
    }
