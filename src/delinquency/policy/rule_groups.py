"""The typed records of a policy: groups of rules, each field with what its value must be."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from delinquency.policy.rule import Hours, Rule, Specification, ruled

CHANNELS = ("phone", "sms", "email", "letter", "app", "visit")
"""How a customer may be reached."""

WRITTEN_CHANNELS = ("sms", "email", "letter", "app")
"""The channels that carry a text."""

HOLDS = (
    "death",
    "insolvency",
    "moratorium",
    "representation",
    "minor",
    "dispute",
    "fraud",
    "complaint",
    "illness",
    "vulnerability",
    "hardship",
    "military_service",
    "running_plan",
    "promise",
    "charge_off",
    "transfer",
    "paid",
)
"""What can hold in a case and stop something while it lasts."""

THIRD_PARTY_KINDS = ("related", "unrelated")
"""A third person whom the customer named, and any other."""

PLAN_CONTENTS = (
    "balance_structure_currency",
    "period_method_dates_amounts",
    "fees_and_interest_during_plan",
    "no_new_cards_promise",
    "rights_and_liabilities",
    "other_matters",
)
"""The six things that a written plan must contain (Measures on bank card business, art. 70)."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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
    stopped_by: Rule[tuple[str, ...]] = ruled(
        "names", "names", "What stops late fees and interest while it lasts.", choices=HOLDS
    )


@dataclass(frozen=True)
class ContactRules:
    """R2: when, how often and whom one may contact."""

    hours: Rule[Hours] = ruled("hours", "local time", "Hours in the customer's time zone.")
    hours_by_agreement: Rule[bool] = ruled(
        "flag",
        "yes or no",
        "Whether other hours hold where the customer has agreed to them.",
    )
    holidays_allowed: Rule[bool] = ruled(
        "flag", "yes or no", "Whether one may contact on public holidays."
    )
    conversations_per_day_max: Rule[int | None] = ruled(
        "whole", "conversations", "Most conversations a day.", optional=True, protects="low"
    )
    calls_per_7_days_max: Rule[int | None] = ruled(
        "whole",
        "calls",
        "Most calls, answered or not, in seven days.",
        optional=True,
        protects="low",
    )
    dials_per_number_per_day_max: Rule[int | None] = ruled(
        "whole",
        "dials",
        "Most unanswered dials to one number a day.",
        optional=True,
        protects="low",
    )
    messages_per_day_max: Rule[int | None] = ruled(
        "whole", "messages", "Most written messages a day.", optional=True, protects="low"
    )
    messages_per_7_days_max: Rule[int | None] = ruled(
        "whole", "messages", "Most written messages in 7 days.", optional=True, protects="low"
    )
    cool_off_after_conversation_days: Rule[int] = ruled(
        "whole", "days", "Rest from calls and visits after a conversation.", protects="high"
    )
    cool_off_after_heated_days: Rule[int] = ruled(
        "whole", "days", "Rest from calls and visits after a heated one.", protects="high"
    )
    third_party: Rule[str] = ruled(
        "choice",
        "name",
        "Whether anyone but the customer may be contacted, and only to restore contact.",
        choices=("never", "lost_contact_only", "location_only"),
    )
    lost_contact_dials: Rule[int] = ruled(
        "whole", "dials", "Failed dials after which contact counts as lost.", protects="high"
    )
    lost_contact_days: Rule[int] = ruled(
        "whole", "days", "Different days on which those dials failed.", protects="high"
    )
    channels: Rule[tuple[str, ...]] = ruled(
        "names", "names", "Channels that may be used.", choices=CHANNELS
    )
    consent_channels: Rule[tuple[str, ...]] = ruled(
        "names", "names", "Channels that need the customer's consent.", choices=CHANNELS
    )
    visit_staff_min: Rule[int] = ruled(
        "whole", "people", "Fewest staff on a visit.", protects="high"
    )
    reminders_stopped_by: Rule[tuple[str, ...]] = ruled(
        "names", "names", "What stops reminders and offers while it lasts.", choices=HOLDS
    )
    third_party_kinds: Rule[tuple[str, ...]] = ruled(
        "names", "names", "Third persons who may be asked at all.", choices=THIRD_PARTY_KINDS
    )
    third_party_calls_max: Rule[int | None] = ruled(
        "whole", "calls", "Most calls to one third person.", optional=True, protects="low"
    )
    work_allowed: Rule[bool] = ruled(
        "flag", "yes or no", "Whether the customer may be contacted at the place of work."
    )
    recording_retention_days: Rule[int] = ruled(
        "whole", "days", "How long a record of a contact is kept."
    )


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
