import pytest

from delinquency.synthetic.generator import generate_portfolio
from delinquency.synthetic.portfolio_options import SyntheticData


def small(**choices):
    settings = {"name": "synthetic", "n_accounts": 300, "n_months": 30, "seed": 5} | choices
    return SyntheticData(**settings)


@pytest.fixture(scope="session")
def options():
    return small()


@pytest.fixture(scope="session")
def tables(options):
    return generate_portfolio(options)
