"""What became of help: cure, roll, kept plans and promises by treatment, with intervals.

A hold-out is drawn by a hash of the account's pseudonym, so that who is in it needs no list and
never changes. It withholds small help only from those who can pay; a plan or relief is never
withheld from anybody.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from delinquency.casework.case_file import Case
from delinquency.casework.case_view import view_of
from delinquency.casework.events import HelpOffered, PlanOffered
from delinquency.policy import Policy

HORIZON_DAYS = 90
"""How long after an offer its outcome is read."""
ROLL_DAYS = 30
"""Days past due by which arrears must have grown to count as rolled."""
Z_95 = 1.959964
HOLD_OUT = "hold_out"
NO_CAUSE = "not confirmed"


@dataclass(frozen=True)
class Share:
    """A share with its 95 % Wilson interval.

    Attributes
    ----------
    n, count : int
    share, low, high : float or None
        None without observations.
    """

    n: int
    count: int
    share: float | None
    low: float | None
    high: float | None


def share_of(count: int, n: int) -> Share:
    """Return a share and its Wilson interval.

    Notes
    -----
    centre = (p + z^2 / 2n) / (1 + z^2 / n);
    half = z sqrt(p (1 - p) / n + z^2 / 4n^2) / (1 + z^2 / n).

    References
    ----------
    Wilson (1927), J. Am. Stat. Assoc. 22.
    """
    if n == 0:
        return Share(0, 0, None, None, None)
    p, z2 = count / n, Z_95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Share(n, count, p, max(centre - half, 0.0), min(centre + half, 1.0))


@dataclass(frozen=True)
class Difference:
    """A difference of two shares with its 95 % Newcombe interval.

    Attributes
    ----------
    difference, low, high : float or None
        None where one side has no observations.
    """

    difference: float | None
    low: float | None
    high: float | None


def difference_of(treated: Share, other: Share) -> Difference:
    """Return the difference of two shares and its interval.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17: method 10, from two Wilson intervals.
    """
    if (
        treated.share is None
        or treated.low is None
        or treated.high is None
        or other.share is None
        or other.low is None
        or other.high is None
    ):
        return Difference(None, None, None)
    gap = treated.share - other.share
    low = gap - sqrt((treated.share - treated.low) ** 2 + (other.high - other.share) ** 2)
    high = gap + sqrt((treated.high - treated.share) ** 2 + (other.share - other.low) ** 2)
    return Difference(gap, low, high)


def in_hold_out(account_id: str, share: float, seed: int) -> bool:
    """Return whether an account belongs to the random hold-out of a seed.

    Examples
    --------
    >>> in_hold_out("C-1", 0.0, 7), in_hold_out("C-1", 1.0, 7)
    (False, True)
    """
    digest = hashlib.sha256(f"{seed}:{account_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


@dataclass(frozen=True)
class _Offer:
    """One offer of help, and what had become of it after the horizon."""

    treatment: str
    cause: str
    cured: bool
    rolled: bool


def _offers(case: Case, policy: Policy, at: datetime) -> list[_Offer]:
    """Return the first offer of each kind of help whose horizon is over."""
    found, seen = [], set()
    for event in case.events:
        if isinstance(event, HelpOffered):
            name = event.treatment
        elif isinstance(event, PlanOffered):
            name = event.plan_kind
        else:
            continue
        end = event.at + timedelta(days=HORIZON_DAYS)
        if name in seen or end > at:
            continue
        seen.add(name)
        before, after = view_of(case, policy, event.at), view_of(case, policy, end)
        if not before.late:
            continue
        found.append(
            _Offer(
                name,
                after.history.confirmed_cause or NO_CAUSE,
                cured=not after.late,
                rolled=after.days_overdue >= before.days_overdue + ROLL_DAYS,
            )
        )
    return found


def _untreated(case: Case, policy: Policy, at: datetime) -> list[_Offer]:
    """Return what became of arrears without any offer, from the day they were opened."""
    first = next((event for event in case.events if event.kind == "went_overdue"), None)
    if first is None or first.at + timedelta(days=HORIZON_DAYS) > at:
        return []
    end = first.at + timedelta(days=HORIZON_DAYS)
    before, after = view_of(case, policy, first.at), view_of(case, policy, end)
    return [
        _Offer(
            HOLD_OUT,
            after.history.confirmed_cause or NO_CAUSE,
            cured=not after.late,
            rolled=after.days_overdue >= before.days_overdue + ROLL_DAYS,
        )
    ]


def outcomes(
    cases: Iterable[tuple[Case, Policy]],
    at: datetime,
    *,
    hold_out_share: float = 0.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the outcomes of help in a store, in JSON's types.

    Parameters
    ----------
    cases : iterable of (Case, Policy)
    at : datetime
        Offers whose horizon is not over by then are left out, and counted.
    hold_out_share : float
        Share of accounts in the hold-out.
    seed : int
        Of the hold-out.

    Returns
    -------
    dict
        ``by_treatment`` (cured and rolled after ``HORIZON_DAYS``), ``plans`` and ``promises`` that
        were kept, ``effects`` against the hold-out, over all and by confirmed cause, and how many
        offers are ``too_early`` to tell.
    """
    offers: list[_Offer] = []
    plans: dict[str, list[str]] = {}
    promises: list[str] = []
    too_early = 0
    for case, policy in cases:
        held = in_hold_out(case.account_id, hold_out_share, seed)
        own = _offers(case, policy, at)
        too_early += sum(
            isinstance(e, HelpOffered | PlanOffered) and e.at + timedelta(days=HORIZON_DAYS) > at
            for e in case.events
        )
        offers += own if own or not held else _untreated(case, policy, at)
        history = view_of(case, policy, at).history
        for record in history.plan_records.values():
            if record.offer is not None and record.state in ("broken", "completed", "running"):
                plans.setdefault(record.offer.plan_kind, []).append(record.state)
        promises += [one.state for one in history.promises if one.state != "open"]
    treatments = sorted({one.treatment for one in offers})
    return {
        "horizon_days": HORIZON_DAYS,
        "by_treatment": {
            name: _row([one for one in offers if one.treatment == name]) for name in treatments
        },
        "plans": {
            kind: {
                "running": states.count("running"),
                "kept": asdict(share_of(states.count("completed"), _ended(states))),
            }
            for kind, states in sorted(plans.items())
        },
        "promises": {
            "kept": asdict(share_of(promises.count("kept"), len(promises))),
            "part_kept": promises.count("part_kept"),
            "broken": promises.count("broken"),
        },
        "effects": _effects(offers, treatments),
        "too_early": too_early,
    }


