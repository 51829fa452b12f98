"""The cases of the casework store, for the accounts of a portfolio."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from delinquency.casework.case_file import Case
from delinquency.config import Config
from delinquency.pipeline.cleared_records import database_url, has_store, key_file
from delinquency.pipeline.policies import load_policies


@dataclass(frozen=True)
class AccountCases:
    """What the store holds of the accounts.

    Attributes
    ----------
    open_cases : dict of account id to Case
        The newest case of each account that is not closed, with the events of its others.
    policies : dict of account id to str
        Name of the policy that each was opened under.
    n_cases : int
        All cases, closed ones included.
    """

    open_cases: dict[str, Case] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    n_cases: int = 0


@contextmanager
def opened_casebook(config: Config) -> Iterator[object]:
    """Give the casebook of the choices, or None where no store was ever made."""
    if not has_store(config):
        yield None
        return
    from delinquency.casebook.case_store import Store
    from delinquency.casebook.casebook import Casebook
    from delinquency.casebook.pseudonym_keys import load_key

    store = Store(database_url(config), load_key(key_file(config)))
    try:
        yield Casebook(store, load_policies(config), config.case.lender)
    finally:
        store.close()


def cases_of_accounts(config: Config) -> AccountCases:
    """Return the newest case of every account in the store; empty without a store."""
    from delinquency.casebook.casebook import Casebook

    with opened_casebook(config) as casebook:
        if not isinstance(casebook, Casebook):
            return AccountCases()
        found, policies = {}, {}
        everything = casebook.newest_cases()
        for stored, case in everything:
            found[case.account_id] = case
            policies[case.account_id] = stored.policy
        return AccountCases(found, policies, len(everything))
