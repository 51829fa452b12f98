import numpy as np
import pytest

from delinquency.validation import local_surrogate


def test_where_lime_is_missing_the_audit_is_told(monkeypatch):
    monkeypatch.setattr(local_surrogate.importlib.util, "find_spec", lambda name: None)
    assert not local_surrogate.is_installed()


@pytest.mark.skipif(not local_surrogate.is_installed(), reason="lime is an extra (bench)")
def test_a_linear_model_gets_its_own_contributions_back():
    rng = np.random.default_rng(0)
    background = rng.normal(size=(500, 3)) * (1.0, 2.0, 5.0) + (0.0, 3.0, -1.0)
    slopes = np.array([0.05, -0.02, 0.0])
    row = np.array([[1.0, np.nan, 4.0]])
    seen = []
    found = local_surrogate.surrogate_contributions(
        lambda matrix: 0.5 + matrix @ slopes, background, row, seed=1,
        progress=lambda done, n: seen.append((done, n)),
    )  # fmt: skip
    # a missing value counts as the median, here nearly the centre: no contribution
    expected = slopes * (
        np.array([1.0, np.median(background[:, 1]), 4.0]) - background.mean(axis=0)
    )
    np.testing.assert_allclose(found[0], expected, atol=2e-3)
    assert seen == [(1, 1)]
