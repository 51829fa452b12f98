"""Stage ``case``: the casework store, its cases, its overdue records, and their clearing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from delinquency.atomic_files import write_text
from delinquency.casebook.case_commands import run_command
from delinquency.casebook.case_options import CaseOptions
from delinquency.casebook.case_store import Store
from delinquency.casebook.casebook import Casebook
from delinquency.casebook.command_context import Knowledge
from delinquency.casebook.overdue_records import put_records
from delinquency.casebook.panel_records import Reporter, records_from_statements
from delinquency.casebook.pseudonym_keys import load_key
from delinquency.casebook.stored_cases import require_case
from delinquency.casework.case_view import view_of
from delinquency.casework.charges import check_charges
from delinquency.casework.communication import document_pack
from delinquency.config import Config
from delinquency.errors import ChoiceError, MissingArtifactError
from delinquency.pipeline.canonical_tables import ensure_tables, part_folders
from delinquency.pipeline.cleared_records import database_url, key_file
from delinquency.pipeline.exclusive_folders import alone_in
from delinquency.pipeline.policies import load_policies, policy_of
from delinquency.pipeline.stored_cases_of_accounts import opened_casebook
from delinquency.pipeline.treatments import facts_of_account, terms_of
from delinquency.reporting.document_pack import render_document_pack
from delinquency.workspace.artifacts import read_frame
from delinquency.workspace.progress import say, working

REPORT = "report"
"""The command that needs the tables of a data set, and so is not among the store's own."""
DOCUMENTS = "documents"
"""The command that writes a page, and so is not among the store's own either."""


def run(config: Config) -> None:
    """Carry out ``case.do`` and print the answer as JSON."""
    now = datetime.now(UTC)
    own = {REPORT: _report, DOCUMENTS: _documents}
    if config.case.do in own:
        answer: object = own[config.case.do](config, now)
    else:
        answer = run_command(
            case_options(config),
            url=database_url(config),
            policies=load_policies(config),
            now=now,
            knowledge=_knowledge(config, now),
        )
    say(json.dumps(answer, indent=2, ensure_ascii=False))


def case_options(config: Config) -> CaseOptions:
    """Return the choices of the command; what it does not say, the run's own choices decide."""
    zone = config.case.time_zone or config.treatment.time_zone
    policy = config.case.policy or policy_of(config).name
    return replace(config.case, policy=policy, time_zone=zone)


def _knowledge(config: Config, now: datetime) -> Knowledge:
    """Return what the commands may ask of data and model, read only when one asks."""
    options = config.treatment

    def traits() -> dict[str, str]:
        file = config.workspace.processed / "treatments.parquet"
        if not file.exists():
            return {}
        accounts = read_frame(file, made_by="treat")
        return dict(zip(accounts["account_id"], accounts["dominant_trait"], strict=True))

    return Knowledge(
        facts_of=lambda account_id: facts_of_account(config, account_id, now),
        choices=terms_of(config),
        hold_out=(options.hold_out_share, options.hold_out_seed),
        proposed_traits=traits,
    )


def _documents(config: Config, now: datetime) -> dict[str, object]:
    """Write the pack of documents of a case: statement, calculation, legal basis, consequences."""
    number = config.case.case_id
    if not number:
        raise ChoiceError("case.do=documents needs case.case_id=...")
    at = datetime.fromisoformat(config.case.at) if config.case.at else now
    with opened_casebook(config) as book:
        if not isinstance(book, Casebook):
            raise MissingArtifactError("There is no casework store yet: open a case first.")
        case = book.case(number)
        with book.store.reading() as connection:
            policy = book.policies[require_case(connection, number).policy]
        view = view_of(case, policy, at)
        lines = tuple(
            (f"Payment due on {one.due}", f"{one.due}应还款项", str(one.unpaid))
            for one in view.late
        )
        charges = check_charges(
            view.overdue,
            late_fee=view.history.charged("late_fee"),
            interest=view.history.charged("interest"),
            days=view.days_overdue,
            policy=policy,
        )
        pack = document_pack(case, policy, at, lines=lines, charges=charges)
        default = config.workspace.reports / "documents" / f"{number}.html"
        path = Path(config.case.file).expanduser() if config.case.file else default
        write_text(render_document_pack(pack, real=config.data.real), path)
    return {"file": str(path), "lines": len(lines), "policy": policy.name}


def _report(config: Config, now: datetime) -> dict[str, object]:
    """Put the overdue records of the data set's own statements into the store."""
    with alone_in(config, "stage=case case.do=report"):
        return _put_reported(config, now)


def currency_of(config: Config) -> str:
    """Return the currency of the statements that are reported.

    Raises
    ------
    ChoiceError
        If the command names another than the data set does.
    """
    named, own = config.case.currency, config.data.currency
    if named and own and named != own:
        raise ChoiceError(
            f"case.currency={named}, but the amounts of data={config.data.name} are in {own}."
            " Leave case.currency out."
        )
    return named or own or policy_of(config).currency


def _put_reported(config: Config, now: datetime) -> dict[str, object]:
    ensure_tables(config)
    options = config.case
    reporter = Reporter(
        lender=options.lender,
        currency=currency_of(config),
        source_name=config.data.name,
        received_on=now.date(),
        consent=options.consent,
    )
    store = Store(database_url(config), load_key(key_file(config)))
    counts: dict[str, int] = {}
    try:
        folders = part_folders(config)
        with working("reporting overdue records") as tick:
            for number, folder in enumerate(folders, start=1):
                path = folder / "statements.parquet"
                if not path.exists():
                    raise MissingArtifactError(
                        f"Overdue records are made from monthly statements; data="
                        f"{config.data.name} has none. Choose a data set that has."
                    )
                statements = read_frame(path, made_by="data")
                records = records_from_statements(statements, reporter)
                with store.writing(now) as journal:
                    put = put_records(journal, records, own_lender=options.lender)
                for name, count in vars(put).items():
                    counts[name] = counts.get(name, 0) + count
                tick(number, len(folders))
    finally:
        store.close()
    return {"put": counts}
