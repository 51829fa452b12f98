"""Who to call and what a cut-off costs, by hand."""

import numpy as np
import pytest

from delinquency.errors import ChoiceError
from delinquency.validation.decision_options import DecisionOptions
from delinquency.validation.decisions import capacity_table, cost_table

BAD = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
PD = np.array([0.9, 0.8, 0.7, 0.4, 0.3, 0.2, 0.1, 0.05, 0.04, 0.01])


def test_three_calls_in_ten_reach_two_of_three_bads():
    row = capacity_table(BAD, PD, [0.3]).iloc[0]
    assert row["accounts"] == 3
    assert row["precision"] == pytest.approx(2 / 3)
    assert row["bads reached"] == pytest.approx(2 / 3)
    assert row["calls for one bad"] == pytest.approx(1.5)
    assert row["lowest PD called"] == 0.7


def test_the_cost_of_a_cut_off_is_contacts_plus_losses_less_what_is_avoided():
    options = DecisionOptions(contact_cost=10, loss_when_bad=100, share_avoided=0.5)
    table = cost_table(BAD, PD, options, [0.5]).set_index("cut-off")
    # Three contacts of 10, three losses of 100, two of them halved: 30 + 300 - 100 = 230 of 10.
    assert table.loc[0.5, "cost per 1,000"] == pytest.approx(23_000)
    # Expected: 30 + 100 x 3.5 - 50 x 2.4 = 260.
    assert table.loc[0.5, "expected cost per 1,000"] == pytest.approx(26_000)
    assert table.loc[0.5, "saved per 1,000"] == pytest.approx(7_000)
    # An offer pays from 10 / 50 = 0.2 on, and that cut-off is in the table.
    assert options.break_even == pytest.approx(0.2)
    assert 0.2 in table.index


def test_costs_that_make_no_sense_are_refused():
    with pytest.raises(ChoiceError, match="share_avoided"):
        DecisionOptions(share_avoided=1.5)
