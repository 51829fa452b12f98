"""R1 as typed rules: what may be charged on an overdue amount."""

from dataclasses import dataclass
from decimal import Decimal

from delinquency.policy.rule import Rule, ruled
from delinquency.policy.rule_names import HOLDS


@dataclass(frozen=True)
class ChargeRules:
    """R1: what may be charged on an overdue amount."""

    late_fee_rate_max: Rule[Decimal | None] = ruled(
        "number",
        "share",
        "Highest late fee, as a share of overdue principal, for each event.",
        optional=True,
        protects="low",
    )
    late_fee_first_max: Rule[Decimal | None] = ruled(
        "number", "currency", "Highest first late fee.", optional=True, protects="low"
    )
    late_fee_repeat_max: Rule[Decimal | None] = ruled(
        "number",
        "currency",
        "Highest late fee for a repeated violation.",
        optional=True,
        protects="low",
    )
    interest_rate_max: Rule[Decimal | None] = ruled(
        "number",
        "share",
        "Highest overdue interest on overdue principal, on the basis below.",
        optional=True,
        protects="low",
    )
    interest_basis: Rule[str] = ruled(
        "choice",
        "name",
        "annual: simple interest a year, actual days; absolute: of principal, however long.",
        choices=("annual", "absolute"),
    )
    days_in_year: Rule[int] = ruled(
        "whole",
        "days",
        "Days that a year counts in the annual basis.",
        minimum=Decimal(360),
        maximum=Decimal(366),
    )
    all_in_rate_max: Rule[Decimal | None] = ruled(
        "number",
        "share",
        "Highest annual rate of interest and fees together.",
        optional=True,
        protects="low",
    )
    all_in_applies: Rule[str] = ruled(
        "choice",
        "name",
        "Whether all_in_rate_max bounds each charge on its day, or the whole claim.",
        choices=("charge", "claim"),
    )
    late_fees_per_payment_max: Rule[int] = ruled(
        "whole", "fees", "Most late fees for one missed payment.", protects="low"
    )
    late_fee_within_payment: Rule[bool] = ruled(
        "flag", "yes or no", "Whether a late fee may not be more than the missed payment."
    )
    grace_days: Rule[int] = ruled(
        "whole",
        "days",
        "Days after the due day on which a payment still counts as on time.",
        protects="high",
    )
    grace_amount: Rule[Decimal] = ruled(
        "number", "currency", "Unpaid rest that still counts as paid.", protects="high"
    )
    due_on_business_day: Rule[bool] = ruled(
        "flag", "yes or no", "Whether a due day that is no business day moves to the next one."
    )
    military_rate_max: Rule[Decimal | None] = ruled(
        "number",
        "share",
        "Highest annual rate of interest and fees together during military service.",
        optional=True,
        protects="low",
    )
    stopped_by: Rule[tuple[str, ...]] = ruled(
        "names", "names", "What stops late fees and interest while it lasts.", choices=HOLDS
    )
