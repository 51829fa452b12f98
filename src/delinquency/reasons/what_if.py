"""What if: where changed payments and spending would lead, and the smallest change that suffices.

Only what the customer can do from now on is searched: how much of the balance is paid each
month, on time, and how much is newly charged. Age and past record are never touched; the record
only grows by the months in which the plan is kept.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ChoiceError
from delinquency.features.statistics import last
from delinquency.log_odds import signed_text
from delinquency.panel.window_rows import take_rows
from delinquency.panel.windows import Array, Windows
from delinquency.reasons.monthly_margin import MonthlyMargin, money_words, monthly_margins
from delinquency.reasons.plan_projection import Plan, roll_forward
from delinquency.reasons.reference_population import Reference, Scale
from delinquency.traits import TRAITS

PAYMENT_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Shares of the balance paid each month; 0 stands for the minimum and what is overdue."""
SPENDING_LEVELS = (1.0, 0.5, 0.0)
INCOME_LEVELS = (0.8, 1.0, 1.2)
HORIZON_MONTHS = 3
"""Months of every what-if of a card: one horizon, so that they can be compared."""
NOTICED = 0.001
"""Rise of a probability that a card explains; smaller ones do not show in its figures."""
REFINEMENTS = 6
"""Halvings of the last step between a share that fails and one that suffices."""


class Scorer(Protocol):
    """Scores windows with the model."""

    def __call__(self, windows: Windows) -> tuple[Array, Array]:
        """Return probabilities (n_rows,) and trait values (n_rows, n_traits), raw log-odds."""


@dataclass(frozen=True)
class Scenario:
    """A change over the horizon and where it leads.

    Attributes
    ----------
    payment, spending, income : int
        Places in ``PAYMENT_SHARES``, ``SPENDING_LEVELS`` and the grid's income levels.
    pd_hat : float
    monthly : float
        What is paid a month on average, account currency.
    trait_excess : tuple of float
        Log-odds above the reference by trait, on the stated scale, after the change.
    """

    payment: int
    spending: int
    income: int
    pd_hat: float
    monthly: float
    trait_excess: tuple[float, ...]


@dataclass(frozen=True)
class WhatIf:
    """What could change an account's probability.

    Attributes
    ----------
    answer, answer_zh : str
        The smallest change that brings it under the cut-off, or that there is none.
    scenarios : tuple of Scenario
        Every point of the grid, income fastest, then spending, then payment; each computed by
        the model itself.
    incomes : tuple of float
        The grid's levels of income; (1.0,) where income is not known.
    margin : MonthlyMargin
        What the household has left each month.
    doubts, doubts_zh : tuple of str
        Where paying more or spending less raises the model's estimate: by how much, and why.
    """

    answer: str
    answer_zh: str
    scenarios: tuple[Scenario, ...] = ()
    incomes: tuple[float, ...] = (1.0,)
    margin: MonthlyMargin = MonthlyMargin()
    doubts: tuple[str, ...] = ()
    doubts_zh: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Counterfactuals:
    """The smallest sufficient change of each account; arrays of shape (n_rows,).

    Attributes
    ----------
    cutoff : float
    now : ndarray
        Probability as things are.
    found : ndarray of bool
        Whether a change suffices; False where none does, and where none is needed.
    months : int
        Length of the plans.
    payment_share, spending : ndarray
        The plan; NaN where none was found.
    paid : ndarray
        Money paid in all months of the plan.
    after : ndarray
        Probability after the plan; where none suffices, the lowest that was reached.
    """

    cutoff: float
    now: Array
    found: NDArray[np.bool_]
    months: int
    payment_share: Array
    spending: Array
    paid: Array
    after: Array


@dataclass(frozen=True, eq=False)
class PlanGrid:
    """Every plan of the grid; arrays of shape (n_rows, n_payments, n_spendings, n_incomes)."""

    months: int
    incomes: tuple[float, ...]
    now: Array
    pd_hat: Array
    paid: Array
    balance: Array
    traits: Array


def plan_grid(
    windows: Windows, score: Scorer, *, months: int, incomes: tuple[float, ...]
) -> PlanGrid:
    """Score every plan of the grid."""
    shape = len(PAYMENT_SHARES), len(SPENDING_LEVELS), len(incomes)
    levels = np.meshgrid(PAYMENT_SHARES, SPENDING_LEVELS, incomes, indexing="ij")
    shares, spendings, income = (np.tile(level.ravel(), len(windows)) for level in levels)
    n_plans = int(np.prod(shape))
    repeated = take_rows(windows, np.repeat(np.arange(len(windows)), n_plans))
    rolled, paid = roll_forward(repeated, Plan(shares, spendings, income), months=months)
    pd_hat, traits = score(rolled)
    full = (len(windows), *shape)
    return PlanGrid(
        months, incomes, score(windows)[0], pd_hat.reshape(full), paid.reshape(full),
        last(rolled["balance"]).reshape(full), traits.reshape(*full, -1),
    )  # fmt: skip


