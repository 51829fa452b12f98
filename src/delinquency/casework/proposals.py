"""Lawful, helpful proposals for one account, and for a portfolio of a hundred thousand.

``propose_one`` is the law: it asks ``check`` about every treatment, the contact and the legal
step of one account. ``propose`` gives the same for every account of a frame: accounts that the
rules cannot tell apart are asked about once, and amounts are worked out in arrays.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from delinquency.casework.account_facts import (
    AccountFacts,
    case_of,
    facts_with_case,
    first_due_after,
)
from delinquency.casework.actions import Call, OfferHelp, OfferPlan, TakeLegalStep
from delinquency.casework.case_file import Case
from delinquency.casework.check import check
from delinquency.casework.decision import Decision
from delinquency.casework.plan_options import (
    PlanOption,
    Situation,
    Terms,
    affordable_instalment,
    extension_option,
    instalments_option,
)
from delinquency.casework.relief import Relief, relief_options
from delinquency.casework.routing import (
    NEUTRAL_PATH,
    PLAN_TREATMENTS,
    Dominance,
    dominant_trait,
    treatments_for,
)
from delinquency.errors import CaseworkError
from delinquency.policy import Policy
from delinquency.traits import TRAITS

STEP_OF_TREATMENT: Mapping[str, str] = {
    "instalments": "H3",
    "extension": "H3",
    "hardship_reduction": "H3",
    "due_date_move": "H3",
    "consolidation": "H3",
    "written_terms": "H3",
    "grievance_resolution": "H5",
    "document_pack": "H5",
    "special_care": "H5",
    "await_promise": "H5",
    "nothing": "H5",
}
"""Handling step of a treatment; any other belongs to the reminder, or to asking before one."""


SPECIAL_CARE = "special_care"
"""Death, insolvency, fraud, a minor, a sale: a person takes the case, nothing is offered."""
WAIT = "await_promise"
"""A promised payment is not due yet: nothing is done before its day."""
NOTHING = "nothing"
"""Nothing is owed: nothing is proposed."""


@dataclass(frozen=True)
class Considered:
    """One action that was weighed for an account, and the policy's answer."""

    step: str
    action: str
    decision: Decision
    option: PlanOption | None = None


@dataclass(frozen=True)
class Proposal:
    """What is proposed for one account.

    Attributes
    ----------
    account_id : str
    policy : str
    pd_hat : float
    dominant_trait : str
    step : str
    action : str
        The treatment to offer first; always allowed in itself.
    contact : Decision
        Whether the customer may be contacted about it now, and if not, when.
    plan : PlanOption or None
    relief : Relief or None
        What is drawn up where no plan fits.
    considered : tuple of Considered
        Everything that was weighed, in order; the legal step last.
    facts : AccountFacts
        What it rests on, with what the store knows.
    payment_fits, plan_fits : bool
        Whether what is due can be afforded, and whether a plan can; False while the income is
        unknown.
    """

    account_id: str
    policy: str
    pd_hat: float
    dominant_trait: str
    step: str
    action: str
    contact: Decision
    plan: PlanOption | None
    relief: Relief | None
    considered: tuple[Considered, ...]
    facts: AccountFacts
    payment_fits: bool
    plan_fits: bool

    @property
    def then(self) -> tuple[str, ...]:
        """What else may be offered, in order."""
        return then_of(self.considered, self.action)

    @property
    def refused(self) -> tuple[str, ...]:
        """What may not be done, each with its rule."""
        return refused_of(self.considered)


def then_of(considered: tuple[Considered, ...], action: str) -> tuple[str, ...]:
    """Return what else than an action may be offered, in order."""
    return tuple(
        item.action
        for item in considered
        if item.decision.allowed and item.action != action and item.step != "H4"
    )


def refused_of(considered: tuple[Considered, ...]) -> tuple[str, ...]:
    """Return what may not be done, each with its rule."""
    return tuple(
        f"{item.action}: {item.decision.rule}" for item in considered if not item.decision.allowed
    )


@dataclass(frozen=True)
class ProposalTerms:
    """Choices of the lender for proposals: the terms of plans, and when a trait stands out."""

    terms: Terms = field(default_factory=Terms)
    dominance: Dominance = field(default_factory=Dominance)


