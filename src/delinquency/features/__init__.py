"""Features that mirror the six traits, one module a trait."""

from delinquency.features import (  # noqa: F401  (importing a trait's module registers it)
    credit_record,
    debt_burden,
    economic_condition,
    repayment_capacity,
    repayment_willingness,
    spending_behavior,
)
from delinquency.features.catalogue import FEATURES, Feature
from delinquency.features.matrix import build_features, coverage, select_features

__all__ = ["FEATURES", "Feature", "build_features", "coverage", "select_features"]
