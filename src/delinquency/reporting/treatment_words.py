"""What the casework proposes and refuses, in words: for the cards, and in sum."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from delinquency.policy.rule_groups import specifications
from delinquency.reporting.card_pages import Treatment

ACTION_WORDS: Mapping[str, str] = {
    "instalments": "Offer instalments",
    "extension": "Offer an extension",
    "hardship_reduction": "Offer relief while the hardship lasts",
    "due_date_move": "Offer another due date",
    "autopay": "Offer autopay",
    "consolidation": "Advise on putting debts together; no new credit",
    "voluntary_limit": "Offer a lower limit that the customer sets",
    "promotion_opt_out": "Offer to stop promotions",
    "grievance_resolution": "Settle the grievance first",
    "written_terms": "Offer written terms",
    "friendly_talk": "Talk: ask what is difficult, and offer help",
    "document_pack": "Leave the plan to run; hand over the documents",
    "special_care": "A person takes the case; nothing is offered or asked",
    "await_promise": "Wait for the promised payment",
    "nothing": "Nothing is owed: nothing to do",
    "payment_holiday": "Offer months without payment",
    "interest_freeze": "Offer months without interest",
    "fee_waiver": "Waive fees",
    "reduced_settlement": "Offer to settle for a part",
    "debt_advice": "Point to free debt advice",
    "legal_step": "Legal step",
}
"""Each action as a person says it."""


def card_treatments(accounts: pd.DataFrame, considered: pd.DataFrame) -> dict[str, Treatment]:
    """Return the treatment part of the customer cards, by account.

    Parameters
    ----------
    accounts : DataFrame
        ``treatments.parquet``, or rows of it.
    considered : DataFrame
        ``treatments_considered.parquet``.

    Returns
    -------
    dict of account id to Treatment
    """
    wanted = considered[considered["account_id"].isin(accounts["account_id"])]
    meanings = _meanings()
    refused: dict[str, list[str]] = {}
    for row in wanted[~wanted["allowed"]].itertuples():
        meaning = meanings.get(row.rule, "")
        words = f"{ACTION_WORDS[row.action]}.{meaning} Rule {row.rule}; source: {row.rule_source}"
        refused.setdefault(str(row.account_id), []).append(words)
    return {
        str(row.account_id): Treatment(_proposed(row), tuple(refused.get(str(row.account_id), ())))
        for row in accounts.itertuples()
    }


def summary_lines(summary: Mapping[str, Any], most: int) -> tuple[list[str], list[str]]:
    """Return what was proposed and what was refused, a line each, in words.

    Parameters
    ----------
    summary : mapping
        ``n_accounts``, ``by_action`` and ``refusals_by_rule`` of ``casework.summarise``.
    most : int
        How many refusals; the commonest come first.

    Returns
    -------
    offers, refused : list of str
    """
    total, meanings = summary["n_accounts"], _meanings()
    proposed = {ACTION_WORDS[action]: count for action, count in summary["by_action"].items()}
    width = max(map(len, proposed), default=0)
    offers = [f"  {w:{width}s} {count:8,}  {count / total:6.1%}" for w, count in proposed.items()]
    refused = []
    for key, count in list(summary["refusals_by_rule"].items())[:most]:
        action, rule = key.split(": ", 1)
        words = f"{ACTION_WORDS[action]}: {count:,} accounts.{meanings.get(rule, '')} ({rule})"
        refused.append(f"  not allowed  {words}")
    return offers, refused


def _meanings() -> dict[str, str]:
    """Return each rule's meaning, with a space before it, by the rule's key."""
    return {key: f" {rule.meaning}" for key, rule in specifications().items()}


def _proposed(row: object) -> tuple[str, ...]:
    """Return what to do, in order: the first offer, when, and what may follow."""
    values = row._asdict()  # type: ignore[attr-defined]
    first = f"{values['step']} {ACTION_WORDS[values['action']]}"
    if not pd.isna(values["plan_months"]):
        if values["action"] == "instalments":
            first += f": {values['plan_months']:.0f} x {values['plan_instalment']:,.2f}"
        else:
            first += f" of {values['plan_months']:.0f} months"
        first += f", {values['plan_total']:,.2f} in all"
    out = [first]
    moment = values["next_contact_at"]
    if values["allowed"]:
        out.append("The customer may be contacted now")
    elif pd.isna(moment):
        out.append(f"No contact for now: {values['reason']}")
    else:
        out.append(f"Contact from {moment:%Y-%m-%d %H:%M} UTC on: {values['reason']}")
    if values["needs_person"]:
        out.append("A person takes this case: dispute, hardship or special care")
    later = [ACTION_WORDS[name] for name in filter(None, str(values["then"]).split("; "))]
    if later:
        out.append("Then, if it does not help: " + "; ".join(later))
    return tuple(out)
