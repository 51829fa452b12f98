"""Evidence in one compiled pass against the readable rules."""

import numpy as np
import pytest

from delinquency.features.feature_description import meanings_of
from delinquency.features.registered_features import FEATURES
from delinquency.reasons.evidence import evidence_levels
from delinquency.scoring.evidence_pass import evidence_pass

ALL_TABLES = ("statements", "accounts", "cashflows", "bureau", "transactions", "contacts")


@pytest.mark.parametrize("tables", [(), ("statements",), ("statements", "bureau"), ALL_TABLES])
def test_evidence_in_one_pass_is_that_of_the_rules(tables):
    meanings = meanings_of(list(FEATURES.values())[::9], window_months=12)
    rng = np.random.default_rng(11)
    features = rng.normal(size=(120, len(meanings)))
    features[rng.random(features.shape) < rng.random((120, 1))] = np.nan
    features[5] = np.nan
    silent = np.arange(len(features)) % 5 == 0
    plain = evidence_levels(features, meanings, tables, silent=silent)
    fused = evidence_pass(np.ascontiguousarray(features.T), meanings, tables, silent=silent)
    np.testing.assert_array_equal(fused, plain)
