"""What a household has left each month: the budget that a change of payments is held against."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.features.statistics import last
from delinquency.panel.windows import Array, Windows
from delinquency.reasons.plan_projection import RECENT_MONTHS
from delinquency.reasons.value_wording import Style, displayed, month_text, value_text


@dataclass(frozen=True)
class MonthlyMargin:
    """Income less essential outgoings, and less debts elsewhere where they are known.

    Attributes
    ----------
    amount : float
        A month, account currency, mean of the months counted; NaN where nothing is known.
    months : int
        How many months were counted.
    until : datetime64[M]
        The last of them; NaT where there is none.
    with_debts : bool
        Whether payments to other lenders were taken off.
    """

    amount: float = math.nan
    months: int = 0
    until: np.datetime64 = np.datetime64("NaT", "M")
    with_debts: bool = False

    @property
    def known(self) -> bool:
        """Whether an amount is known."""
        return math.isfinite(self.amount)

    def fits(self, monthly: float) -> bool:
        """Return whether a monthly payment is no more than what is left."""
        return monthly <= max(self.amount, 0.0)

    def name(self) -> tuple[str, str]:
        """Return what the amount is, in English and Chinese."""
        if self.with_debts:
            return (
                "what is left after essentials and debts elsewhere",
                "扣除必要支出及其他债务后的结余",
            )
        return "what is left after essentials", "扣除必要支出后的结余"

    def sentence(self, currency: str) -> tuple[str, str]:
        """Return the amount as a sentence, with the months it rests on."""
        amount, amount_zh = money_words(abs(self.amount), currency)
        plural = "" if self.months == 1 else "s"
        over = f"mean of {self.months} month{plural} up to {month_text(self.until)}"
        over_zh = f"截至{month_text(self.until, language='zh')}的{self.months}个月平均"
        costs, costs_zh = ("Essentials and debts elsewhere", "必要支出及其他债务") if (
            self.with_debts
        ) else ("Essentials", "必要支出")  # fmt: skip
        if self.amount < 0:
            return (
                f"{costs} exceed income by {amount} a month ({over}).",
                f"{costs_zh}每月超过收入{amount_zh}（{over_zh}）。",
            )
        return (
            f"Left after {costs[0].lower()}{costs[1:]}: {amount} a month ({over}).",
            f"扣除{costs_zh}后每月结余：{amount_zh}（{over_zh}）。",
        )


def monthly_margins(windows: Windows) -> list[MonthlyMargin]:
    """Return what each account's household has left each month.

    Parameters
    ----------
    windows : Windows

    Returns
    -------
    list of MonthlyMargin

    Notes
    -----
    Mean of the last three months whose income and essentials are known, less the latest known
    payments to other lenders: as the casework counts before it draws up a plan.
    """
    if any(name not in windows.monthly for name in ("salary", "essential_outgoings")):
        return [MonthlyMargin()] * len(windows)
    benefits = np.nan_to_num(windows["benefits"]) if "benefits" in windows.monthly else 0.0
    left = windows["salary"] + benefits - windows["essential_outgoings"]
    counted = _last_known(left)
    months = counted.sum(axis=1)
    amount = np.where(counted, left, 0.0).sum(axis=1) / np.where(months, months, np.nan)
    debts = np.full(len(windows), np.nan)
    if "other_instalments" in windows.monthly:
        debts = last(windows["other_instalments"])
    with_debts = np.isfinite(debts)
    amount = amount - np.where(with_debts, debts, 0.0)
    back = np.where(counted.any(axis=1), counted[:, ::-1].argmax(axis=1), 0)
    observed = windows.keys["observation_month"].to_numpy().astype("datetime64[M]")
    until = observed - back.astype("timedelta64[M]")
    return [
        MonthlyMargin(float(amount[row]), int(months[row]), until[row], bool(with_debts[row]))
        if months[row]
        else MonthlyMargin()
        for row in range(len(windows))
    ]


def _last_known(values: Array) -> NDArray[np.bool_]:
    """Return which of the months are the last known ones, three at most, row by row."""
    known = np.isfinite(values)
    from_the_end = known[:, ::-1].cumsum(axis=1)[:, ::-1]
    return known & (from_the_end <= RECENT_MONTHS)


def money_words(value: float, currency: str) -> tuple[str, str]:
    """Return an amount of money in English and Chinese."""
    style = Style("money", currency=currency)
    shown = float(displayed(np.array([value]), style)[0])
    return value_text(shown, style), value_text(shown, style, language="zh")
