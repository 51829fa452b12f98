"""What the casework proposes and refuses, in words: for the cards, and in sum."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from delinquency.policy.rule_groups import specifications
from delinquency.reporting.card_facts import Treatment
from delinquency.reporting.rule_words import rule_zh
from delinquency.reporting.worklist_page import on_the_clock

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
ACTION_WORDS_ZH: Mapping[str, str] = {
    "instalments": "提出分期还款",
    "extension": "提出展期",
    "hardship_reduction": "困难期间减轻还款",
    "due_date_move": "调整还款日",
    "autopay": "建议开通自动还款",
    "consolidation": "建议整合债务；不新增授信",
    "voluntary_limit": "由客户自行设定较低额度",
    "promotion_opt_out": "停止推送促销信息",
    "grievance_resolution": "先解决异议",
    "written_terms": "提供书面条款",
    "friendly_talk": "沟通：询问困难并提供帮助",
    "document_pack": "按现有方案执行；提供文件",
    "special_care": "由专人处理；不提方案，不提醒",
    "await_promise": "等待客户承诺的还款",
    "nothing": "无欠款：无需处理",
    "payment_holiday": "提供数月免还款期",
    "interest_freeze": "提供数月停息",
    "fee_waiver": "减免费用",
    "reduced_settlement": "协商部分结清",
    "debt_advice": "推荐免费债务咨询",
    "legal_step": "法律手段",
}


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
    refused: dict[str, list[tuple[str, str]]] = {}
    for row in wanted[~wanted["allowed"]].itertuples():
        meaning = meanings.get(row.rule, "")
        words = f"{ACTION_WORDS[row.action]}.{meaning} Rule {row.rule}; source: {row.rule_source}"
        words_zh = (
            f"{ACTION_WORDS_ZH[row.action]}：{rule_zh(row.rule)}。"
            f"规则 {row.rule}；依据：{row.rule_source}"
        )
        refused.setdefault(str(row.account_id), []).append((words, words_zh))
    return {
        str(row.account_id): Treatment(
            _proposed(row), tuple(refused.get(str(row.account_id), ())), _monthly(row)
        )
        for row in accounts.itertuples()
    }


def _monthly(row: object) -> float | None:
    """Return what the proposal asks for a month; None where it is no plan of instalments."""
    values = row._asdict()  # type: ignore[attr-defined]
    if values["action"] != "instalments" or pd.isna(values["plan_instalment"]):
        return None
    return float(values["plan_instalment"])


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


def _proposed(row: object) -> tuple[tuple[str, str], ...]:
    """Return what to do, in order: the first offer, when, and what may follow."""
    values = row._asdict()  # type: ignore[attr-defined]
    action = values["action"]
    first = f"{values['step']} {ACTION_WORDS[action]}"
    first_zh = f"{values['step']} {ACTION_WORDS_ZH[action]}"
    if not pd.isna(values["plan_months"]):
        months, total = f"{values['plan_months']:.0f}", f"{values['plan_total']:,.2f}"
        if action == "instalments":
            each = f"{values['plan_instalment']:,.2f}"
            first += f": {months} x {each}"
            first_zh += f"：{months}期 × {each}"
        else:
            first += f" of {months} months"
            first_zh += f"，{months}个月"
        first += f", {total} in all"
        first_zh += f"，合计{total}"
    out = [(first, first_zh)]
    moment = values["next_contact_at"]
    if values["allowed"]:
        out.append(("The customer may be contacted now", "现在可以联系客户"))
    elif pd.isna(moment):
        out.append(
            (
                f"No contact for now: {values['reason']}",
                f"暂不联系客户：{rule_zh(values['rule'])}（规则 {values['rule']}）",
            )
        )
    else:
        when = on_the_clock(moment.to_pydatetime().astimezone(ZoneInfo(values["time_zone"])))
        out.append(
            (
                f"Contact from {when} on: {values['reason']}",
                f"{when}起可以联系客户：{rule_zh(values['rule'])}（规则 {values['rule']}）",
            )
        )
    if values["needs_person"]:
        out.append(
            (
                "A person takes this case: dispute, hardship or special care",
                "由专人处理：存在异议、困难或需特别关怀",
            )
        )
    names = list(filter(None, str(values["then"]).split("; ")))
    if names:
        later = "; ".join(ACTION_WORDS[name] for name in names)
        later_zh = "；".join(ACTION_WORDS_ZH[name] for name in names)
        out.append((f"Then, if it does not help: {later}", f"如未奏效，其后：{later_zh}"))
    return tuple(out)
