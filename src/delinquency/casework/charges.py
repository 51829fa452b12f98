"""R1: what may be charged on an overdue amount, exactly, for one account and for many."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from delinquency.casework.decision import Refusal, refuse
from delinquency.casework.money import (
    cents_of_column,
    digits_of,
    floor_cents,
    from_units,
    to_units,
)
from delinquency.errors import CaseworkError
from delinquency.policy import Policy, Rule

SCAN_COLUMNS = ("account_id", "overdue_principal", "late_fee", "interest", "days")
"""What the portfolio scan reads; ``repeated`` may be added."""


@dataclass(frozen=True)
class ChargeCheck:
    """Whether charges hold the limits of a policy.

    Attributes
    ----------
    allowed : bool
    late_fee_max, interest_max, all_in_max : Decimal or None
        The most that may be charged, rounded down to the cent; None without such a limit.
    late_fee_excess, interest_excess, all_in_excess : Decimal
        What is charged beyond that; 0 when it holds.
    refusals : tuple of Refusal
        One for each limit that is broken.
    """

    allowed: bool
    late_fee_max: Decimal | None
    interest_max: Decimal | None
    all_in_max: Decimal | None
    late_fee_excess: Decimal
    interest_excess: Decimal
    all_in_excess: Decimal
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class _Limit:
    """One limit in whole cents, with the rule behind it."""

    what: str
    rule: Rule[Any]
    cents: int


def check_charges(
    overdue_principal: Decimal,
    *,
    late_fee: Decimal,
    interest: Decimal,
    days: int,
    policy: Policy,
    repeated: bool = False,
) -> ChargeCheck:
    """Return whether a late fee and interest on an overdue amount hold a policy's limits.

    Parameters
    ----------
    overdue_principal : Decimal
        Account currency. Zero or less (paid, or overpaid) allows no charge wherever a limit is a
        share of it.
    late_fee, interest : Decimal
        Account currency, at least 0.
    days : int
        Days over which the interest ran, at least 0.
    policy : Policy
    repeated : bool
        Whether the late fee is a repeated one.

    Returns
    -------
    ChargeCheck

    Raises
    ------
    CaseworkError
        If a charge is negative or no whole number of cents.

    Notes
    -----
    fee <= rate * principal; annual basis: interest <= rate * principal * days / 365, simple
    interest, actual days; absolute basis: interest <= rate * principal; all-in:
    (interest + fee) * 365 / (principal * days) <= rate. All of it in whole cents.

    Examples
    --------
    A fee of exactly 1 % of 1,000.00 holds a limit of 1 %; a cent more does not.
    """
    digits = digits_of(policy.currency)
    principal, fee, charged = (
        to_units(amount, digits) for amount in (overdue_principal, late_fee, interest)
    )
    for name, value in (("late_fee", fee), ("interest", charged), ("days", days)):
        if value < 0:
            raise CaseworkError(f"{name} must be >= 0. Got {value}.")
    limits = {
        limit.what: limit
        for limit in _limits(max(principal, 0), days=days, policy=policy, repeated=repeated)
    }
    asked = {"late_fee": fee, "interest": charged, "all_in": fee + charged}
    excess = {
        what: max(asked[what] - limits[what].cents, 0) if what in limits else 0 for what in asked
    }
    refusals = tuple(
        refuse(
            limits[what].rule,
            f"{_WORDS[what]} of {from_units(asked[what], digits)} on overdue principal"
            f" {overdue_principal} is {from_units(excess[what], digits)} above the"
            f" {from_units(limits[what].cents, digits)} that this rule allows.",
        )
        for what in asked
        if excess[what]
    )
    most = {
        what: from_units(limits[what].cents, digits) if what in limits else None for what in asked
    }
    return ChargeCheck(
        allowed=not refusals,
        late_fee_max=most["late_fee"],
        interest_max=most["interest"],
        all_in_max=most["all_in"],
        late_fee_excess=from_units(excess["late_fee"], digits),
        interest_excess=from_units(excess["interest"], digits),
        all_in_excess=from_units(excess["all_in"], digits),
        refusals=refusals,
    )


_WORDS = {"late_fee": "A late fee", "interest": "Interest", "all_in": "Interest and fee together"}


def _limits(principal: int, *, days: int, policy: Policy, repeated: bool) -> list[_Limit]:
    """Return the limits of a policy on one principal, in whole cents; the lower late fee wins."""
    rules = policy.charges
    year = rules.days_in_year.value
    fees = []
    if rules.late_fee_rate_max.value is not None:
        share = Fraction(rules.late_fee_rate_max.value)
        fees.append(_Limit("late_fee", rules.late_fee_rate_max, floor_cents(share * principal)))
    absolute = rules.late_fee_repeat_max if repeated else rules.late_fee_first_max
    if absolute.value is not None:
        # A fee in money still needs something overdue to be charged on.
        most = to_units(absolute.value, digits_of(policy.currency))
        fees.append(_Limit("late_fee", absolute, most if principal else 0))
    if rules.late_fee_within_payment.value:
        fees.append(_Limit("late_fee", rules.late_fee_within_payment, principal))
    limits = [min(fees, key=lambda limit: limit.cents)] if fees else []
    if rules.interest_rate_max.value is not None:
        rate = Fraction(rules.interest_rate_max.value)
        time = Fraction(days, year) if rules.interest_basis.value == "annual" else Fraction(1)
        cents = floor_cents(rate * principal * time)
        limits.append(_Limit("interest", rules.interest_rate_max, cents))
    if rules.all_in_rate_max.value is not None and rules.all_in_applies.value == "charge":
        rate = Fraction(rules.all_in_rate_max.value)
        cents = floor_cents(rate * principal * Fraction(days, year))
        limits.append(_Limit("all_in", rules.all_in_rate_max, cents))
    return limits


def scan_charges(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Return every violation of a policy's charge limits in a portfolio, with the excess.

    Parameters
    ----------
    frame : DataFrame, one row per account or charge
        ``SCAN_COLUMNS`` and, if known, ``repeated`` (0/1). Money in account currency, as floats
        that stand for cents.
    policy : Policy

    Returns
    -------
    DataFrame, one row per broken limit
        account_id, rule, rule_source, charged, allowed_most, excess (account currency), in the
        order of the accounts.

    Notes
    -----
    The same whole cents as ``check_charges``, in Python integers where 64 bits might not do.
    """
    missing = [name for name in SCAN_COLUMNS if name not in frame.columns]
    if missing:
        raise CaseworkError(f"The charge scan needs columns {', '.join(missing)}.")
    digits = digits_of(policy.currency)
    principal, fee, interest = (
        cents_of_column(frame[name].to_numpy(), name, digits)
        for name in ("overdue_principal", "late_fee", "interest")
    )
    principal = np.maximum(principal, 0)
    days = frame["days"].to_numpy(dtype="float64")
    if (fee < 0).any() or (interest < 0).any() or not (days >= 0).all():
        raise CaseworkError("late_fee, interest and days must be >= 0 in every row.")
    if (days != np.floor(days)).any():
        raise CaseworkError("days must be whole days in every row.")
    repeated = (
        frame["repeated"].to_numpy(dtype=bool)
        if "repeated" in frame
        else np.zeros(len(frame), bool)
    )
    parts = []
    for again in (False, True):
        rows = np.flatnonzero(repeated == again)
        if len(rows) == 0:
            continue
        for what, rule, most in _limit_columns(
            principal[rows], days[rows].astype("int64"), policy, repeated=again
        ):
            asked = {"late_fee": fee, "interest": interest, "all_in": fee + interest}[what][rows]
            over = np.flatnonzero(asked > most)
            parts.append(_violations(frame, rows[over], rule, (asked[over], most[over]), digits))
    found = pd.concat(parts, ignore_index=True) if parts else _violations_of_nothing()
    return found.sort_values("row", kind="stable", ignore_index=True).drop(columns="row")


