"""Who to call when only some can be called, and what a cut-off costs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import beta

from delinquency.metrics import Outcomes, bads_among_riskiest
from delinquency.validation.check_inputs import Array
from delinquency.validation.decision_options import DecisionOptions

CAPACITIES = (0.01, 0.02, 0.05, 0.10, 0.20, 0.30)
CUT_OFFS = (0.02, 0.05, 0.10, 0.15, 0.20, 0.30, 0.40)


def capacity_table(
    bad: Array, pd_hat: Array, capacities: Sequence[float] = CAPACITIES
) -> pd.DataFrame:
    """Return what is found when only a share of the accounts can be contacted, riskiest first.

    Parameters
    ----------
    bad : ndarray of shape (n_rows,), 0 or 1
    pd_hat : ndarray of shape (n_rows,)
    capacities : sequence of float, in (0, 1)

    Returns
    -------
    DataFrame
        ``capacity, accounts, lowest PD called, precision, low, high`` (Jeffreys, 95 %),
        ``bads reached`` (share of all), ``calls for one bad``.
    """
    order = np.argsort(-pd_hat, kind="stable")
    outcomes = Outcomes.of(bad, pd_hat)
    records = []
    for share in capacities:
        n = max(round(share * len(bad)), 1)
        k = bads_among_riskiest(outcomes, n)
        low, high = (float(beta.ppf(q, k + 0.5, n - k + 0.5)) for q in (0.025, 0.975))
        records.append(
            {
                "capacity": share,
                "accounts": n,
                "lowest PD called": float(pd_hat[order[n - 1]]),
                "precision": k / n,
                "precision, low": low,
                "precision, high": high,
                "bads reached": k / bad.sum() if bad.any() else np.nan,
                "calls for one bad": n / k if k else np.nan,
            }
        )
    return pd.DataFrame(records)


def cost_table(
    bad: Array,
    pd_hat: Array,
    options: DecisionOptions,
    cut_offs: Sequence[float] = CUT_OFFS,
) -> pd.DataFrame:
    """Return the cost of every cut-off, as it was and as the PDs expected it.

    Parameters
    ----------
    bad : ndarray of shape (n_rows,), 0 or 1
    pd_hat : ndarray of shape (n_rows,)
    options : DecisionOptions
    cut_offs : sequence of float
        The break-even PD is added.

    Returns
    -------
    DataFrame
        ``cut-off, accounts, bads reached, cost per 1,000, expected cost per 1,000, saved``:
        contacts plus losses that no offer avoided; ``saved`` against contacting nobody.

    Notes
    -----
    ``cost = contacts * contact_cost + bads * loss - bads contacted * loss * share_avoided``.
    """
    chosen = {*cut_offs}
    if 0 < options.break_even < 1:
        chosen.add(round(options.break_even, 4))
    loss, avoided = options.loss_when_bad, options.loss_when_bad * options.share_avoided
    scale = 1_000 / len(bad)
    nobody = float(bad.sum()) * loss * scale
    records = []
    for cut_off in sorted(chosen):
        called = pd_hat >= cut_off
        seen = called.sum() * options.contact_cost + bad.sum() * loss - bad[called].sum() * avoided
        expected = (
            called.sum() * options.contact_cost
            + pd_hat.sum() * loss
            - pd_hat[called].sum() * avoided
        )
        records.append(
            {
                "cut-off": cut_off,
                "accounts": int(called.sum()),
                "bads reached": float(bad[called].sum() / bad.sum()) if bad.any() else np.nan,
                "cost per 1,000": float(seen * scale),
                "expected cost per 1,000": float(expected * scale),
                "saved per 1,000": nobody - float(seen * scale),
            }
        )
    return pd.DataFrame(records)


def treatment_by_group(
    pd_hat: Array, groups: pd.DataFrame, cut_offs: Sequence[float] = CUT_OFFS, *, fewest: int = 200
) -> pd.DataFrame:
    """Return the share of every group above each cut-off: who is offered help.

    Parameters
    ----------
    pd_hat : ndarray of shape (n_rows,)
    groups : DataFrame of str, row-aligned
    cut_offs : sequence of float
    fewest : int
        Rows below which a group is left out.
    """
    records = []
    for attribute in groups.columns:
        values = groups[attribute].to_numpy()
        for value in np.unique(values):
            own = values == value
            if own.sum() >= fewest:
                shares = {
                    f"PD {c:.0%} and more": float((pd_hat[own] >= c).mean()) for c in cut_offs
                }
                records.append(
                    {"attribute": attribute, "group": value, "rows": int(own.sum()), **shares}
                )
    return pd.DataFrame(records)


REJECT_NOTE = (
    "All accounts here were granted credit earlier; nobody who was refused is in the data. The "
    "figures hold for the book, not for applicants: no outcome of a refused applicant is "
    "inferred, as such inference adds assumptions, not facts (Crook and Banasik 2004)."
)
