"""What the casework proposes and refuses, in words: for the cards, and in sum."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from delinquency.casework.money import digits_of
from delinquency.policy.rule_groups import specifications
from delinquency.reporting.card_facts import Treatment
from delinquency.reporting.rule_words import reason_words, rule_zh, source_zh
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

RELIEF_WORDS: Mapping[str, tuple[str, str]] = {
    "payment_holiday": ("months without payment", "免还款期"),
    "interest_freeze": ("months without interest", "停息期"),
    "fee_waiver": ("fees waived", "减免费用"),
    "reduced_settlement": ("settling for a part", "部分结清"),
    "debt_advice": ("free debt advice", "免费债务咨询"),
}
"""What a relief is, behind the offer of it."""


def offers_zh() -> dict[str, str]:
    """Return what a worklist offers, English to Chinese, with the kinds of relief."""
    plain = {ACTION_WORDS[key]: ACTION_WORDS_ZH[key] for key in ACTION_WORDS}
    english, chinese = ACTION_WORDS["hardship_reduction"], ACTION_WORDS_ZH["hardship_reduction"]
    kinds = {
        f"{english}: {kind.replace('_', ' ')}": f"{chinese}：{words_zh}"
        for kind, (_, words_zh) in RELIEF_WORDS.items()
    }
    return {**plain, **kinds}


def card_treatments(
    accounts: pd.DataFrame, considered: pd.DataFrame, *, currency: str
) -> dict[str, Treatment]:
    """Return the treatment part of the customer cards, by account.

    Parameters
    ----------
    accounts : DataFrame
        ``treatments.parquet``, or rows of it.
    considered : DataFrame
        ``treatments_considered.parquet``.
    currency : str
        In which a proposal counts; "" where it is not known.

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
            f"规则 {row.rule}；依据：{source_zh(row.rule_source)}"
        )
        refused.setdefault(str(row.account_id), []).append((words, words_zh))
    return {
        str(row.account_id): Treatment(
            _proposed(row, currency), tuple(refused.get(str(row.account_id), ())), *_monthly(row)
        )
        for row in accounts.itertuples()
    }


def _monthly(row: object) -> tuple[float | None, bool | None]:
    """Return what a plan of instalments asks for a month, and whether it fits its budget."""
    values = row._asdict()  # type: ignore[attr-defined]
    if values["action"] != "instalments" or pd.isna(values["plan_instalment"]):
        return None, None
    return float(values["plan_instalment"]), bool(values["plan_fits"])


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


def exact_amount(value: float, currency: str) -> tuple[str, str]:
    """Return an amount of a plan to its last digit, in English and Chinese.

    Examples
    --------
    >>> exact_amount(12297.6, "CNY"), exact_amount(900.0, "JPY")
    (('CNY 12,297.60', '12,297.60元'), ('JPY 900', 'JPY 900'))
    """
    text = f"{value:,.{digits_of(currency)}f}"
    if not currency:
        return text, text
    return f"{currency} {text}", f"{text}元" if currency == "CNY" else f"{currency} {text}"


def _instalments(values: Mapping[str, Any], currency: str) -> tuple[str, str]:
    """Return how a plan is paid back: the instalments, and the last one where it is another."""
    each, last = values["plan_instalment"], values["plan_last"]
    months = int(values["plan_months"])
    amount, amount_zh = exact_amount(each, currency)
    final, final_zh = exact_amount(last, currency)
    if final == amount:
        return f"{months} x {amount}", f"{months}期 × {amount_zh}"
    return (
        f"{months - 1} x {amount} and a last one of {final}",
        f"{months - 1}期 × {amount_zh}，末期{final_zh}",
    )


def _proposed(row: object, currency: str) -> tuple[tuple[str, str], ...]:
    """Return what to do, in order: the first offer, when, and what may follow."""
    values = row._asdict()  # type: ignore[attr-defined]
    action = values["action"]
    first = f"{values['step']} {ACTION_WORDS[action]}"
    first_zh = f"{values['step']} {ACTION_WORDS_ZH[action]}"
    if not pd.isna(values["plan_months"]):
        months = f"{values['plan_months']:.0f}"
        total, total_zh = exact_amount(values["plan_total"], currency)
        if action == "instalments":
            told, told_zh = _instalments(values, currency)
            first, first_zh = f"{first}: {told}", f"{first_zh}：{told_zh}"
        else:
            first += f" of {months} months"
            first_zh += f"，{months}个月"
        first += f", {total} in all"
        first_zh += f"，合计{total_zh}"
    elif values["relief"] in RELIEF_WORDS:
        words, words_zh = RELIEF_WORDS[values["relief"]]
        first, first_zh = f"{first}: {words}", f"{first_zh}：{words_zh}"
        if not pd.isna(values["relief_until"]):
            first += f" until {values['relief_until']:%Y-%m-%d}"
            first_zh += f"，至{values['relief_until']:%Y-%m-%d}"
    out = [(first, first_zh)]
    moment = values["next_contact_at"]
    when = ""
    if not pd.isna(moment):
        when = on_the_clock(moment.to_pydatetime().astimezone(ZoneInfo(values["time_zone"])))
    told, told_zh = reason_words(values["rule"], values["reason"])
    if values["allowed"]:
        since, since_zh = (f" from {when} on", f"{when}起") if when else ("", "")
        out.append((f"Contact is allowed{since}", f"{since_zh}可以联系客户"))
    elif pd.isna(moment):
        out.append(
            (
                f"No contact for now: {told}",
                f"暂不联系客户：{told_zh}",
            )
        )
    else:
        out.append(
            (
                f"Contact is allowed from {when} on. {told}",
                f"{when}起可以联系客户。{told_zh}",
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
