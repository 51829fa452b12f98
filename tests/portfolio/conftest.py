import pytest

from delinquency.options.data import SyntheticData
from delinquency.portfolio import generate


def small(**choices):
    settings = {"name": "synthetic", "n_accounts": 300, "n_months": 30, "seed": 5} | choices
    return SyntheticData(**settings)


@pytest.fixture(scope="session")
def options():
    return small()


@pytest.fixture(scope="session")
def tables(options):
    return generate(options)
