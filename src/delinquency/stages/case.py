"""Stage ``case``: the casework store, its cases, its overdue records, and their clearing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from delinquency.casebook.case_commands import run_command
from delinquency.casebook.case_options import CaseOptions
from delinquency.casebook.case_store import Store
from delinquency.casebook.overdue_records import put_records
from delinquency.casebook.panel_records import Reporter, records_from_statements
from delinquency.casebook.pseudonym_keys import load_key
from delinquency.config import Config
from delinquency.errors import MissingArtifactError
from delinquency.pipeline.canonical_tables import ensure_tables, part_folders
from delinquency.pipeline.cleared_records import database_url, key_file
from delinquency.pipeline.exclusive_folders import alone_in
from delinquency.pipeline.policies import load_policies, policy_of
from delinquency.workspace.artifacts import read_frame
from delinquency.workspace.progress import say, working

REPORT = "report"
"""The command that needs the tables of a data set, and so is not among the store's own."""


def run(config: Config) -> None:
    """Carry out ``case.do`` and print the answer as JSON."""
    now = datetime.now(UTC)
    if config.case.do == REPORT:
        answer = _report(config, now)
    else:
        url = database_url(config)
        answer = run_command(
            case_options(config), url=url, policies=load_policies(config), now=now
        )
    say(json.dumps(answer, indent=2, ensure_ascii=False))


def case_options(config: Config) -> CaseOptions:
    """Return the choices of the command; without a policy of its own, the chosen one decides."""
    if config.case.policy:
        return config.case
    return replace(config.case, policy=policy_of(config).name)


def _report(config: Config, now: datetime) -> dict[str, Any]:
    """Put the overdue records of the data set's own statements into the store."""
    with alone_in(config, "stage=case case.do=report"):
        return _put_reported(config, now)


def _put_reported(config: Config, now: datetime) -> dict[str, Any]:
    ensure_tables(config)
    options = config.case
    reporter = Reporter(
        lender=options.lender,
        currency=options.currency,
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