def propose_one(
    facts: AccountFacts,
    policy: Policy,
    at: datetime,
    choices: ProposalTerms,
    *,
    case: Case | None = None,
) -> Proposal:
    """Return the proposal for one account; every action in it has passed ``check``.

    Parameters
    ----------
    facts : AccountFacts
    policy : Policy
    at : datetime
        With time zone: the moment for which "now" is answered.
    choices : ProposalTerms
    case : Case, optional
        The account's case in the store; what it says goes before the table.

    Returns
    -------
    Proposal
        Its action is always an offer of help: the legal step is weighed, and never proposed,
        because no person has given a reason for it.
    """
    if case is None:
        case = case_of(facts, at)
    else:
        facts = facts_with_case(facts, case, policy, at)
    trait = trait_of(facts, choices.dominance)
    considered, head = weigh(facts, trait, case=case, policy=policy, at=at, choices=choices)
    contact = check(Call(purpose=contact_purpose(facts, head)), case, policy, at)
    return Proposal(
        account_id=facts.account_id,
        policy=policy.name,
        pd_hat=facts.pd_hat,
        dominant_trait=trait,
        step=head.step,
        action=head.action,
        contact=contact,
        plan=head.option,
        relief=relief_for(facts, head.action, policy, at, choices),
        considered=considered,
        facts=facts,
        payment_fits=facts.residual_income is not None and not cannot_afford(facts, policy),
        plan_fits=_plan_fits(facts, policy, at, choices),
    )


def weigh(
    facts: AccountFacts,
    trait: str,
    *,
    case: Case,
    policy: Policy,
    at: datetime,
    choices: ProposalTerms,
) -> tuple[tuple[Considered, ...], Considered]:
    """Return everything that was weighed for an account, and what is offered first."""
    considered = [
        item
        for name in _treatments(facts, trait, policy)
        if (item := _weigh(name, facts, case, policy, at, choices)) is not None
    ]
    head = _head(facts, considered)
    if facts.days_past_due > 0:
        step = TakeLegalStep("letter")
        considered.append(Considered("H4", "legal_step", check(step, case, policy, at)))
    return tuple(considered), head


RELIEF = "hardship_reduction"
"""Relief, of the kind that ``relief_for`` draws up."""


def _head(facts: AccountFacts, considered: list[Considered]) -> Considered:
    """Return what is offered first: the first that is allowed."""
    return next(item for item in considered if item.decision.allowed)


def relief_for(
    facts: AccountFacts, action: str, policy: Policy, at: datetime, choices: ProposalTerms
) -> Relief | None:
    """Return the relief that is drawn up where relief is what is offered."""
    if action != RELIEF:
        return None
    options = relief_options(_situation(facts, at), policy, choices.terms)
    return options[0] if options else None


def trait_of(facts: AccountFacts, rule: Dominance) -> str:
    """Return the dominant trait; what the customer confirmed goes before what the model says."""
    if facts.confirmed_cause:
        if facts.confirmed_cause not in TRAITS:
            raise CaseworkError(
                f"confirmed_cause must be a trait. Got {facts.confirmed_cause!r};"
                f" known: {', '.join(TRAITS)}."
            )
        return facts.confirmed_cause
    if facts.stated_trait:
        return facts.stated_trait
    return dominant_trait(facts.contributions, facts.evidence, rule)


def cannot_afford(facts: AccountFacts, policy: Policy) -> bool:
    """Return whether what is due now is more than the customer can afford, as far as known."""
    most = affordable_instalment(facts.residual_income, policy)
    return most is not None and facts.payment_due > most


def _plan_fits(facts: AccountFacts, policy: Policy, at: datetime, choices: ProposalTerms) -> bool:
    """Return whether any plan can be afforded."""
    if facts.balance <= 0 or facts.residual_income is None:
        return False
    situation = _situation(facts, at)
    return (
        instalments_option(situation, policy, choices.terms).affordable
        or extension_option(situation, policy, choices.terms).affordable
    )