def _ended(states: list[str]) -> int:
    """Return how many plans have ended."""
    return sum(state != "running" for state in states)


def _row(offers: list[_Offer]) -> dict[str, Any]:
    """Return cure and roll of some offers."""
    n = len(offers)
    return {
        "cured": asdict(share_of(sum(one.cured for one in offers), n)),
        "rolled": asdict(share_of(sum(one.rolled for one in offers), n)),
    }


def _effects(offers: list[_Offer], treatments: list[str]) -> dict[str, Any]:
    """Return each treatment's cure rate less that of the hold-out, by cause and over all.

    Notes
    -----
    Help is chosen by cause, so over all causes the hold-out as a whole is no fair comparison: the
    difference is taken within each cause and weighted by whom the treatment was offered to, with
    the interval of a sum of independent differences. Causes without a hold-out are left out, and
    ``share_compared`` says how many of the offers the figure speaks of.

    References
    ----------
    Zou and Donner (2008), Statistics in Medicine 27: intervals of linear functions (MOVER).
    """
    causes = sorted({one.cause for one in offers})
    out: dict[str, Any] = {}
    for name in treatments:
        if name == HOLD_OUT:
            continue
        out[name] = {}
        strata: list[tuple[int, Difference]] = []
        n_all = sum(one.treatment == name for one in offers)
        for cause in causes:
            mine = [o for o in offers if o.treatment == name and o.cause == cause]
            other = [o for o in offers if o.treatment == HOLD_OUT and o.cause == cause]
            if mine and other:
                gap = difference_of(
                    share_of(sum(o.cured for o in mine), len(mine)),
                    share_of(sum(o.cured for o in other), len(other)),
                )
                out[name][cause] = asdict(gap)
                strata.append((len(mine), gap))
        if strata:
            n = sum(size for size, _ in strata)
            out[name]["all"] = {**asdict(_weighted(strata)), "share_compared": n / n_all}
    return out


def _weighted(strata: list[tuple[int, Difference]]) -> Difference:
    """Return the weighted difference over strata with its interval."""
    n = sum(size for size, _ in strata)
    gap = below = above = 0.0
    for size, one in strata:
        assert one.difference is not None and one.low is not None and one.high is not None
        gap += size / n * one.difference
        below += (size / n * (one.difference - one.low)) ** 2
        above += (size / n * (one.high - one.difference)) ** 2
    return Difference(gap, gap - sqrt(below), gap + sqrt(above))
