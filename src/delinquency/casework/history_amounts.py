"""How plans, promises, dues, payments and charges enter a case's history."""

from delinquency.casework.events import (
    ChargeMade,
    ChargeRefunded,
    Cured,
    PaymentReceived,
    PaymentReversed,
    PlanAccepted,
    PlanBroken,
    PlanCompleted,
    PlanOffered,
    PlanRefused,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    RefundMade,
    WentOverdue,
)
from delinquency.casework.history_state import Reading, reads
from delinquency.casework.plan_progress import (
    Payment,
    PlanRecord,
    Promise,
    missed_instalments,
)


@reads(PlanOffered)
def _(state: Reading, event: PlanOffered) -> None:
    state.plans[event.plan_id] = PlanRecord(event, "offered", event.at)
    state.offers.append((event.at, event.plan_kind))


@reads(PlanAccepted)
def _(state: Reading, event: PlanAccepted) -> None:
    known = state.plans.get(event.plan_id)
    offer = known.offer if known is not None else None
    state.plans[event.plan_id] = PlanRecord(offer, "running", event.at, event.at)
    state.heard(event.at)


def _move_plan(
    state: Reading,
    event: PlanAccepted | PlanRefused | PlanBroken | PlanCompleted,
    before: str,
    after: str,
) -> None:
    """Move a plan on from the one state in which that can happen."""
    known = state.plans.get(event.plan_id)
    if known is None or known.state != before:
        return
    state.plans[event.plan_id] = PlanRecord(known.offer, after, event.at, known.accepted_at)
    if after in ("refused", "broken"):
        state.ends.append(event.at)


# A refusal counts only of a plan that was offered: the gate of step 4 rests on it.
@reads(PlanRefused)
def _(state: Reading, event: PlanRefused) -> None:
    _move_plan(state, event, "offered", "refused")
    state.heard(event.at)


@reads(PlanBroken)
def _(state: Reading, event: PlanBroken) -> None:
    known = state.plans.get(event.plan_id)
    if known is None or known.state != "running":
        return
    missed, dated = missed_instalments(known, state.payments, on=state.day(event.at))
    # What is claimed counts only as far as instalments fell due and were not paid.
    if (min(event.missed, missed) if dated else event.missed) >= state.missed_max:
        _move_plan(state, event, "running", "broken")


@reads(PlanCompleted)
def _(state: Reading, event: PlanCompleted) -> None:
    _move_plan(state, event, "running", "completed")


@reads(PromiseMade)
def _(state: Reading, event: PromiseMade) -> None:
    state.promises[event.promise_id] = Promise(event.promise_id, event.at, event.amount, event.due)
    state.heard(event.at)


@reads(PromiseKept)
def _(state: Reading, event: PromiseKept) -> None:
    _end_promise(state, event.promise_id, "kept")


@reads(PromiseBroken)
def _(state: Reading, event: PromiseBroken) -> None:
    promise = state.promises.get(event.promise_id)
    # Before its day is over a promise cannot be broken.
    if promise is not None and state.day(event.at) > promise.due:
        _end_promise(state, event.promise_id, "broken")


def _end_promise(state: Reading, name: str, result: str) -> None:
    """Note what somebody recorded of a promise."""
    promise = state.promises.get(name)
    if promise is not None:
        state.promises[name] = Promise(
            name, promise.made_at, promise.amount, promise.due, result, promise.paid
        )


@reads(WentOverdue)
def _(state: Reading, event: WentOverdue) -> None:
    state.ledger.fall_overdue(event.at, event.due, event.amount, state.midnight(event.due))


@reads(Cured)
def _(state: Reading, event: Cured) -> None:
    state.ledger.end(event.at)


@reads(PaymentReceived)
def _(state: Reading, event: PaymentReceived) -> None:
    day = state.day(event.at)
    state.payments.append(Payment(event.at, day, event.amount, event.plan_id))
    state.ledger.pay(event.at, day, event.amount)


@reads(PaymentReversed)
def _(state: Reading, event: PaymentReversed) -> None:
    state.payments.append(Payment(event.at, state.day(event.at), -event.amount))
    state.ledger.take_back(event.at, event.amount)


@reads(RefundMade)
def _(state: Reading, event: RefundMade) -> None:
    state.ledger.refund(event.amount)


@reads(ChargeMade)
def _(state: Reading, event: ChargeMade) -> None:
    if event.charge == "late_fee" and event.due is None and state.ledger.missed:
        # Of before the due day was kept: it was for the newest payment missed by then.
        event = ChargeMade(
            at=event.at,
            actor=event.actor,
            charge=event.charge,
            amount=event.amount,
            overdue_principal=event.overdue_principal,
            days=event.days,
            repeated=event.repeated,
            due=max(state.ledger.missed),
        )
    state.charges.append(event)


@reads(ChargeRefunded)
def _(state: Reading, event: ChargeRefunded) -> None:
    state.refunds.append(event)
