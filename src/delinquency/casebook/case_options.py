"""Choices of the casework command: ``python -m delinquency stage=case case.do=<command> ...``."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from delinquency.errors import ChoiceError

_PASSWORD = re.compile(r"//[^/@]*:[^/@]*@")


DEFAULT_POLICY = "seed_2021"
"""Policy of a new case where neither policy=... nor case.policy says one."""


@dataclass
class CaseOptions:
    """What to do in the casework store, and with what."""

    # The command: key, open, record, ask, act, show, list, report, import, export, clear, verify,
    # restored, bureau, schema, questions, propose, plans, message, timeline, documents, promise,
    # worklist, outcomes, consolidation.
    do: str = "list"
    # URL of the store: sqlite:///FILE or postgresql://USER@HOST/NAME; empty: casework.db beside
    # the run database.
    database: str = ""
    # File that remembers the end of the audit log; empty: beside a SQLite database.
    witness: str = ""
    # File of the pseudonym key; empty: the variable DELINQUENCY_KEY, or the user's own folder.
    key_file: str = ""
    # Pseudonym of the account, to open a case, or to list its cases.
    account_id: str = ""
    # Number of the case, as `open` prints it.
    case_id: str = ""
    # Policy of a new case, and of clearing and exports; empty: the one chosen by policy=...
    policy: str = ""
    # IANA zone where the customer of a new case lives; empty: treatment.time_zone, or else that of
    # the policy's jurisdiction.
    time_zone: str = ""
    # Language that the customer of a new case reads: en or zh.
    language: str = "en"
    # What happened, to record: {kind: promise_kept, promise_id: pr-1}.
    event: Any = None
    # What is asked for: {name: call}, {name: offer_help, treatment: autopay}.
    action: Any = None
    # Approved text to fill in: {template: reminder, channel: letter, send: true}.
    message: Any = None
    # What the customer promises: {amount: "200", due: 2026-12-09}.
    promise: Any = None
    # Debts of a customer with several banks, to weigh one loan over all of them:
    # {months: 36, annual_rate: "0.12", debts: [{balance, instalment, annual_rate}, ...]}.
    debts: Any = None
    # Name of the lender in texts.
    lender_name: str = "Your bank"
    # Whether the store is for practice: then case.at sets its clock. The mark stays for ever.
    rehearsal: bool = False
    # Most items of the worklist; 0: all.
    capacity: int = 0
    # Pseudonyms of who may sign for a legal step or approve a text; empty: any other person.
    signers: Any = None
    # Days past due now, where no event of the case says since when.
    days_past_due: int = 0
    # Pseudonym of who acts.
    actor: str = "unnamed"
    # Role that the case is shown to: analyst, manager, auditor.
    role: str = "manager"
    # Moment of what happened, ISO 8601 with zone, never in the future; empty: now. The moment of
    # the write is the machine's: an earlier moment shows as a late entry.
    at: str = ""
    # Name of this write: the same again repeats nothing; empty: made from what is written.
    once: str = ""
    # File to import or export: .csv, .jsonl, .parquet.
    file: str = ""
    # Code of the lender whose store this is.
    lender: str = "own"
    # Currency of the records that `report` makes of the statements, an ISO 4217 code; empty: that
    # of the data set, or the policy's where the data set names none.
    currency: str = ""
    # Whether the customers of those records agreed to sharing.
    consent: bool = False
    # Day of clearing and exports, YYYY-MM-DD; empty: today.
    as_of: str = ""

    def __post_init__(self) -> None:
        for name in ("event", "action", "message", "promise", "debts"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, dict):
                raise ChoiceError(f"case.{name} must be a mapping such as {{name: call}}.")
        if self.signers is not None and not isinstance(self.signers, list):
            raise ChoiceError("case.signers must be a list such as [legal-1,legal-2].")
        if self.days_past_due < 0:
            raise ChoiceError(f"case.days_past_due must be >= 0. Got {self.days_past_due}.")
        if _PASSWORD.search(self.database):
            # The choices are kept with every model; a password would be kept with them.
            raise ChoiceError(
                "case.database must not hold a password (it is not shown here). "
                "Mend: leave it out and use PostgreSQL's own password file (PGPASSFILE)."
            )
        _parse(self.at, datetime.fromisoformat, "case.at", "2026-10-31T09:30+08:00")
        _parse(self.as_of, date.fromisoformat, "case.as_of", "2026-10-31")
        if self.at and datetime.fromisoformat(self.at).tzinfo is None:
            raise ChoiceError(
                f"case.at must have a time zone. Got {self.at!r}. Mend: add +08:00 or Z."
            )


def _parse(text: str, read: Any, key: str, example: str) -> None:
    """Raise when a text is neither empty nor what it should be."""
    try:
        if text:
            read(text)
    except ValueError:
        raise ChoiceError(f"{key} must look like {example!r}. Got {text!r}.") from None
