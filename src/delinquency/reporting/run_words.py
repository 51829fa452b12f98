"""What stages record in English, in the Chinese of a run's page."""

import re
from collections.abc import Mapping

from delinquency.panel.outcomes import (
    CHARGED_OFF,
    INCOMPLETE,
    INDETERMINATE,
    KEPT_BAD,
    KEPT_GOOD,
    NO_STATEMENT,
    SHORT_HISTORY,
    TOO_LATE,
)
from delinquency.traits import TRAITS

EXCLUSIONS_ZH: Mapping[str, str] = {
    CHARGED_OFF: "观察月前已核销",
    NO_STATEMENT: "观察月的逾期天数未知",
    TOO_LATE: "观察月逾期过久，不再评分",
    SHORT_HISTORY: "历史过短",
    INCOMPLETE: "表现期不完整，至今未逾期",
    INDETERMINATE: "不确定：有逾期但未达坏账户标准",
    KEPT_GOOD: "保留：好账户",
    KEPT_BAD: "保留：坏账户",
}
"""Why rows were left out, or kept."""
PARTS_ZH: Mapping[str, str] = {
    "train": "训练", "calibration": "校准", "test": "测试", "purged": "隔离（未使用）",
}  # fmt: skip
HOW_ZH: Mapping[str, str] = {
    "out of time, accounts held out": "时间外，账户未参与训练",
    "out of time": "时间外",
    "accounts held out": "账户未参与训练",
}
AUDIT_WORDS: Mapping[str, tuple[str, str]] = {
    "top_hit": ("Strongest true trait named", "指出真实最强方面"),
    "effect_found": ("Effect of the named trait, of the largest", "所指方面的效应占最大效应"),
    "pearson": ("Correlation with the truth", "与真值的相关"),
    "slope_exchanged": ("Slope (1 is right)", "斜率（1为准确）"),
}
"""Figures of the truth audit that the page shows, as far as they were measured."""


def how_zh(how: str) -> str:
    """Return in Chinese how the test part lies apart from the training; unknown words stay."""
    first, _, observed = how.partition(", observed ")
    said = HOW_ZH.get(first, first)
    return f"{said}，观察月{observed.replace(' to ', '至')}" if observed else said


LIMITS_ZH: Mapping[str, str] = {
    r"All (?P<rows>[\d,]+) rows were observed in one month \((?P<month>.*)\): there is no later "
    r"cohort to test on\. Use a hold-out or cross-validation\.":
        "全部{rows}行均在同一月份（{month}）观察，没有更晚的群体可供测试。请使用留出或交叉验证。",
    r"One observation month \((?P<month>.*)\): there is nothing to compare it with\.":
        "只有一个观察月（{month}），没有可比较的时期。",
    r"The table has no month: there is no telling what came later\. Use a hold-out or "
    r"cross-validation, or name a month_column\.":
        "该表没有月份，无法判断先后。请使用留出或交叉验证，或指定month_column。",
    r"The table has no month: there are no periods to compare\.":
        "该表没有月份，没有可比较的时期。",
    r"The table has no dates: seasons have no meaning\.": "该表没有日期，季节没有意义。",
    r"One row an account: no history, so no trends beyond those in the columns\.":
        "每个账户一行，没有历史，因此除各列已有的趋势外没有其他趋势。",
    r"No transactions: spending is seen through balances only, if at all\.":
        "没有交易数据，消费最多只能从余额中看到。",
    r"Only (?P<rows>[\d,]+) rows of the rarer outcome: every figure is uncertain\.":
        "较少一类结果只有{rows}行，所有数字均不确定。",
    r"Nothing speaks of (?P<traits>.*): no evidence, and a contribution of 0\.":
        "没有数据涉及{traits}：无证据，贡献为0。",
    r"Months are counted back from an unknown month of extraction: seasons and dates have no "
    r"meaning \(extraction stands as (?P<month>.*)\)\.":
        "月份由未知的提取月份倒数，季节和日期没有意义（提取月份记为{month}）。",
}  # fmt: skip
"""What data cannot support, as the sources say it, and the same in Chinese."""


def limit_zh(why: str) -> str:
    """Return in Chinese what data cannot support; unknown words stay as they are."""
    for form, words in LIMITS_ZH.items():
        found = re.fullmatch(form, why)
        if found:
            parts = found.groupdict()
            if "traits" in parts:
                names = {trait.label: trait.label_zh for trait in TRAITS.values()}
                parts["traits"] = "、".join(
                    names.get(one, one) for one in parts["traits"].split(", ")
                )
            return words.format(**parts)
    return why
