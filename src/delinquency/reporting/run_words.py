"""What stages record in English, in the Chinese of a run's page."""

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