def smallest_plans(
    windows: Windows, score: Scorer, grid: PlanGrid, *, cutoff: float
) -> Counterfactuals:
    """Return the smallest sufficient plan of each account, income as it is.

    Notes
    -----
    Size of a change: money paid and charges forgone, in account currency. Plans on the grid are
    compared first, then the share of the chosen plan is lowered by halving while it suffices.
    """
    usual = grid.incomes.index(1.0)
    pd_hat, paid = grid.pd_hat[..., usual], grid.paid[..., usual]
    balance, now = grid.balance[..., usual], grid.now
    # What is forgone is the balance that usual charges would have added to the same payments.
    size = paid + np.maximum(balance[:, :, :1] - balance, 0.0)
    flat = np.where(pd_hat < cutoff, size, np.inf).reshape(len(now), -1)
    pick = flat.argmin(axis=1)
    rows = np.arange(len(now))
    found = np.isfinite(flat[rows, pick]) & (now >= cutoff)
    payment, spending = np.unravel_index(pick, pd_hat.shape[1:])
    shares = np.array(PAYMENT_SHARES)[payment]
    plan = {
        "share": np.where(found, shares, np.nan),
        "spending": np.where(found, np.array(SPENDING_LEVELS)[spending], np.nan),
        "paid": np.where(found, paid.reshape(len(now), -1)[rows, pick], np.nan),
    }
    lowest = pd_hat.reshape(len(now), -1).min(axis=1)
    after = np.where(found, pd_hat.reshape(len(now), -1)[rows, pick], lowest)
    _refine(windows, score, cutoff, np.flatnonzero(found & (shares > 0)), grid.months, plan, after)
    return Counterfactuals(
        cutoff, now, found, grid.months, plan["share"], plan["spending"], plan["paid"], after
    )


def what_ifs(
    windows: Windows,
    score: Scorer,
    *,
    context: tuple[Reference, Scale, str],
    cutoff: float,
    months: int = HORIZON_MONTHS,
) -> list[WhatIf]:
    """Return the counterfactual and the grid of changes of each account, in words.

    Parameters
    ----------
    windows : Windows
    score : Scorer
    context : tuple of Reference, Scale and str
        What traits are compared with, the stated scale, and the currency.
    cutoff : float in (0, 1)
    months : int
        The one horizon of every change.

    Returns
    -------
    list of WhatIf
    """
    _require_probability(cutoff)
    reference, scale, currency = context
    incomes = INCOME_LEVELS if "salary" in windows.monthly else (1.0,)
    grid = plan_grid(windows, score, months=months, incomes=incomes)
    answers = smallest_plans(windows, score, grid, cutoff=cutoff)
    excess = (grid.traits - reference.trait_values) * scale.factor
    margins = monthly_margins(windows)
    out = []
    for row in range(len(windows)):
        scenarios = tuple(
            Scenario(p, s, i, float(grid.pd_hat[row, p, s, i]),
                     float(grid.paid[row, p, s, i] / months), tuple(excess[row, p, s, i].tolist()))
            for p, s, i in np.ndindex(grid.pd_hat.shape[1:])
        )  # fmt: skip
        usual = incomes.index(1.0)
        doubts = _doubts(grid.pd_hat[row, ..., usual], excess[row, :, :, usual], reference.traits)
        answer, answer_zh = _answer(answers, row, currency, margins[row])
        out.append(
            WhatIf(answer, answer_zh, scenarios, incomes, margins[row],
                   tuple(en for en, _ in doubts), tuple(zh for _, zh in doubts))
        )  # fmt: skip
    return out


