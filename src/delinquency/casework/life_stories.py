"""Sixteen cases of ordinary life: what happened, and what is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

REASON = "Two plans were refused although the income covers them."
Told = tuple[str, int, dict[str, Any]]
"""An event: its kind, how many days ago, and its fields."""


@dataclass(frozen=True)
class LifeCase:
    """One case of ordinary life.

    Attributes
    ----------
    name : str
    words : str
        What happened, in a sentence.
    trait : str
        What the model names.
    events : tuple of Told
    residual_income : str or None
        Left each month; None while unknown.
    text : str
        The approved text that is said.
    call : mapping
        Fields of the call that is asked for.
    owed : str
        Balance of the account.
    """

    name: str
    words: str
    trait: str
    events: tuple[Told, ...]
    residual_income: str | None = "900"
    text: str = "reminder"
    call: Mapping[str, str] = field(default_factory=dict)
    owed: str = "6000"


def _overdue(days: int, amount: str = "600") -> Told:
    """Return a missed payment whose due day was so many days ago."""
    return "went_overdue", days, {"amount": Decimal(amount), "due_days_ago": days + 1}


LIFE_CASES: tuple[LifeCase, ...] = (
    LifeCase(
        "job loss",
        "Work was lost; 150 is left each month.",
        "economic_condition",
        (
            _overdue(30),
            ("hardship_declared", 10, {"reason": "loss of work"}),
            ("cause_confirmed", 10, {"trait": "economic_condition", "answer": "confirmed"}),
        ),
        residual_income="150",
        text="plan_offer",
    ),
    LifeCase(
        "illness",
        "The customer is in hospital; nothing is left each month.",
        "repayment_capacity",
        (_overdue(30), ("illness_reported", 5, {}), ("vulnerability_flagged", 5, {})),
        residual_income="0",
        text="relief_offer",
    ),
    LifeCase(
        "death",
        "The customer has died.",
        "repayment_capacity",
        (_overdue(30), ("customer_died", 3, {})),
        text="bereavement",
    ),
    LifeCase(
        "fraud",
        "The customer says that somebody else used the card.",
        "spending_behavior",
        (_overdue(30), ("fraud_reported", 3, {"report_id": "f-1"})),
        text="fraud_received",
    ),
    LifeCase(
        "bankruptcy",
        "A bankruptcy was opened.",
        "debt_burden",
        (_overdue(100), ("insolvency_opened", 3, {"proceeding": "bankruptcy"})),
        text="insolvency_received",
    ),
    LifeCase(
        "work calls",
        "The customer asked not to be called at work; the call would ring there.",
        "credit_record",
        (_overdue(30), ("contact_stopped", 3, {"channel": "work"})),
        call={"place": "work"},
        text="contact_stopped",
    ),
    LifeCase(
        "lawyer",
        "A lawyer acts for the customer.",
        "repayment_willingness",
        (_overdue(30), ("representative_appointed", 3, {"representative_id": "office-1"})),
    ),
    LifeCase(
        "willing, unable",
        "The payment is more than what is left; a plan fits.",
        "credit_record",
        (_overdue(30),),
        residual_income="200",
        text="plan_offer",
    ),
    LifeCase(
        "able, unwilling",
        "The income covers the payment; two plans were refused, a person assessed the case.",
        "repayment_willingness",
        (
            _overdue(110),
            ("plan_offered", 100, {"plan_id": "p-1"}),
            ("plan_refused", 95, {"plan_id": "p-1"}),
            ("message_sent", 90, {"channel": "letter", "text_id": "t"}),
            ("message_sent", 40, {"channel": "letter", "text_id": "t"}),
            ("willingness_assessed", 9, {"evidence": "strong", "reason": REASON}),
            ("sign_off_given", 8, {"sign_off_id": "s-1", "actor": "legal-1"}),
        ),
        residual_income="4000",
        text="legal_consequences",
    ),
    LifeCase(
        "several banks",
        "Debts elsewhere take what is left.",
        "debt_burden",
        (
            _overdue(30),
            (
                "budget_stated",
                3,
                {
                    "income": Decimal(3000),
                    "essentials": Decimal(1800),
                    "other_debts": Decimal(1180),
                },
            ),
        ),
        text="relief_offer",
    ),
    LifeCase(
        "bank holiday",
        "The due day was yesterday, a Sunday: a payment is on time today.",
        "credit_record",
        (("went_overdue", 0, {"amount": Decimal(600), "due_days_ago": 1}),),
    ),
    LifeCase(
        "broken promises",
        "Two promised payments did not come.",
        "repayment_willingness",
        (
            _overdue(60),
            ("promise_made", 40, {"promise_id": "a", "amount": Decimal(300), "due_in": 10}),
            ("promise_made", 20, {"promise_id": "b", "amount": Decimal(300), "due_in": 10}),
        ),
        text="promise_missed",
    ),
    LifeCase(
        "relapse",
        "Earlier arrears had opened the gate and were paid; these are new.",
        "repayment_willingness",
        (
            _overdue(400),
            ("plan_offered", 390, {"plan_id": "p-1"}),
            ("plan_refused", 380, {"plan_id": "p-1"}),
            ("conversation_held", 370, {"channel": "phone"}),
            ("conversation_held", 330, {"channel": "phone"}),
            ("willingness_assessed", 320, {"evidence": "strong", "reason": REASON}),
            ("sign_off_given", 319, {"sign_off_id": "s-1", "actor": "legal-1"}),
            ("cured", 300, {"on_days_ago": 300}),
            _overdue(100),
        ),
        residual_income="4000",
    ),
    LifeCase(
        "overpaid",
        "More was paid than was overdue.",
        "credit_record",
        (_overdue(30), ("payment_received", 3, {"amount": Decimal(900)})),
        owed="-300",
        text="overpaid",
    ),
    LifeCase(
        "charge-off",
        "The debt was charged off; the customer still owes it.",
        "repayment_capacity",
        (_overdue(200), ("charged_off", 3, {"amount": Decimal(6000)})),
        residual_income="200",
        text="plan_offer",
    ),
    LifeCase(
        "guarantor",
        "Somebody guarantees the debt; the call would go there.",
        "repayment_capacity",
        (_overdue(100), ("guarantor_named", 90, {"guarantor_id": "g-1"})),
        residual_income="200",
        call={"party": "guarantor"},
        text="guarantor_notice",
    ),
)
"""The life cases, in the order of the table."""
