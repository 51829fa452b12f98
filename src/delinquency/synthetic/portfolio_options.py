"""Choices of the synthetic portfolio."""

import re
from dataclasses import dataclass, field

from delinquency.errors import ChoiceError, unknown_name
from delinquency.sources.data_options import DataOptions


@dataclass(kw_only=True)
class SyntheticData(DataOptions):
    """The shipped portfolio, made by a generator whose causes are known.

    Examples
    --------
    >>> from delinquency import SyntheticData
    >>> SyntheticData(n_accounts=500, last_month="2024-06").tables[0]
    'statements'
    """

    name: str = "synthetic"
    kind: str = "synthetic"
    real: bool = False
    # Accounts alive in every month; one that is charged off or closed is replaced by a new one.
    n_accounts: int = 80_000
    # Months that are reported.
    n_months: int = 48
    # Last month that is reported, YYYY-MM.
    last_month: str = "2024-12"
    # Months that are simulated before the first reported one, so that records have a past.
    burn_in_months: int = 24
    # Seed of the portfolio; the same seed gives the same bytes.
    seed: int = 20_241
    # Tables that the lender is taken to have; statements and accounts always.
    tables: list[str] = field(
        default_factory=lambda: [
            "statements",
            "accounts",
            "cashflows",
            "bureau",
            "transactions",
            "contacts",
        ]
    )
    # Trait whose true effect is set to zero, to test for false blame; empty for none.
    placebo: str = ""
    # Trait -> factor on its true effect; a trait that is not named has 1.
    weights: dict[str, float] = field(default_factory=dict)
    # Added to the log-odds of missing a payment when current: -0.3 for a prime book.
    stress: float = 0.0
    # Accounts of the audit sample, for which the causal 12-month truth is computed.
    audit_accounts: int = 2_000
    # Simulated futures for each account of the audit sample.
    audit_paths: int = 400

    def __post_init__(self) -> None:
        super().__post_init__()
        floors = {
            "n_accounts": 1,
            "n_months": 2,
            "burn_in_months": 1,
            "seed": 0,
            "audit_accounts": 1,
            "audit_paths": 1,
        }
        for name, floor in floors.items():
            if getattr(self, name) < floor:
                raise ChoiceError(
                    f"data.{name} must be at least {floor}. Got {getattr(self, name)}."
                )
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", self.last_month):
            raise ChoiceError(f"data.last_month must be YYYY-MM. Got {self.last_month!r}.")
        known = ("statements", "accounts", "cashflows", "bureau", "transactions", "contacts")
        for name in self.tables:
            if name not in known:
                raise unknown_name("table in data.tables", name, known)