def _limit_columns(
    principal: np.ndarray, days: np.ndarray, policy: Policy, *, repeated: bool
) -> list[tuple[str, Rule[Any], np.ndarray]]:
    """Return each limit over many principals, in whole cents rounded down."""
    rules = policy.charges
    year = rules.days_in_year.value
    out: list[tuple[str, Rule[Any], np.ndarray]] = []
    share = rules.late_fee_rate_max
    absolute = rules.late_fee_repeat_max if repeated else rules.late_fee_first_max
    fees: list[tuple[Rule[Any], np.ndarray]] = []
    if share.value is not None:
        fees.append((share, _scaled(principal, Fraction(share.value))))
    if absolute.value is not None:
        fixed = to_units(absolute.value, digits_of(policy.currency))
        fees.append((absolute, np.where(principal > 0, fixed, 0)))
    if rules.late_fee_within_payment.value:
        fees.append((rules.late_fee_within_payment, principal))
    if fees:
        # Only the lowest of several limits is cited, the first of equal ones.
        lowest = np.argmin(np.stack([most for _, most in fees]), axis=0)
        out += [
            ("late_fee", rule, np.where(lowest == place, most, _UNLIMITED))
            for place, (rule, most) in enumerate(fees)
        ]
    if rules.interest_rate_max.value is not None:
        rate = Fraction(rules.interest_rate_max.value)
        if rules.interest_basis.value == "annual":
            most = _scaled(principal, rate / year, times=days)
        else:
            most = _scaled(principal, rate)
        out.append(("interest", rules.interest_rate_max, most))
    if rules.all_in_rate_max.value is not None and rules.all_in_applies.value == "charge":
        rate = Fraction(rules.all_in_rate_max.value)
        out.append(("all_in", rules.all_in_rate_max, _scaled(principal, rate / year, times=days)))
    return out


_UNLIMITED = np.iinfo("int64").max


def _scaled(cents: np.ndarray, factor: Fraction, *, times: np.ndarray | None = None) -> np.ndarray:
    """Return floor(cents * factor * times) exactly."""
    if len(cents) == 0:
        return cents
    most = int(cents.max()) * factor.numerator * (1 if times is None else int(times.max()))
    if most > _UNLIMITED:
        cents = cents.astype(object)
    product = cents * factor.numerator
    if times is not None:
        product = product * times
    return (product // factor.denominator).astype("int64")


def _violations(
    frame: pd.DataFrame,
    rows: np.ndarray,
    rule: Rule[Any],
    amounts: tuple[np.ndarray, np.ndarray],
    digits: int,
) -> pd.DataFrame:
    """Return the violations of one rule as rows."""
    asked, most = amounts
    unit = 10.0**digits
    return pd.DataFrame(
        {
            "row": rows,
            "account_id": frame["account_id"].to_numpy()[rows],
            "rule": rule.key,
            "rule_source": rule.cited,
            "charged": asked / unit,
            "allowed_most": most / unit,
            "excess": (asked - most) / unit,
        }
    )


def _violations_of_nothing() -> pd.DataFrame:
    """Return the empty table of violations."""
    columns = ["row", "account_id", "rule", "rule_source", "charged", "allowed_most", "excess"]
    return pd.DataFrame(columns=columns)
