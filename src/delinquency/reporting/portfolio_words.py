"""The words of the portfolio report in Chinese."""

import re
from collections.abc import Mapping

from delinquency.traits import TRAITS

FIGURES_ZH: Mapping[str, str] = {
    "Current accounts that miss a payment, per month": "正常账户每月漏还的比例",
    "Balances 30 days and more past due": "逾期30天以上的余额占比",
    "Balances 60 days and more past due": "逾期60天以上的余额占比",
    "Balances charged off, per year": "每年核销的余额占比",
    "Accounts 30 days and more past due": "逾期30天以上的账户占比",
    "Balances over limits": "余额与额度之比",
    "Utilization of the 90th percentile account": "第90百分位账户的额度使用率",
    "Mean credit limit": "平均授信额度",
    "Bills on which only the minimum is paid": "仅还最低还款额的账单占比",
    "Misses in January and February over March to November": "1、2月漏还与3至11月漏还之比",
    "Late accounts, worst over best 12 months": "逾期账户：最差与最好12个月之比",
    "AUC of the true log-odds: the ceiling of any model": "真实对数几率的AUC：任何模型的上限",
    "Willingness dominant among the riskiest tenth": "风险最高十分之一中以意愿为主导的占比",
}
"""The measured figures."""
_FORMS_ZH: Mapping[str, str] = {
    r"Roll (\S+) to (\S+)": r"逾期\1天滚动至\2天",
    r"Bad within (\d+) months \((\d+) days past due and more\)": r"\1个月内逾期\2天以上（坏账户）",
}
BASES_ZH: Mapping[str, str] = {
    "public": "公开数字", "derived": "由公开数字推得", "assumption": "本设计的假设",
}  # fmt: skip


def portfolio_figure_zh(name: str) -> str:
    """Return the name of a measured figure in Chinese; an unknown one stays as it is."""
    if name in FIGURES_ZH:
        return FIGURES_ZH[name]
    for form, chinese in _FORMS_ZH.items():
        found = re.fullmatch(form, name)
        if found:
            return found.expand(chinese)
    for trait in TRAITS.values():
        if name == f"R-squared of the latent {trait.label.lower()} from all features":
            return f"由全部特征得到的{trait.label_zh}潜变量R²"
    return name
