"""Help as a trial on accounts whose futures are known: what is estimated against what is true.

A simulator answers "what if": the chance of every account to stay out of serious arrears with and
without help. The trial plays one future of each account through the same events, the same
hold-out and the same estimator as a store of real cases, so that the estimator can be held
against the truth.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from delinquency.casework.case_file import Case
from delinquency.casework.events import (
    CauseConfirmed,
    Event,
    HelpOffered,
    PaymentReceived,
    WentOverdue,
)
from delinquency.casework.treatment_outcomes import (
    HORIZON_DAYS,
    difference_of,
    in_hold_out,
    outcomes,
    share_of,
)
from delinquency.policy import Policy
from delinquency.traits import TRAITS

START = datetime(2026, 3, 10, 2, tzinfo=UTC)
AMOUNT = Decimal(200)


@dataclass(frozen=True)
class TrialTerms:
    """How the trial is run.

    Attributes
    ----------
    hold_out_share : float
    seed : int
        Of the hold-out and of the futures.
    draws : int
        Trials drawn again to count how often an interval holds the truth.
    """

    hold_out_share: float = 0.3
    seed: int = 0
    draws: int = 200


def treatment_of(cause: str) -> str:
    """Return the help that answers a cause first."""
    return TRAITS[cause].treatments[0]


def play_trial(known: pd.DataFrame, policy: Policy, terms: TrialTerms) -> dict[str, Any]:
    """Return estimated and true effects of help by cause.

    Parameters
    ----------
    known : DataFrame
        ``account_id``, ``cause`` (a trait), ``well_without`` and ``well_with`` help: the chances
        of staying out of serious arrears.
    policy : Policy
        Under which the cases are read.
    terms : TrialTerms

    Returns
    -------
    dict
        ``rows`` by cause (and treatment over all causes it answers): n helped, n held out,
        estimate with its interval, truth, and ``covered``, the share of drawn trials whose
        interval holds the truth.
    """
    random = np.random.default_rng(terms.seed)
    uniforms = random.random(len(known))
    held = np.array(
        [in_hold_out(name, terms.hold_out_share, terms.seed) for name in known["account_id"]]
    )
    chance = np.where(held, known["well_without"], known["well_with"])
    cases = [
        (_case(name, cause, held=bool(out), well=bool(u < p)), policy)
        for name, cause, out, u, p in zip(
            known["account_id"], known["cause"], held, uniforms, chance, strict=True
        )
    ]
    end = START + timedelta(days=HORIZON_DAYS + 2)
    found = outcomes(cases, end, hold_out_share=terms.hold_out_share, seed=terms.seed)
    rows = []
    for cause in TRAITS:
        mine = (known["cause"] == cause).to_numpy()
        effect = found["effects"].get(treatment_of(cause), {}).get(cause)
        if effect is None:
            continue
        part = known[mine]
        rows.append(
            {
                "cause": cause,
                "treatment": treatment_of(cause),
                "n_helped": int((mine & ~held).sum()),
                "n_held_out": int((mine & held).sum()),
                **effect,
                "truth": float((part["well_with"] - part["well_without"]).mean()),
                "covered": _covered(part, held[mine], random, terms.draws),
            }
        )
    return {"n_accounts": len(known), "hold_out_share": terms.hold_out_share, "rows": rows}


def _case(account: str, cause: str, *, held: bool, well: bool) -> Case:
    """Return an account's case: overdue, its cause, help unless it is held out, its future."""
    events: list[Event] = [
        WentOverdue(at=START, actor="trial", amount=AMOUNT, due=date(2026, 3, 2)),
        CauseConfirmed(at=START, actor="trial", trait=cause, answer="confirmed"),
    ]
    if not held:
        offered = START + timedelta(hours=1)
        events.append(HelpOffered(at=offered, actor="trial", treatment=treatment_of(cause)))
    if well:
        paid = START + timedelta(days=HORIZON_DAYS // 2)
        events.append(PaymentReceived(at=paid, actor="trial", amount=AMOUNT))
    return Case(f"case-{account}", account, "Asia/Shanghai", events=tuple(events))


def _covered(
    part: pd.DataFrame, held: np.ndarray, random: np.random.Generator, draws: int
) -> float | None:
    """Return how often the interval of a trial drawn again holds the true effect."""
    without, with_help = part["well_without"].to_numpy(), part["well_with"].to_numpy()
    if held.all() or not held.any() or not draws:
        return None
    truth, hits = float((with_help - without).mean()), 0
    chance = np.where(held, without, with_help)
    for _ in range(draws):
        well = random.random(len(part)) < chance
        gap = difference_of(
            share_of(int(well[~held].sum()), int((~held).sum())),
            share_of(int(well[held].sum()), int(held.sum())),
        )
        hits += gap.low is not None and gap.high is not None and gap.low <= truth <= gap.high
    return hits / draws
