"""What if: where changed payments and spending would lead, and the smallest change that suffices.

Only what the customer can do from now on is searched: how much of the balance is paid each
month, on time, and how much is newly charged. Age and past record are never touched; the record
only grows by the months in which the plan is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ChoiceError
from delinquency.panel.windows import Array, Windows
from delinquency.reasons.plan_projection import Plan, roll_forward, take_rows
from delinquency.reasons.reference_population import Reference, Scale
from delinquency.reasons.value_wording import Style, displayed, value_text

PAYMENT_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Shares of the balance paid each month; 0 stands for the minimum and what is overdue."""
SPENDING_LEVELS = (1.0, 0.5, 0.0)
PLAN_MONTHS = (1, 2, 3, 6)
REFINEMENTS = 6
"""Halvings of the last step between a share that fails and one that suffices."""


class Scorer(Protocol):
    """Scores windows with the model."""

    def __call__(self, windows: Windows) -> tuple[Array, Array]:
        """Return probabilities (n_rows,) and trait values (n_rows, n_traits), raw log-odds."""


@dataclass(frozen=True)
class Scenario:
    """A change and where it leads.

    Attributes
    ----------
    text, text_zh : str
        What is changed.
    pd_hat : float
    trait_excess : tuple of float
        Log-odds above the reference by trait, on the stated scale, after the change.
    """

    text: str
    text_zh: str
    pd_hat: float
    trait_excess: tuple[float, ...]


@dataclass(frozen=True)
class WhatIf:
    """What could change an account's probability.

    Attributes
    ----------
    answer, answer_zh : str
        The smallest change that brings it under the cut-off, or that there is none.
    scenarios : tuple of Scenario
    """

    answer: str
    answer_zh: str
    scenarios: tuple[Scenario, ...] = ()


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
    months : ndarray of int
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
    months: NDArray[np.int64]
    payment_share: Array
    spending: Array
    paid: Array
    after: Array


def find_counterfactuals(
    windows: Windows, score: Scorer, *, cutoff: float, max_months: int = 6
) -> Counterfactuals:
    """Return for each account the smallest plan that brings its probability under a cut-off.

    Parameters
    ----------
    windows : Windows
        Of the accounts that a person opens, not of a whole portfolio.
    score : Scorer
    cutoff : float in (0, 1)
    max_months : int
        Longest plan.

    Returns
    -------
    Counterfactuals

    Raises
    ------
    ChoiceError
        If the cut-off is not a probability.

    Notes
    -----
    Size of a change, in this order: money paid and charges forgone, in account currency; then
    the number of months. Plans on a grid are compared first, then the share of the chosen plan
    is lowered by halving as long as it suffices.
    """
    if not 0 < cutoff < 1:
        raise ChoiceError(f"The cut-off must be a probability between 0 and 1. Got {cutoff}.")
    now, _ = score(windows)
    n_rows = len(windows)
    best_size = np.full(n_rows, np.inf)
    plan = {name: np.full(n_rows, np.nan) for name in ("share", "spending", "paid")}
    months = np.zeros(n_rows, np.int64)
    lowest, after = np.full(n_rows, np.inf), np.full(n_rows, np.nan)
    grid = [(share, spending) for spending in SPENDING_LEVELS for share in PAYMENT_SHARES]
    shares, spendings = (np.array(column) for column in zip(*grid, strict=True))
    repeated = take_rows(windows, np.repeat(np.arange(n_rows), len(grid)))
    for length in (m for m in PLAN_MONTHS if m <= max_months):
        tried = Plan(np.tile(shares, n_rows), np.tile(spendings, n_rows))
        pd_hat, paid, size = _try(repeated, tried, score, length)
        pd_hat, paid, size = (a.reshape(n_rows, len(grid)) for a in (pd_hat, paid, size))
        lowest = np.minimum(lowest, pd_hat.min(axis=1))
        fitting = np.where(pd_hat < cutoff, size, np.inf)
        pick = fitting.argmin(axis=1)
        rows = np.arange(n_rows)
        better = fitting[rows, pick] < best_size - 1e-9
        best_size[better] = fitting[rows, pick][better]
        months[better] = length
        after[better] = pd_hat[rows, pick][better]
        for name, values in (
            ("share", np.broadcast_to(shares, paid.shape)),
            ("spending", np.broadcast_to(spendings, paid.shape)),
            ("paid", paid),
        ):
            plan[name][better] = values[rows, pick][better]
    found = np.isfinite(best_size) & (now >= cutoff)
    _refine(windows, score, cutoff, found, months, plan, after)
    for values in plan.values():
        values[~found] = np.nan
    return Counterfactuals(
        cutoff, now, found, np.where(found, months, 0), plan["share"], plan["spending"],
        plan["paid"], np.where(found, after, lowest),
    )  # fmt: skip


