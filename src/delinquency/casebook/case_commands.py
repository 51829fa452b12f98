"""The commands of ``stage=case``: each takes the choices and gives an answer in JSON's types."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from delinquency.atomic_files import PRIVATE, write_bytes
from delinquency.casebook.case_options import DEFAULT_POLICY, CaseOptions
from delinquency.casebook.case_store import Store
from delinquency.casebook.casebook import Casebook
from delinquency.casebook.clearing import clear_records
from delinquency.casebook.command_context import COMMANDS, CommandContext, Knowledge, answer_of
from delinquency.casebook.database import require_database
from delinquency.casebook.overdue_records import all_records
from delinquency.casebook.panel_records import bureau_rows
from delinquency.casebook.pseudonym_keys import default_key_file, load_key, make_key
from delinquency.casebook.record_exchange import export_records, import_records, refresh_exports
from delinquency.casebook.record_formats import json_schema, table_as_csv
from delinquency.casebook.rehearsal import is_rehearsal, mark_rehearsal
from delinquency.casebook.role_views import case_view, is_late_entry
from delinquency.casebook.stored_cases import all_cases, cases_of
from delinquency.casebook.typed_actions import parse_action
from delinquency.casework.actions import (
    Action,
    OfferPlan,
)
from delinquency.casework.events import event_from_dict
from delinquency.casework.history_reading import history_of
from delinquency.errors import ChoiceError
from delinquency.policy import Policy

ONLY_LOOK = (
    *("ask", "show", "verify", "questions", "propose", "plans"),
    *("timeline", "worklist", "outcomes", "consolidation", "schema"),
)
"""Commands that have nothing to do in a store that is not there, and so never make one."""
BUREAU_FORMS: Mapping[str, Callable[[pd.DataFrame], bytes]] = {
    ".csv": table_as_csv,
    ".parquet": lambda rows: rows.to_parquet(index=False),
}
"""Forms in which ``data=`` reads a bureau table."""
OF_AN_OLDER_STORE = ("verify", "restored")
"""Commands that an older store, put back, must answer: what is wrong, and that it is meant."""
KEEP_THE_KEY = (
    "Keep a copy of this file apart from the store. Without it no pseudonym can be matched and "
    "no clearing carried out; with it pseudonyms can be linked to people. No other command makes "
    "a key."
)


def run_command(
    options: CaseOptions,
    *,
    url: str,
    policies: Mapping[str, Policy],
    now: datetime,
    knowledge: Knowledge | None = None,
) -> object:
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
    from delinquency.casebook import (  # noqa: F401  (they register their commands)
        casework_commands,
        store_commands,
    )

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
def _open(context: CommandContext) -> object:
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
        time_zone=context.time_zone,
        language=options.language,
    )
    return {"case_id": case_id, "policy": options.policy, "joined": case_id in before}


@COMMANDS.named("record")
def _record(context: CommandContext) -> object:
    """Record what happened."""
    payload = dict(context.need_mapping("event"))
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
def _ask(context: CommandContext) -> object:
    """Say whether an action is allowed now, and why not; changes nothing."""
    action = with_known_income(context, parse_action(context.need_mapping("action")))
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
def _act(context: CommandContext) -> object:
    """Do an action if it is allowed, and record it or the refusal."""
    raw = context.need_mapping("action")
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
def _show(context: CommandContext) -> object:
    """Show a case as a role may see it."""
    return case_view(context.casebook.store, context.need("case_id"), role=context.options.role)


@COMMANDS.named("list")
def _list(context: CommandContext) -> object:
    """List the cases, of one account or all."""
    account = context.options.account_id
    with context.casebook.store.reading() as connection:
        found = cases_of(connection, account) if account else tuple(all_cases(connection))
    return [{**asdict(case), "opened_at": case.opened_at.isoformat()} for case in found]


@COMMANDS.named("import")
def _import(context: CommandContext) -> object:
    """Import overdue records."""
    path = Path(context.need("file")).expanduser()
    store = context.casebook.store
    return asdict(
        import_records(store, path, own_lender=context.options.lender, now=context.clock)
    )


@COMMANDS.named("export")
def _export(context: CommandContext) -> object:
    """Export the overdue records that may be shared."""
    path = Path(context.need("file")).expanduser()
    store, policy = context.casebook.store, context.policy
    n_records = export_records(store, path, policy=policy, as_of=context.as_of, now=context.clock)
    return {"file": str(path), "n_records": n_records}


@COMMANDS.named("bureau")
def _bureau(context: CommandContext) -> object:
    """Write what other lenders' records say as rows of the canonical bureau table."""
    path = Path(context.need("file")).expanduser()
    if path.suffix not in BUREAU_FORMS:
        raise ChoiceError(f"case.file must end in {', '.join(BUREAU_FORMS)}. Got {path.name!r}.")
    with context.casebook.store.reading() as connection:
        records = [one for one in all_records(connection) if one.lender != context.options.lender]
    rows = bureau_rows(records)
    write_bytes(BUREAU_FORMS[path.suffix](rows), path, mode=PRIVATE)
    return {"file": str(path), "records": len(records), "rows": len(rows)}


@COMMANDS.named("schema")
def _schema(context: CommandContext) -> object:
    """Show the JSON Schema of a row that is imported or exported."""
    return json_schema()


@COMMANDS.named("clear")
def _clear(context: CommandContext) -> object:
    """Clear the records whose day has come, and write the exports anew."""
    store, policy = context.casebook.store, context.policy
    cleared = clear_records(store, as_of=context.as_of, policy=policy, now=context.clock)
    refreshed = refresh_exports(store, now=context.clock)
    return {**asdict(cleared), "exports_refreshed": [str(path) for path in refreshed]}


@COMMANDS.named("verify")
def _verify(context: CommandContext) -> object:
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
def _restored(context: CommandContext) -> object:
    """Accept a backup that was put back on purpose as the newest state of the store."""
    return asdict(context.casebook.store.accept_restored(context.clock))
