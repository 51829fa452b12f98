"""The typed records of a policy: groups of rules, each field with what its value must be."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from delinquency.policy.charge_rules import ChargeRules
from delinquency.policy.contact_rules import ContactRules
from delinquency.policy.rule import Rule, Specification, ruled
from delinquency.policy.rule_names import HOLDS, PLAN_CONTENTS, WEEKDAYS


@dataclass(frozen=True)
class PlanRules:
    """R5 and H3: which plans may be offered."""

    months_max: Rule[int | None] = ruled(
        "whole", "months", "Longest plan.", optional=True, minimum=Decimal(1)
    )
    annual_rate_max: Rule[Decimal | None] = ruled(
        "number",
        "share",
        "Highest yearly rate charged during a plan.",
        optional=True,
        protects="low",
    )
    fee_rate_max: Rule[Decimal] = ruled(
        "number", "share", "Highest set-up fee of a plan, of its balance.", protects="low"
    )
    affordability_share: Rule[Decimal] = ruled(
        "number",
        "share",
        "Share of residual income that an instalment may take.",
        protects="low",
        maximum=Decimal(1),
    )
    requires: Rule[tuple[str, ...]] = ruled(
        "names",
        "names",
        "What must hold for a personalised plan: the debt exceeds ability; will to repay.",
        choices=("unable", "willing"),
    )
    contents: Rule[tuple[str, ...]] = ruled(
        "names", "names", "What a written plan must contain.", choices=PLAN_CONTENTS
    )
    stops_collection: Rule[bool] = ruled(
        "flag", "yes or no", "Whether a running plan stops reminders and collection."
    )
    extension_months_max: Rule[int] = ruled(
        "whole", "months", "Longest extension of the due date of a whole balance."
    )
    due_date_move_days_max: Rule[int] = ruled(
        "whole", "days", "Furthest that the monthly due date may move.", maximum=Decimal(31)
    )
    hardship_reduction_max: Rule[Decimal] = ruled(
        "number",
        "share",
        "Largest reduction of the instalment while hardship lasts.",
        protects="high",
        maximum=Decimal(1),
    )
    hardship_months_max: Rule[int] = ruled(
        "whole", "months", "Longest hardship reduction.", protects="high"
    )
    broken_after_missed: Rule[int] = ruled(
        "whole",
        "instalments",
        "Missed instalments in a row after which a plan counts as broken.",
        minimum=Decimal(1),
        protects="high",
    )
    stops_charges: Rule[bool] = ruled(
        "flag", "yes or no", "Whether a running plan stops late fees and overdue interest."
    )
    cost_statement: Rule[bool] = ruled(
        "flag", "yes or no", "Whether a plan comes with a statement of everything it costs."
    )
    holiday_months_max: Rule[int] = ruled(
        "whole", "months", "Longest payment holiday.", protects="high"
    )
    freeze_months_max: Rule[int] = ruled(
        "whole", "months", "Longest freeze of interest and fees.", protects="high"
    )
    settlement_share_min: Rule[Decimal] = ruled(
        "number",
        "share",
        "Lowest share of the balance that a reduced settlement may ask for.",
        protects="low",
        maximum=Decimal(1),
    )


@dataclass(frozen=True)
class LegalRules:
    """H4: what must be true before a legal step."""

    days_past_due_min: Rule[int] = ruled(
        "whole", "days", "Days past due before a legal step.", protects="high"
    )
    contacts_min: Rule[int] = ruled(
        "whole", "contacts", "Documented contacts before a legal step.", protects="high"
    )
    contact_gap_days_min: Rule[int] = ruled(
        "whole", "days", "Days between the contacts that count.", protects="high"
    )
    plan_refused_or_broken: Rule[bool] = ruled(
        "flag", "yes or no", "Whether a plan must have been offered and refused or broken."
    )
    willingness_evidence_min: Rule[str] = ruled(
        "choice",
        "level",
        "Evidence needed that the customer can pay and will not.",
        choices=("none", "weak", "partial", "strong"),
    )
    blocked_by: Rule[tuple[str, ...]] = ruled(
        "names", "names", "What stops a legal step while it lasts.", choices=HOLDS
    )
    sign_off_required: Rule[bool] = ruled(
        "flag", "yes or no", "Whether the legal department must have signed."
    )
    human_reason_required: Rule[bool] = ruled(
        "flag", "yes or no", "Whether a person must record the reason."
    )
    reason_words_min: Rule[int] = ruled(
        "whole", "words", "Fewest words of a person's reason.", protects="high"
    )
    prior_notice_days: Rule[int] = ruled(
        "whole", "days", "Days from a written notice to a legal step.", protects="high"
    )
    time_barred_years: Rule[int | None] = ruled(
        "whole",
        "years",
        "Years after which a debt can no longer be sued for.",
        optional=True,
        protects="low",
    )
    transfer_blocked_by: Rule[tuple[str, ...]] = ruled(
        "names", "names", "What stops the sale of the debt while it lasts.", choices=HOLDS
    )


@dataclass(frozen=True)
class RecordRules:
    """R3 and R4: sharing and clearing of overdue records."""

    clear_mode: Rule[str] = ruled(
        "choice",
        "name",
        "on_cure: after the delay; after_years: so many years on; never: kept.",
        choices=("on_cure", "after_years", "never"),
    )
    clear_delay_days: Rule[int] = ruled(
        "whole", "days", "Days from the cure to the clearing (on_cure).", protects="low"
    )
    clear_years: Rule[int | None] = ruled(
        "whole", "years", "Years that a record is kept (after_years).", optional=True
    )
    clear_counted_from: Rule[str] = ruled(
        "choice",
        "name",
        "Where those years begin.",
        choices=("event_end", "delinquency_start"),
    )
    repair_amount_max: Rule[Decimal | None] = ruled(
        "number",
        "currency",
        "One-off repair: largest amount of a single overdue record.",
        optional=True,
    )
    repair_overdue_from: Rule[date | None] = ruled(
        "date", "date", "One-off repair: first day of the overdue records.", optional=True
    )
    repair_overdue_to: Rule[date | None] = ruled(
        "date", "date", "One-off repair: last day of the overdue records.", optional=True
    )
    repair_repaid_by: Rule[date | None] = ruled(
        "date", "date", "One-off repair: last day of full repayment.", optional=True
    )
    share_needs_consent: Rule[bool] = ruled(
        "flag", "yes or no", "Whether a record leaves the house only with consent."
    )
    repair_shown_from: Rule[date | None] = ruled(
        "date",
        "date",
        "One-off repair: first day on which a repaired record is gone.",
        optional=True,
    )
    notice_before_report: Rule[bool] = ruled(
        "flag", "yes or no", "Whether the customer is told before a record is shared."
    )


@dataclass(frozen=True)
class CommunicationRules:
    """H5: replies and the calendar they are counted in."""

    reply_business_days: Rule[int] = ruled(
        "whole", "business days", "Days in which a question is answered.", protects="low"
    )
    rest_days: Rule[tuple[str, ...]] = ruled(
        "names", "names", "Weekdays that are not business days.", choices=WEEKDAYS
    )
    holidays: Rule[tuple[date, ...]] = ruled(
        "dates", "dates", "Public holidays: neither business days nor, mostly, contact days."
    )
    calendar_years: Rule[tuple[int, ...]] = ruled(
        "years", "years", "Years whose holidays are listed; any other year is refused by name."
    )
    exchange_workdays: Rule[tuple[date, ...]] = ruled(
        "dates", "dates", "Weekend days that are worked in exchange for a holiday."
    )
    complaint_business_days: Rule[int] = ruled(
        "whole", "business days", "Days in which a complaint is answered.", protects="low"
    )
    validation_notice_days: Rule[int | None] = ruled(
        "whole",
        "days",
        "Days from the first contact in which the debt is set out in writing.",
        optional=True,
        protects="low",
    )


@dataclass(frozen=True)
class ReviewRules:
    """G1 and C1: what a person must do."""

    human_review: Rule[bool] = ruled(
        "flag", "yes or no", "Whether a decision with weight is reviewed by a person on request."
    )
    decline_needs_reason: Rule[bool] = ruled(
        "flag", "yes or no", "Whether a decline needs a reason that a person recorded."
    )


@dataclass(frozen=True)
class Policy:
    """A complete policy: what may be charged, when one may contact, which plans and legal steps.

    Attributes
    ----------
    name : str
        Name of its file.
    version : str
        Changes whenever a value changes.
    title, title_zh : str
        One line for people.
    jurisdiction : str
        "article", "CN", "US": where it means to apply.
    currency : str
        ISO 4217 code of the money amounts.
    """

    name: str
    version: str
    title: str
    title_zh: str
    jurisdiction: str
    currency: str
    charges: ChargeRules
    contact: ContactRules
    plan: PlanRules
    legal: LegalRules
    records: RecordRules
    communication: CommunicationRules
    review: ReviewRules

    @property
    def rules(self) -> tuple[Rule[Any], ...]:
        """Every rule, in the order of the groups."""
        return tuple(
            getattr(getattr(self, group), item.name)
            for group, record in GROUPS.items()
            for item in fields(record)
        )

    def rule(self, key: str) -> Rule[Any]:
        """Return the rule at a place such as "contact.hours".

        Raises
        ------
        KeyError
            If no rule stands there.
        """
        for rule in self.rules:
            if rule.key == key:
                return rule
        raise KeyError(key)


GROUPS: dict[str, Any] = {
    "charges": ChargeRules,
    "contact": ContactRules,
    "plan": PlanRules,
    "legal": LegalRules,
    "records": RecordRules,
    "communication": CommunicationRules,
    "review": ReviewRules,
}
"""The groups of rules, in the order of a policy file."""


def specifications() -> dict[str, Specification]:
    """Return what each rule must be, by its key, in the order of a policy file."""
    return {
        f"{group}.{item.name}": item.metadata["specification"]
        for group, record in GROUPS.items()
        for item in fields(record)
    }
