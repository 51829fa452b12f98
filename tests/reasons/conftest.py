"""A column's meaning, small enough to write down in a test."""

from collections.abc import Callable
from typing import Any

import pytest

from delinquency.features.feature_description import FeatureMeaning

COLUMN: dict[str, Any] = {
    "name": "utilization_mean", "trait_key": "debt_burden", "direction": 1, "unit": "ratio",
    "phrase": "Share of the credit limit in use", "phrase_zh": "额度使用率", "actionable": True,
    "needs": (),
}  # fmt: skip


@pytest.fixture(scope="session")
def column_meaning() -> Callable[..., FeatureMeaning]:
    def make(**changes: Any) -> FeatureMeaning:
        return FeatureMeaning(**{**COLUMN, **changes})

    return make
