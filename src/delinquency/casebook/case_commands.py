"""The commands of ``stage=case``: each takes the choices and gives an answer in JSON's types."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, get_type_hints

from delinquency.casebook.case_options import DEFAULT_POLICY, CaseOptions
from delinquency.casebook.case_store import Store
from delinquency.casebook.casebook import Casebook
from delinquency.casebook.clearing import clear_records
from delinquency.casebook.database import require_database
from delinquency.casebook.moments import Moment
from delinquency.casebook.pseudonym_keys import default_key_file, load_key, make_key
from delinquency.casebook.record_exchange import export_records, import_records, refresh_exports
from delinquency.casebook.rehearsal import is_rehearsal, mark_rehearsal
from delinquency.casebook.role_views import case_view, is_late_entry
from delinquency.casebook.stored_cases import all_cases, canonical_json, cases_of
from delinquency.casework.account_facts import AccountFacts
from delinquency.casework.actions import (
    Action,
    Call,
    Charge,
    Decline,
    Message,
    OfferHelp,
    OfferPlan,
    ShareRecord,
    TakeLegalStep,
    TransferDebt,
    Visit,
)
from delinquency.casework.decision import Decision
from delinquency.casework.event import read_amount
from delinquency.casework.events import event_from_dict
from delinquency.casework.history_reading import history_of
from delinquency.casework.plans import Plan, extension_plan, hardship_plan, instalment_plan
from delinquency.casework.proposals import ProposalTerms
from delinquency.errors import CaseworkError, ChoiceError, unknown_name
from delinquency.named_choices import Registry
from delinquency.policy import Policy

ACTIONS: Mapping[str, type[Action]] = {
    kind.name: kind
    for kind in (
        Call,
        Visit,
        Message,
        Charge,
        OfferPlan,
        OfferHelp,
        TakeLegalStep,
        Decline,
        ShareRecord,
        TransferDebt,
    )
}
"""What may be asked for, by name."""
_PLAN_NEEDS = ("balance", "months", "annual_rate", "first_due")


@dataclass(frozen=True)
class Knowledge:
    """What the commands may ask of the world outside the store.

    Attributes
    ----------
    facts_of : callable of account id
        What the data and the model say of an account, or None where nothing was made yet.
    choices : ProposalTerms
    hold_out : (float, int)
        Share of accounts in the random hold-out, and its seed.
    proposed_traits : callable
        Gives the dominant trait of each account that ``treat`` proposed for.
    """

    facts_of: Callable[[str], AccountFacts | None] = lambda account_id: None
    choices: ProposalTerms = field(default_factory=ProposalTerms)
    hold_out: tuple[float, int] = (0.0, 0)
    proposed_traits: Callable[[], Mapping[str, str]] = dict


@dataclass(frozen=True)
class CommandContext:
    """What a command works with.

    Attributes
    ----------
    options : CaseOptions
    casebook : Casebook
    now : datetime
        Moment of which is spoken, with time zone.
    clock : datetime
        Clock of the machine; in a rehearsal, the moment itself.
    knowledge : Knowledge
    """

    options: CaseOptions
    casebook: Casebook
    now: datetime
    clock: datetime
    knowledge: Knowledge

    @property
    def as_of(self) -> date:
        """The day of clearing and exports."""
        given = self.options.as_of
        return date.fromisoformat(given) if given else self.now.date()

    @property
    def policy(self) -> Policy:
        """The policy of clearing and exports."""
        policies = self.casebook.policies
        if self.options.policy not in policies:
            raise unknown_name("policy", self.options.policy, list(policies))
        return policies[self.options.policy]

    def moment(self, *content: object) -> Moment:
        """Return who acts and when; the write is named by what it writes, unless it has a name."""
        once = self.options.once
        if not once:
            key = self.casebook.store.key
            at = self.now.isoformat()
            text = canonical_json(content)
            once = key.digest("once", self.options.do, self.options.actor, at, text)[:32]
        return Moment(self.now, self.options.actor, once, self.clock)

    def need(self, name: str) -> Any:
        """Return a choice that this command cannot do without."""
        value = getattr(self.options, name)
        if not value:
            raise ChoiceError(f"case.do={self.options.do} needs case.{name}=...")
        return value


ONLY_LOOK = (
    *("ask", "show", "verify", "questions", "propose", "plans"),
    *("timeline", "worklist", "outcomes", "consolidation"),
)
"""Commands that have nothing to do in a store that is not there, and so never make one."""
OF_AN_OLDER_STORE = ("verify", "restored")
"""Commands that an older store, put back, must answer: what is wrong, and that it is meant."""
KEEP_THE_KEY = (
    "Keep a copy of this file apart from the store. Without it no pseudonym can be matched and "
    "no clearing carried out; with it pseudonyms can be linked to people. No other command makes "
    "a key."
)
Command = Callable[[CommandContext], Any]
COMMANDS: Registry[Command] = Registry("case command")
"""The commands by name."""


def run_command(
    options: CaseOptions,
    *,
    url: str,
    policies: Mapping[str, Policy],
    now: datetime,
    knowledge: Knowledge | None = None,
) -> Any:
    """Carry out a command of the casework store, and return its answer in JSON's types.

    Parameters
    ----------
    options : CaseOptions
    url : str
        Database, where the options name none.
    policies : mapping of str to Policy
        By name.
    now : datetime
        The machine's clock, with time zone: the moment of every write, and of what is done where
        the options name no moment. Only a rehearsal may set it.
    knowledge : Knowledge, optional

    Raises
    ------
    ChoiceError
        If ``case.at`` lies in the future.
    """
    from delinquency.casebook import casework_commands  # noqa: F401  (registers its commands)

    if not options.policy:
        options = replace(options, policy=DEFAULT_POLICY)
    key_file = Path(options.key_file).expanduser() if options.key_file else None
    if options.do == "key":
        return {"key_file": str(make_key(key_file or default_key_file())), "keep": KEEP_THE_KEY}
    command = COMMANDS[options.do]
    url = options.database or url
    if options.do in ONLY_LOOK and (options.case_id or options.do == "verify"):
        require_database(url)
    witness = Path(options.witness).expanduser() if options.witness else None
    store = Store(url, load_key(key_file), witness=witness)
    try:
        moment = datetime.fromisoformat(options.at) if options.at else now
        if options.rehearsal:
            mark_rehearsal(store, moment)
        clock = now
        if options.do not in OF_AN_OLDER_STORE:
            with store.reading() as connection:
                clock = moment if is_rehearsal(connection) else now
        if moment > clock:
            raise ChoiceError(
                f"case.at must not lie in the future: it is {clock.isoformat()}. Got {options.at}."
                " A rehearsal may set its clock: case.rehearsal=true with a database of its own."
            )
        book = Casebook(
            store, policies, options.lender, signers=frozenset(map(str, options.signers or ()))
        )
        return command(CommandContext(options, book, moment, clock, knowledge or Knowledge()))
    finally:
        store.close()


@COMMANDS.named("open")
def _open(context: CommandContext) -> Any:
    """Open a case."""
    options = context.options
    account = context.need("account_id")
    # Without a name, an account has one case a day: asking twice opens one.
    moment = replace(
        context.moment(), idempotency_key=options.once or f"opened-{context.now.date()}"
    )
    with context.casebook.store.reading() as connection:
        before = {case.case_id for case in cases_of(connection, account)}
    case_id = context.casebook.open(
        account,
        moment,
        policy=options.policy,
        time_zone=options.time_zone,
        language=options.language,
    )
    return {"case_id": case_id, "policy": options.policy, "joined": case_id in before}


@COMMANDS.named("record")
def _record(context: CommandContext) -> Any:
    """Record what happened."""
    payload = dict(context.need("event"))
    body = {
        "kind": payload.pop("kind", ""),
        "at": payload.pop("at", context.now.isoformat()),
        "actor": context.options.actor,
        "payload": payload,
    }
    event = event_from_dict(body)
    stored = context.casebook.record(
        context.need("case_id"),
        event,
        now=context.clock,
        idempotency_key=context.moment(body).idempotency_key,
    )
    return {
        "sequence": stored.sequence,
        "kind": stored.kind,
        "late_entry": is_late_entry(stored),
    }


@COMMANDS.named("ask")
def _ask(context: CommandContext) -> Any:
    """Say whether an action is allowed now, and why not; changes nothing."""
    action = with_known_income(context, parse_action(context.need("action")))
    days = context.options.days_past_due
    decision = context.casebook.ask(
        context.need("case_id"),
        action,
        at=context.now,
        days_past_due=days,
        actor=context.options.actor,
    )
    return answer_of(decision)


@COMMANDS.named("act")
def _act(context: CommandContext) -> Any:
    """Do an action if it is allowed, and record it or the refusal."""
    raw = context.need("action")
    attempt = context.casebook.attempt(
        context.need("case_id"),
        with_known_income(context, parse_action(raw)),
        context.moment(raw),
        days_past_due=context.options.days_past_due,
    )
    answer = {} if attempt.decision is None else answer_of(attempt.decision)
    recorded = {
        "sequence": attempt.event.sequence,
        "kind": attempt.event.kind,
        "late_entry": is_late_entry(attempt.event),
    }
    return {**answer, "allowed": attempt.allowed, "recorded": recorded}


def with_known_income(context: CommandContext, action: Action) -> Action:
    """Return the offer of a plan with the income that is known; a typed one never counts.

    Raises
    ------
    ChoiceError
        If neither the case nor the data say what is left each month.
    """
    if not isinstance(action, OfferPlan):
        return action
    case = context.casebook.case(context.need("case_id"))
    if history_of(case, context.now).budget is not None:
        return action  # The form is in the case, and goes before the claim.
    facts = context.knowledge.facts_of(case.account_id)
    if facts is None or facts.residual_income is None:
        raise ChoiceError(
            "What is left each month is not known: ask first, and record the answer as"
            " case.event={kind: budget_stated, income: '...', essentials: '...'}. A typed"
            " residual_income does not count."
        )
    return replace(action, residual_income=facts.residual_income)


@COMMANDS.named("show")
def _show(context: CommandContext) -> Any:
    """Show a case as a role may see it."""
    return case_view(context.casebook.store, context.need("case_id"), role=context.options.role)


@COMMANDS.named("list")
def _list(context: CommandContext) -> Any:
    """List the cases, of one account or all."""
    account = context.options.account_id
    with context.casebook.store.reading() as connection:
        found = cases_of(connection, account) if account else tuple(all_cases(connection))
    return [{**asdict(case), "opened_at": case.opened_at.isoformat()} for case in found]


@COMMANDS.named("import")
def _import(context: CommandContext) -> Any:
    """Import overdue records."""
    path = Path(context.need("file")).expanduser()
    store = context.casebook.store
    return asdict(
        import_records(store, path, own_lender=context.options.lender, now=context.clock)
    )


@COMMANDS.named("export")
def _export(context: CommandContext) -> Any:
    """Export the overdue records that may be shared."""
    path = Path(context.need("file")).expanduser()
    store, policy = context.casebook.store, context.policy
    n_records = export_records(store, path, policy=policy, as_of=context.as_of, now=context.clock)
    return {"file": str(path), "n_records": n_records}


@COMMANDS.named("clear")
def _clear(context: CommandContext) -> Any:
    """Clear the records whose day has come, and write the exports anew."""
    store, policy = context.casebook.store, context.policy
    cleared = clear_records(store, as_of=context.as_of, policy=policy, now=context.clock)
    refreshed = refresh_exports(store, now=context.clock)
    return {**asdict(cleared), "exports_refreshed": [str(path) for path in refreshed]}


@COMMANDS.named("verify")
def _verify(context: CommandContext) -> Any:
    """Say whether the audit chain and what it speaks of hold."""
    store = context.casebook.store
    broken = store.verify()
    end = store.end()
    return {
        "holds": broken is None,
        "first_broken": None if broken is None else asdict(broken),
        "entries": end.entries,
        "last_hash": end.last_hash,
        "witness": None if store.witness is None else str(store.witness.path),
        "key": store.key.fingerprint(),
    }


@COMMANDS.named("restored")
def _restored(context: CommandContext) -> Any:
    """Accept a backup that was put back on purpose as the newest state of the store."""
    return asdict(context.casebook.store.accept_restored(context.clock))


def parse_action(raw: Mapping[str, Any]) -> Action:
    """Return the action that a mapping describes.

    Parameters
    ----------
    raw : mapping
        ``name`` and the action's fields; amounts are best given as text. A plan is described by
        balance, months, annual_rate and first_due.

    Raises
    ------
    ChoiceError
        With the nearest name, or the fields that are missing or unknown.

    Examples
    --------
    >>> parse_action({"name": "offer_help", "treatment": "autopay"})
    OfferHelp(treatment='autopay', willingness_evidence=None)
    """
    values = {str(key): value for key, value in raw.items()}
    name = str(values.pop("name", ""))
    if name not in ACTIONS:
        raise unknown_name("action", name, list(ACTIONS))
    cls = ACTIONS[name]
    known = [item.name for item in fields(cls)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        listed = ", ".join(known) or "none"
        raise ChoiceError(f"case.action: {name} has no {', '.join(unknown)}. Known: {listed}.")
    hints = get_type_hints(cls, localns={"Plan": Plan})
    try:
        read = {key: _read(value, hints[key]) for key, value in values.items()}
        return cls(**read)
    except (TypeError, ValueError, InvalidOperation, KeyError, CaseworkError) as error:
        raise ChoiceError(
            f"case.action: {name} needs {', '.join(known)} in the right form. Got: {error}."
        ) from None


def _read(value: Any, hint: Any) -> Any:
    """Return a value of the command line as the type of a field."""
    if value is None:
        return None
    if hint in (Decimal, Decimal | None):
        return read_amount(str(value) if isinstance(value, float) else value)
    if hint is Plan:
        return _read_plan(value)
    if hint in (date, date | None):
        return date.fromisoformat(str(value))
    if hint is bool and not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {value!r}")
    return value


_PLAN_FORMS: Mapping[str, tuple[Callable[..., Plan], tuple[str, ...]]] = {
    "instalments": (instalment_plan, ("fee",)),
    "extension": (extension_plan, ()),
    "hardship_reduction": (hardship_plan, ("reduced_to", "reduced_months")),
}
"""How each kind of plan is drawn up, and what it takes beside the four parts of all."""


def _read_plan(raw: Any) -> Plan:
    """Return the plan that a mapping describes; an unknown key is never left out in silence."""
    if not isinstance(raw, Mapping):
        raise ValueError(f"a plan as a mapping, not {raw!r}")
    kind = str(raw.get("treatment", "instalments"))
    if kind not in _PLAN_FORMS:
        raise unknown_name("plan", kind, list(_PLAN_FORMS))
    draw_up, more = _PLAN_FORMS[kind]
    known = ("treatment", *_PLAN_NEEDS, *more)
    unknown = sorted(set(map(str, raw)) - set(known))
    if unknown:
        raise ValueError(f"a plan of {kind} with {', '.join(unknown)}; known: {', '.join(known)}")
    needed = [*_PLAN_NEEDS, *(name for name in more if name != "fee")]
    missing = [name for name in needed if name not in raw]
    if missing:
        raise ValueError(f"a plan of {kind} without {', '.join(missing)}")
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name in ("months", "reduced_months"):
            values[name] = int(value)
        elif name == "first_due":
            values[name] = date.fromisoformat(str(value))
        elif name not in ("treatment", "balance"):
            values[str(name)] = read_amount(str(value))
    return draw_up(read_amount(str(raw["balance"])), **values)


def answer_of(decision: Decision) -> dict[str, Any]:
    """Return a decision in JSON's types."""
    following = decision.next_allowed_at
    return {
        "action": decision.action,
        "allowed": decision.allowed,
        "rule": decision.rule,
        "rule_source": decision.rule_source,
        "reason": decision.reason,
        "next_allowed_at": None if following is None else following.isoformat(),
        "refusals": [
            {"rule": one.rule, "rule_source": one.rule_source, "reason": one.reason}
            for one in decision.refusals
        ],
        "flags": list(decision.flags),
    }