def what_ifs(
    windows: Windows,
    score: Scorer,
    *,
    context: tuple[Reference, Scale, str],
    cutoff: float,
    max_months: int = 6,
) -> list[WhatIf]:
    """Return the counterfactual and some scenarios of each account, in words.

    Parameters
    ----------
    windows : Windows
    score : Scorer
    context : tuple of Reference, Scale and str
        What traits are compared with, the stated scale, and the currency.
    cutoff : float in (0, 1)
    max_months : int
        Longest plan.

    Returns
    -------
    list of WhatIf
    """
    reference, scale, currency = context
    answers = find_counterfactuals(windows, score, cutoff=cutoff, max_months=max_months)
    scenarios: list[list[Scenario]] = [[] for _ in range(len(windows))]
    for share, spending, months, text, text_zh in SCENARIOS:
        plan = Plan(np.full(len(windows), share), np.full(len(windows), spending))
        rolled, _ = roll_forward(windows, plan, months=months)
        pd_hat, traits = score(rolled)
        excess = (traits - reference.trait_values) * scale.factor
        for row, kept in enumerate(scenarios):
            kept.append(Scenario(text, text_zh, float(pd_hat[row]), tuple(excess[row].tolist())))
    return [
        WhatIf(*_answer(answers, row, currency), tuple(scenarios[row]))
        for row in range(len(windows))
    ]


SCENARIOS: Sequence[tuple[float, float, int, str, str]] = (
    (0.0, 1.0, 3, "Overdue amount, then the minimum on time for 3 months (autopay)",
     "还清逾期后连续3个月按时还最低额（自动还款）"),
    (0.25, 1.0, 3, "A quarter of the balance each month for 3 months",
     "连续3个月每月还款四分之一"),
    (0.25, 0.0, 3, "The same without new charges", "同上且无新增消费"),
    (1.0, 1.0, 1, "The whole balance now", "现在全额还清"),
)  # fmt: skip
"""Payment share, spending, months, and the words for them."""


def _try(windows: Windows, plan: Plan, score: Scorer, months: int) -> tuple[Array, Array, Array]:
    """Return probability, money paid and size of the change under a plan."""
    rolled, paid = roll_forward(windows, plan, months=months)
    usual, _ = roll_forward(
        windows, Plan(plan.payment_share, np.ones_like(plan.spending)), months=months
    )
    saved = np.maximum(usual["balance"][:, -1] - rolled["balance"][:, -1], 0.0)
    pd_hat, _ = score(rolled)
    return pd_hat, paid, paid + np.where(plan.spending < 1.0, saved, 0.0)


def _refine(
    windows: Windows, score: Scorer, cutoff: float, found: NDArray[np.bool_],
    months: NDArray[np.int64], plan: dict[str, Array], after: Array,
) -> None:  # fmt: skip
    """Lower the payment share of the found plans, in place, while they suffice."""
    grid = np.array(PAYMENT_SHARES)
    for length in np.unique(months[found]):
        rows = np.flatnonzero(found & (months == length) & (plan["share"] > 0))
        if not len(rows):
            continue
        part = take_rows(windows, rows)
        high = plan["share"][rows].copy()
        low = grid[np.searchsorted(grid, high) - 1]
        for _ in range(REFINEMENTS):
            middle = (low + high) / 2.0
            tried = Plan(middle, plan["spending"][rows])
            pd_hat, paid, _ = _try(part, tried, score, int(length))
            fits = pd_hat < cutoff
            high, low = np.where(fits, middle, high), np.where(fits, low, middle)
            plan["share"][rows[fits]] = middle[fits]
            plan["paid"][rows[fits]] = paid[fits]
            after[rows[fits]] = pd_hat[fits]


def _answer(found: Counterfactuals, row: int, currency: str) -> tuple[str, str]:
    """Return the counterfactual of one account in English and Chinese."""
    cutoff, now = f"{found.cutoff:.0%}", f"{found.now[row]:.1%}"
    after, months = f"{found.after[row]:.1%}", int(found.months[row])
    if found.now[row] < found.cutoff:
        return (
            f"The probability ({now}) is below the cut-off of {cutoff} already.",
            f"概率{now}已低于{cutoff}。",
        )
    if not found.found[row]:
        return (
            f"No change of payments and spending that was tried (up to paying everything, without "
            f"new charges) brings it under {cutoff}; the lowest is {after}.",
            f"所试的还款与消费变化均不能使概率低于{cutoff}，最低为{after}。",
        )
    style = Style("money", currency=currency)
    monthly = displayed(np.array([found.paid[row] / months]), style)[0]
    amount, amount_zh = (
        value_text(float(monthly), style), value_text(float(monthly), style, language="zh"),
    )  # fmt: skip
    spending, spending_zh = {
        1.0: ("", ""), 0.5: (" and half the usual charges", "，消费减半"),
        0.0: (" and no new charges", "，无新增消费"),
    }[float(found.spending[row])]  # fmt: skip
    span = "for one month" if months == 1 else f"a month for {months} months"
    return (
        f"Paying about {amount} {span}, on time{spending}: {now} becomes {after}, under the "
        f"cut-off of {cutoff}.",
        f"按时还款约每月{amount_zh}，共{months}个月{spending_zh}：概率由{now}降至{after}。",
    )
