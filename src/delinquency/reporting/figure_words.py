"""The words of the figures in Chinese."""

import re
from collections.abc import Callable, Mapping

from delinquency.reporting.run_words import how_zh
from delinquency.traits import TRAITS

WORDS_ZH: Mapping[str, str] = {
    "How well the PD ranks accounts (ROC)": "违约概率的排序能力（ROC曲线）",
    "share of good accounts flagged": "被标记的好账户占比",
    "share of bad accounts caught": "被识别的坏账户占比",
    "chance": "随机",
    "How many of those flagged fall behind (precision, recall)":
        "被标记者中有多少逾期（精确率与召回率）",
    "share of those flagged that are bad": "被标记者中坏账户的占比",
    "Whether the PD means what it says (calibration)": "违约概率是否名副其实（校准）",
    "perfect": "完全一致",
    "predicted PD, mean of the bin": "预测概率（分箱均值）",
    "observed bad rate, with 95 % interval": "实际逾期率（95%区间）",
    "How far good and bad accounts lie apart (KS)": "好坏账户的分离程度（KS）",
    "good accounts": "好账户",
    "bad accounts": "坏账户",
    "PD": "违约概率",
    "share of accounts at or below it": "概率不高于该值的账户占比",
    "Where the bad accounts are (bad rate by PD decile)": "坏账户的分布（各概率十分位的逾期率）",
    "observed bad rate": "实际逾期率",
    "mean predicted PD": "平均预测概率",
    "decile of PD, highest first": "概率十分位（由高到低）",
    "share that fell behind": "逾期占比",
    "What moves the probability": "影响概率的方面",
    "Mean absolute trait value, log-odds": "方面数值绝对值的均值（对数几率）",
    "Trait values by account": "各账户的方面数值",
    "Trait value, log-odds": "方面数值（对数几率）",
    "lowest PD": "概率最低",
    "highest PD": "概率最高",
    "From the base value to one account": "从基准值到一个账户",
    "Base value": "基准值",
    "This account": "本账户",
    "Log-odds": "对数几率",
    "30+ days past due": "逾期30天以上",
    "current, then missed": "正常后漏还",
    "% of accounts": "占账户%",
    "months on book": "账龄（月）",
    "% ever 60 days past due": "曾逾期60天以上%",
    "opened in the quarter from (accounts)": "开户季度起始（账户数）",
    "% of the riskiest tenth in which the trait dominates": "风险最高十分之一中该方面主导的占比%",
    **{f"{one.number} {one.short}": f"{one.number} {one.short_zh}" for one in TRAITS.values()},
}  # fmt: skip
FORMS_ZH: Mapping[str, str] = {
    r"average precision ([\d.]+)": r"平均精确率 \1",
    r"bad rate ([\d.]+%)": r"逾期率 \1",
    r"(\d+) bins, ECE ([\d.]+)": r"\1个分箱，ECE \2",
    r"KS ([\d.]+) at PD ([\d.]+%)": r"KS \1（概率\2处）",
}
"""Words with numbers in them."""
KINDS_ZH = {
    "REAL accounts": "真实账户",
    "SYNTHETIC accounts, made by a generator": "合成账户，由生成器产生",
}
RESTS_ZH: Mapping[str, str] = {
    r"([\d,]+) rows": r"\1行",
    r"the row with the highest probability": "概率最高的一行",
}
_SUBTITLE = re.compile(rf"(.*) \(({'|'.join(KINDS_ZH)})\), (.*)")
_COUNTED = re.compile(r"(.*): ([\d,]+) accounts, ([\d,]+) bad")


def figure_words(title: str, title_zh: str) -> Callable[[str], str]:
    """Return what says a figure's words in Chinese; unknown words stay as they are.

    Parameters
    ----------
    title, title_zh : str
        Of the data set, in both languages; the English stands where there is no Chinese.
    """

    def words(text: str) -> str:
        if text in WORDS_ZH:
            return WORDS_ZH[text]
        for form, chinese in FORMS_ZH.items():
            found = re.fullmatch(form, text)
            if found:
                return found.expand(chinese)
        subtitle = _SUBTITLE.fullmatch(text)
        if subtitle:
            named, kind, rest = subtitle.groups()
            told = title_zh if title_zh and named == title else named
            return f"{told}（{KINDS_ZH[kind]}），{_rest_zh(rest)}"
        return text

    return words


def _rest_zh(rest: str) -> str:
    """Return in Chinese which rows a figure is about."""
    counted = _COUNTED.fullmatch(rest)
    if counted:
        how, n, bad = counted.groups()
        return f"{how_zh(how)}：{n}个账户，其中{bad}个逾期"
    for form, chinese in RESTS_ZH.items():
        found = re.fullmatch(form, rest)
        if found:
            return found.expand(chinese)
    return how_zh(rest)
