"""The commands of ``stage=case``: each takes the choices and gives an answer in JSON's types."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, get_type_hints

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
    Visit,
)
from delinquency.casework.decision import Decision
from delinquency.casework.events import event_from_dict
from delinquency.casework.plans import Plan, instalment_plan
from delinquency.errors import ChoiceError, unknown_name
from delinquency.options.case import CaseOptions
from delinquency.policy import Policy
from delinquency.records.casebook import Casebook, Moment
from delinquency.records.cases import all_cases, canonical_json, cases_of
from delinquency.records.clearing import clear_records
from delinquency.records.exchange import export_records, import_records, refresh_exports
from delinquency.records.keys import default_key_file, load_or_make_key, make_key
from delinquency.records.store import Store
from delinquency.records.views import case_view
from delinquency.registry import Registry

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
    )
}
"""What may be asked for, by name."""
_PLAN_NEEDS = ("balance", "months", "annual_rate", "first_due")


@dataclass(frozen=True)
class Desk:
    """What a command works with.

    Attributes
    ----------
    options : CaseOptions
    casebook : Casebook
    now : datetime
        With time zone.
    """

    options: CaseOptions
    casebook: Casebook
    now: datetime

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
            once = key.digest("once", self.options.actor, at, canonical_json(content))[:32]
        return Moment(self.now, self.options.actor, once)

    def need(self, name: str) -> Any:
        """Return a choice that this command cannot do without."""
        value = getattr(self.options, name)
        if not value:
            raise ChoiceError(f"case.do={self.options.do} needs case.{name}=...")
        return value


Command = Callable[[Desk], Any]
COMMANDS: Registry[Command] = Registry("case command")
"""The commands by name."""


def run_command(
    options: CaseOptions, *, url: str, policies: Mapping[str, Policy], now: datetime
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
        With time zone; used where the options name no moment.
    """
    key_file = Path(options.key_file).expanduser() if options.key_file else None
    if options.do == "key":
        return {"key_file": str(make_key(key_file or default_key_file()))}
    command = COMMANDS[options.do]
    store = Store(options.database or url, load_or_make_key(key_file))
    try:
        moment = datetime.fromisoformat(options.at) if options.at else now
        return command(Desk(options, Casebook(store, policies), moment))
    finally:
        store.close()


@COMMANDS.named("open")
def _open(desk: Desk) -> Any:
    """Open a case."""
    options = desk.options
    account = desk.need("account_id")
    # Without a name, an account has one case a day: asking twice opens one.
    moment = replace(desk.moment(), idempotency_key=options.once or f"opened-{desk.now.date()}")
    case_id = desk.casebook.open(
        account,
        moment,
        policy=options.policy,
        time_zone=options.time_zone,
        language=options.language,
    )
    return {"case_id": case_id}


@COMMANDS.named("record")
def _record(desk: Desk) -> Any:
    """Record what happened."""
    payload = dict(desk.need("event"))
    body = {
        "kind": payload.pop("kind", ""),
        "at": payload.pop("at", desk.now.isoformat()),
        "actor": desk.options.actor,
        "payload": payload,
    }
    event = event_from_dict(body)
    stored = desk.casebook.record(
        desk.need("case_id"),
        event,
        now=desk.now,
        idempotency_key=desk.moment(body).idempotency_key,
    )
    return {"sequence": stored.sequence, "kind": stored.kind}


@COMMANDS.named("ask")
def _ask(desk: Desk) -> Any:
    """Say whether an action is allowed now, and why not; changes nothing."""
    action = parse_action(desk.need("action"))
    days = desk.options.days_past_due
    decision = desk.casebook.ask(desk.need("case_id"), action, at=desk.now, days_past_due=days)
    return _answer(decision)


@COMMANDS.named("act")
def _act(desk: Desk) -> Any:
    """Do an action if it is allowed, and record it or the refusal."""
    raw = desk.need("action")
    attempt = desk.casebook.attempt(
        desk.need("case_id"),
        parse_action(raw),
        desk.moment(raw),
        days_past_due=desk.options.days_past_due,
    )
    answer = {} if attempt.decision is None else _answer(attempt.decision)
    recorded = {"sequence": attempt.event.sequence, "kind": attempt.event.kind}
    return {**answer, "allowed": attempt.allowed, "recorded": recorded}


@COMMANDS.named("show")
def _show(desk: Desk) -> Any:
    """Show a case as a role may see it."""
    return case_view(desk.casebook.store, desk.need("case_id"), role=desk.options.role)


@COMMANDS.named("list")
def _list(desk: Desk) -> Any:
    """List the cases, of one account or all."""
    account = desk.options.account_id
    with desk.casebook.store.reading() as connection:
        found = cases_of(connection, account) if account else tuple(all_cases(connection))
    return [{**asdict(case), "opened_at": case.opened_at.isoformat()} for case in found]


@COMMANDS.named("import")
def _import(desk: Desk) -> Any:
    """Import overdue records."""
    path = Path(desk.need("file")).expanduser()
    store = desk.casebook.store
    return asdict(import_records(store, path, own_lender=desk.options.lender, now=desk.now))


@COMMANDS.named("export")
def _export(desk: Desk) -> Any:
    """Export the overdue records that may be shared."""
    path = Path(desk.need("file")).expanduser()
    store, policy = desk.casebook.store, desk.policy
    n_records = export_records(store, path, policy=policy, as_of=desk.as_of, now=desk.now)
    return {"file": str(path), "n_records": n_records}


@COMMANDS.named("clear")
def _clear(desk: Desk) -> Any:
    """Clear the records whose day has come, and write the exports anew."""
    store, policy = desk.casebook.store, desk.policy
    cleared = clear_records(store, as_of=desk.as_of, policy=policy, now=desk.now)
    refreshed = refresh_exports(store, now=desk.now)
    return {**asdict(cleared), "exports_refreshed": [str(path) for path in refreshed]}


@COMMANDS.named("verify")
def _verify(desk: Desk) -> Any:
    """Say whether the audit chain and what it speaks of hold."""
    broken = desk.casebook.store.verify()
    return {"holds": broken is None, "first_broken": None if broken is None else asdict(broken)}


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
    except (TypeError, ValueError, InvalidOperation, KeyError) as error:
        raise ChoiceError(
            f"case.action: {name} needs {', '.join(known)} in the right form. Got: {error}."
        ) from None


def _read(value: Any, hint: Any) -> Any:
    """Return a value of the command line as the type of a field."""
    if value is None:
        return None
    if hint in (Decimal, Decimal | None):
        return Decimal(str(value))
    if hint is Plan:
        missing = [name for name in _PLAN_NEEDS if name not in value]
        if missing:
            raise ValueError(f"a plan without {', '.join(missing)}")
        return instalment_plan(
            Decimal(str(value["balance"])),
            months=int(value["months"]),
            annual_rate=Decimal(str(value["annual_rate"])),
            first_due=date.fromisoformat(str(value["first_due"])),
        )
    return value


def _answer(decision: Decision) -> dict[str, Any]:
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
    }