def _treatments(facts: AccountFacts, trait: str, policy: Policy) -> list[str]:
    """Return what is weighed for an account, in order: what is settled, ability, then the trait.

    Notes
    -----
    Whoever cannot afford the payment is offered what makes it affordable, whatever the trait.
    While the income is unknown and money is the question, the proposal is to ask.
    """
    if facts.stopped_by:
        return [SPECIAL_CARE]
    if facts.dispute:
        return ["grievance_resolution"]
    if facts.running_plan:
        return ["document_pack"]
    if facts.promised:
        return [WAIT]
    if facts.balance <= 0 and facts.overdue <= 0:
        return [NOTHING]
    tried = tuple(filter(None, facts.tried.split(";")))
    own = treatments_for(trait, tried=tried)
    if facts.autopay:
        own = [name for name in own if name != "autopay"]
    smaller = [name for name in own if name not in (*PLAN_TREATMENTS, RELIEF)]
    if facts.residual_income is None:
        money = facts.days_past_due > 0 or facts.hardship or set(own) & set(PLAN_TREATMENTS)
        first = [*NEUTRAL_PATH] if money else []
        return list(dict.fromkeys([*first, *smaller]))
    if cannot_afford(facts, policy) or facts.hardship:
        plans = [name for name in PLAN_TREATMENTS if name not in tried]
        return list(dict.fromkeys([*plans, RELIEF, *smaller]))
    # Who can pay needs no relief; a plan is weighed, and refused where the policy asks for need.
    own = [name for name in own if name != RELIEF]
    return list(dict.fromkeys([*own, *NEUTRAL_PATH]))


def _weigh(
    name: str,
    facts: AccountFacts,
    case: Case,
    policy: Policy,
    at: datetime,
    choices: ProposalTerms,
) -> Considered | None:
    """Return a treatment with the policy's answer, or None when it makes no sense here."""
    step = STEP_OF_TREATMENT.get(name, "H2" if facts.overdue > 0 else "H1")
    if name in (SPECIAL_CARE, WAIT, NOTHING):
        return Considered(step, name, check(OfferHelp("document_pack"), case, policy, at))
    if name not in PLAN_TREATMENTS:
        offer = OfferHelp(name)
        return Considered(step, name, check(offer, case, policy, at))
    if facts.balance <= 0 or (name == "extension" and facts.payment_due <= 0):
        return None
    residual = facts.residual_income
    situation = _situation(facts, at)
    weigh = instalments_option if name == "instalments" else extension_option
    option = weigh(situation, policy, choices.terms)
    if option.plan is None:
        return None
    action = OfferPlan(option.plan, residual, facts.payment_due)
    return Considered(step, name, check(action, case, policy, at), option)


def _situation(facts: AccountFacts, at: datetime) -> Situation:
    """Return what plans and relief are drawn up from."""
    return Situation(
        balance=facts.balance,
        payment_due=facts.payment_due,
        residual_income=facts.residual_income,
        first_due=first_due_after(at, facts.time_zone),
        hardship=facts.hardship,
    )


def contact_purpose(facts: AccountFacts, head: Considered) -> str:
    """Return why the customer would be contacted about what is offered first."""
    if facts.running_plan:
        return "plan"
    if head.action in ("grievance_resolution", SPECIAL_CARE, WAIT, NOTHING):
        return "reply"
    return "reminder" if head.step == "H2" else "help"


def summarise(
    considered: Mapping[tuple[str, str, str, bool, str], int], accounts: int
) -> dict[str, Any]:
    """Return the summary of a portfolio's proposals.

    Parameters
    ----------
    considered : mapping of (kind, step, action, allowed, rule) to count
        Kind is "proposed" for what is offered first and "weighed" for all that was weighed.
    accounts : int

    Returns
    -------
    dict
        n_accounts, by_step, by_action, refusals_by_rule, help_offered_before_step_4 (a share).
    """
    steps: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    helped = 0
    for (kind, step, action, allowed, rule), count in considered.items():
        if kind == "proposed":
            steps[step] += count
            actions[action] += count
            helped += count if step != "H4" else 0
        elif not allowed:
            refusals[f"{action}: {rule}"] += count
    return {
        "n_accounts": accounts,
        "by_step": dict(sorted(steps.items())),
        "by_action": dict(actions.most_common()),
        "refusals_by_rule": dict(refusals.most_common()),
        "help_offered_before_step_4": helped / accounts if accounts else 1.0,
        "neutral_path": sum(actions[name] for name in NEUTRAL_PATH),
    }
