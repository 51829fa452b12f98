"""The commands of ``stage=case`` over many cases or debts: worklist, outcomes, consolidation."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal

from delinquency.casebook.command_context import (
    COMMANDS,
    CommandContext,
    amount_of,
    in_plain_types,
    require_keys,
)
from delinquency.casework.account_facts import first_due_after
from delinquency.casework.causes import feedback_on_model
from delinquency.casework.consolidation import Debt, weigh_consolidation
from delinquency.casework.measured_chances import (
    Chances,
    chances_of,
    value_words,
    with_measured,
)
from delinquency.casework.plans import LONGEST
from delinquency.casework.treatment_outcomes import outcomes
from delinquency.casework.worklist import in_order, items_of_case
from delinquency.errors import ChoiceError

_DEBT_KEYS = ("months", "annual_rate", "debts")
_ONE_DEBT = ("balance", "instalment", "annual_rate")


@COMMANDS.named("worklist")
def _worklist(context: CommandContext) -> object:
    """List what the cases ask for, by urgency."""
    book = context.casebook
    items = [
        item
        for stored, case in book.newest_cases()
        for item in items_of_case(case, book.policies[stored.policy], context.now)
    ]
    return [in_plain_types(asdict(item)) for item in in_order(items, context.options.capacity)]


@COMMANDS.named("outcomes")
def _outcomes(context: CommandContext) -> object:
    """Say what became of help: cure, roll, kept plans and promises, effects, and the feedback."""
    book = context.casebook
    cases = [(case, book.policies[stored.policy]) for stored, case in book.newest_cases()]
    share, seed = context.knowledge.hold_out
    found = outcomes(cases, context.now, hold_out_share=share, seed=seed)
    traits = context.knowledge.proposed_traits()
    feedback = feedback_on_model(
        (traits[case.account_id], case.events) for case, _ in cases if case.account_id in traits
    )
    chances = chances_so_far(context, context.knowledge.choices.terms.recovery_months)
    return {
        **found,
        "chances": asdict(chances),
        "values_are": value_words(with_measured(context.knowledge.choices.terms, chances)),
        "model_was_right": feedback,
    }


def _yearly_rate(raw: object) -> Decimal:
    """Return a yearly rate as a share; a number of per cent is refused, not taken for one."""
    rate = amount_of("debts.annual_rate", raw)
    if not 0 <= rate <= 1:
        raise ChoiceError(f"annual_rate is a share of a year: 0.12 for 12 %. Got {raw}.")
    return rate


@COMMANDS.named("consolidation")
def _consolidation(context: CommandContext) -> object:
    """Weigh one loan over a customer's debts at several banks: advice, never a sale."""
    given = context.need_mapping("debts")
    require_keys("debts", given, _DEBT_KEYS)
    missing = [name for name in _DEBT_KEYS if name not in given]
    if missing:
        raise ChoiceError(f"case.debts needs {', '.join(missing)}.")
    debts = []
    each = given["debts"]
    if not isinstance(each, list) or not all(isinstance(one, Mapping) for one in each):
        raise ChoiceError(f"case.debts.debts must be a list of {{{', '.join(_ONE_DEBT)}}}.")
    for one in each:
        require_keys("debts.debts", one, _ONE_DEBT)
        lacking = [name for name in _ONE_DEBT if name not in one]
        if lacking:
            raise ChoiceError(f"Each of case.debts.debts needs {', '.join(lacking)}.")
        debts.append(
            Debt(
                amount_of("debts.balance", one["balance"]),
                amount_of("debts.instalment", one["instalment"]),
                _yearly_rate(one["annual_rate"]),
            )
        )
    months = str(given["months"])
    if not months.isdecimal() or not 1 <= int(months) <= LONGEST:
        raise ChoiceError(f"case.debts.months must be 1 to {LONGEST}. Got {months}.")
    found = weigh_consolidation(
        tuple(debts),
        annual_rate=_yearly_rate(given["annual_rate"]),
        months=int(months),
        first_due=first_due_after(context.now, context.time_zone),
    )
    return {name: in_plain_types(value) for name, value in asdict(found).items()}


def chances_so_far(context: CommandContext, months: int) -> Chances:
    """Return what the store's cases say of kept instalments and of recovery without a plan."""
    book = context.casebook
    cases = ((case, book.policies[stored.policy]) for stored, case in book.newest_cases())
    return chances_of(cases, context.now, recovery_months=months)