def _doubts(pd_hat: Array, excess: Array, traits: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return where paying more, or spending less, raises the model's estimate, and by what."""
    out = []
    for axis, words in ((0, ("more is paid", "还款更多")), (1, ("less is spent", "消费更少"))):
        rise = np.diff(pd_hat, axis=axis)
        if rise.max() < NOTICED:
            continue
        place = np.unravel_index(rise.argmax(), rise.shape)
        after = tuple(p + (k == axis) for k, p in enumerate(place))
        moved = excess[after] - excess[tuple(place)]
        trait, most = TRAITS[traits[int(moved.argmax())]], float(moved.max())
        rest = signed_text(float(moved.sum()) - most)
        before, then = f"{pd_hat[tuple(place)]:.1%}", f"{pd_hat[after]:.1%}"
        out.append(
            (
                f"Between two neighbouring positions of the sliders the model's estimate rises "
                f"from {before} to {then} although {words[0]}: {trait.number} {trait.label} adds "
                f"{most:+.2f} log-odds, the other traits together {rest}.",
                f"滑块相邻两个位置之间，{words[1]}而模型估计由{before}升至{then}："
                f"{trait.number} {trait.label_zh}变动{most:+.2f}对数几率，其他方面合计{rest}。",
            )
        )
    return out


def _refine(
    windows: Windows, score: Scorer, cutoff: float, rows: NDArray[np.intp], months: int,
    plan: dict[str, Array], after: Array,
) -> None:  # fmt: skip
    """Lower the payment share of the found plans, in place, while they suffice."""
    if not len(rows):
        return
    grid = np.array(PAYMENT_SHARES)
    part = take_rows(windows, rows)
    high = plan["share"][rows].copy()
    low = grid[np.searchsorted(grid, high) - 1]
    for _ in range(REFINEMENTS):
        middle = (low + high) / 2.0
        rolled, paid = roll_forward(part, Plan(middle, plan["spending"][rows]), months=months)
        pd_hat, _ = score(rolled)
        fits = pd_hat < cutoff
        high, low = np.where(fits, middle, high), np.where(fits, low, middle)
        plan["share"][rows[fits]] = middle[fits]
        plan["paid"][rows[fits]] = paid[fits]
        after[rows[fits]] = pd_hat[fits]


def _require_probability(cutoff: float) -> None:
    if not 0 < cutoff < 1:
        raise ChoiceError(f"The cut-off must be a probability between 0 and 1. Got {cutoff}.")


def _answer(
    found: Counterfactuals, row: int, currency: str, margin: MonthlyMargin
) -> tuple[str, str]:
    """Return the counterfactual of one account in English and Chinese."""
    cutoff, now = f"{found.cutoff:.0%}", f"{found.now[row]:.1%}"
    after, months = below_in_words(float(found.after[row]), found.cutoff), found.months
    if found.now[row] < found.cutoff:
        return (
            f"The probability ({now}) is below the cut-off of {cutoff} already.",
            f"概率{now}已低于{cutoff}。",
        )
    if not found.found[row]:
        return (
            f"No change of payments and spending over {months} months that was tried (up to "
            f"paying everything, without new charges) brings it under {cutoff}; the lowest is "
            f"{after}.",
            f"在{months}个月内所试的还款与消费变化（直至全额还清、无新增消费）均不能使概率低于{cutoff}，"
            f"最低为{after}。",
        )
    monthly = found.paid[row] / months
    amount, amount_zh = money_words(monthly, currency)
    spending, spending_zh = {
        1.0: ("", ""), 0.5: (", with half the usual charges", "，消费减半"),
        0.0: (", without new charges", "，无新增消费"),
    }[float(found.spending[row])]  # fmt: skip
    name, name_zh = margin.name()
    afford, afford_zh = f" {name.capitalize()} is not known.", f"{name_zh}未知。"
    if margin.known and margin.amount <= 0 and not margin.fits(monthly):
        none, none_zh = name.replace("what", "Nothing", 1), name_zh.replace("的结余", "没有结余")
        afford = f" {none}: it is not to be asked of the customer."
        afford_zh = f"{none_zh}，不应向客户提出。"
    elif margin.known:
        within = margin.fits(monthly)
        rest, rest_zh = money_words(margin.amount, currency)
        afford = (
            f" That is {'within' if within else 'more than'} {name}, "
            f"{rest} a month{'' if within else ': it is not to be asked of the customer'}."
        )
        afford_zh = (
            f"该金额{'未超过' if within else '超过'}{name_zh}（每月{rest_zh}）"
            f"{'' if within else '，不应向客户提出'}。"
        )
    return (
        f"Paying about {amount} a month for {months} months, on time{spending}: {now} becomes "
        f"{after}, under the cut-off of {cutoff}.{afford}",
        f"按时还款约每月{amount_zh}，共{months}个月{spending_zh}：概率由{now}降至{after}，"
        f"低于{cutoff}。{afford_zh}",
    )


def below_in_words(pd_hat: float, cutoff: float) -> str:
    """Return a probability with as many decimals as show on which side of the cut-off it lies.

    Examples
    --------
    >>> below_in_words(0.19996, 0.2), below_in_words(0.1834, 0.2)
    ('19.996%', '18.3%')
    """
    for decimals in range(1, 6):
        shown = f"{100 * pd_hat:.{decimals}f}"
        if (float(shown) < 100 * cutoff) == (pd_hat < cutoff):
            return f"{shown}%"
    return f"{100 * pd_hat:.5f}%"
