"""Processes that write to a store.

One that prints each number once it is acknowledged: writer.py write URL CASE_ID FIRST LAST
Many at once:                                        writer.py crowd URL CASE_ID PROCESSES EVENTS
Many that make the same database at once:            writer.py make URL PROCESSES
Many that ask for calls at one moment: writer.py call URL CASE_ID PROCESSES CALLS POLICY MOMENT
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from delinquency.casebook.case_store import Store
from delinquency.casebook.casebook import Casebook
from delinquency.casebook.database import Database
from delinquency.casebook.moments import Moment
from delinquency.casebook.pseudonyms import Key
from delinquency.casebook.stored_cases import append_event
from delinquency.casework.actions import Call
from delinquency.policy import Policy, policy_from_dict

START = datetime(2026, 10, 31, 9, 30, tzinfo=UTC)


def write(url: str, case_id: str, writer: str, numbers: range) -> None:
    """Write one event for each number, each in a transaction of its own."""
    store = Store(url, Key(bytes(range(32))))
    for number in numbers:
        at = START + timedelta(seconds=number)
        body = {"kind": "note", "at": at.isoformat(), "writer": writer, "number": number}
        with store.writing(at) as journal:
            append_event(journal, case_id, body, idempotency_key=f"{writer}-{number}")
        print(number, flush=True)
    store.close()


def call(url: str, case_id: str, worker: str, n_calls: int, policy: Policy, at: datetime) -> None:
    """Ask for calls in a case, each under a name of its own."""
    casebook = Casebook(Store(url, Key(bytes(range(32)))), {policy.name: policy})
    for number in range(n_calls):
        casebook.attempt(case_id, Call(), Moment(at, "agent-7f3a", f"{worker}-{number}"))


def crowd(n_processes: int, work: Callable[[int], None]) -> bool:
    """Run ``work`` in so many processes at once, and return whether all of them succeeded.

    They are forked after the imports, which cost more than the writes.
    """
    children = []
    for k in range(n_processes):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                work(k)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    # Every child is waited for, the failed ones too.
    statuses = [os.waitpid(child, 0)[1] for child in children]
    return not any(statuses)


if __name__ == "__main__":
    mode, url, *rest = sys.argv[1:]
    if mode == "write":
        write(url, rest[0], "w", range(int(rest[1]), int(rest[2])))
        succeeded = True
    elif mode == "crowd":
        numbers = range(int(rest[2]))
        succeeded = crowd(int(rest[1]), lambda k: write(url, rest[0], f"w{k}", numbers))
    elif mode == "call":
        policy = policy_from_dict(yaml.safe_load(Path(rest[3]).read_text("utf-8")), rest[3])
        at = datetime.fromisoformat(rest[4])
        succeeded = crowd(
            int(rest[1]), lambda k: call(url, rest[0], f"w{k}", int(rest[2]), policy, at)
        )
    else:
        succeeded = crowd(int(rest[0]), lambda _: Database(url).close())
    sys.exit(not succeeded)
