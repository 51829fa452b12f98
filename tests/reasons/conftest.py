"""A column's meaning, small enough to write down in a test."""

from dataclasses import dataclass

import pytest

from delinquency.traits import TRAITS, Trait


@dataclass(frozen=True)
class ColumnMeaning:
    name: str = "utilization_last"
    trait_key: str = "debt_burden"
    direction: int = 1
    unit: str = "ratio"
    phrase: str = "Share of the credit limit in use, latest"
    phrase_zh: str = "额度使用率（最近）"
    actionable: bool = True
    categories: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def trait(self) -> Trait:
        return TRAITS[self.trait_key]


@pytest.fixture(scope="session")
def column_meaning() -> type[ColumnMeaning]:
    return ColumnMeaning
