"""All features by name: importing this module registers the features of every trait."""

from delinquency.features import (  # noqa: F401  (importing a trait's module registers it)
    credit_record,
    debt_burden,
    economic_condition,
    repayment_capacity,
    repayment_willingness,
    spending_behavior,
)
from delinquency.features.catalogue import FEATURES

__all__ = ["FEATURES"]
