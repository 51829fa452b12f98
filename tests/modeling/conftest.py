import numpy as np
import pandas as pd
import pytest


def make_table(n_rows=1500, seed=0, level=-1.5):
    """Return features and labels: risk rises with `arrears`, falls with `income`; `noise` is."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "arrears": rng.normal(size=n_rows),
            "income": rng.normal(size=n_rows),
            "noise": rng.normal(size=n_rows),
        }
    )
    X.loc[rng.random(n_rows) < 0.1, "income"] = np.nan
    risk = level + 1.2 * X["arrears"] - 0.8 * X["income"].fillna(-0.5)
    y = (rng.random(n_rows) < 1 / (1 + np.exp(-risk))).astype(int)
    return X, y.to_numpy()


@pytest.fixture(scope="session")
def table():
    return make_table()
