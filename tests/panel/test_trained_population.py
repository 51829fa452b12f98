"""Which accounts are none that training takes, against the labels' own account of it."""

import numpy as np
import pandas as pd
import pytest

from delinquency.panel.label_options import LabelOptions
from delinquency.panel.outcomes import CHARGED_OFF, SHORT_HISTORY, TOO_LATE, label_outcomes
from delinquency.panel.trained_population import (
    OUTSIDE,
    OUTSIDE_WORDS,
    TrainedPopulation,
    outside_population,
)
from delinquency.panel.windows import build_windows

MONTHS = pd.to_datetime(["2024-01", "2024-02", "2024-03", "2024-04"])
LABEL = LabelOptions(performance_months=1, history_months=3, observation_months=["2024-03"])


def rows(account, days, months=MONTHS, charged_off=0.0):
    return pd.DataFrame(
        {"account_id": account, "month": months, "days_past_due": days, "charged_off": charged_off}
    )


@pytest.fixture(scope="module")
def statements():
    return pd.concat(
        [
            rows("current", [0.0, 0.0, 0.0, 0.0]),
            rows("a little late", [0.0, 0.0, 29.0, 0.0]),
            rows("late", [0.0, 0.0, 30.0, 0.0]),
            rows("gone", [0.0, 0.0, 0.0, 0.0], charged_off=[0.0, 1.0, 0.0, 0.0]),
            rows("new", [0.0, 0.0, 0.0], MONTHS[1:]),
            rows("unknown", [0.0, 0.0, np.nan, 0.0]),
        ],
        ignore_index=True,
    )


def causes(statements, population):
    names = statements["account_id"].drop_duplicates()
    observed = pd.DataFrame({"account_id": names, "observation_month": MONTHS[2]})
    windows = build_windows({"statements": statements}, observed, n_months=3)
    found = outside_population(windows, population)
    return dict(zip(names, (OUTSIDE[code] for code in found), strict=True))


def test_each_cause_is_named_and_a_last_day_short_of_it_is_not(statements):
    assert causes(statements, TrainedPopulation.of(LABEL)) == {
        "current": "", "a little late": "", "late": "too_late", "gone": "charged_off",
        "new": "short_history", "unknown": "status_unknown",
    }  # fmt: skip


def test_who_is_outside_is_left_out_by_the_labels_for_the_same_cause(statements):
    counts = label_outcomes(statements, None, LABEL).exclusions.set_index("reason")["rows"]
    found = list(causes(statements, TrainedPopulation.of(LABEL)).values())
    for reason, code in ((CHARGED_OFF, "charged_off"), (TOO_LATE, "too_late"),
                         (SHORT_HISTORY, "short_history")):  # fmt: skip
        assert counts[reason] == found.count(code) == 1
    assert len(label_outcomes(statements, None, LABEL).frame) == found.count("")


def test_a_model_whose_outcomes_came_with_the_data_leaves_nobody_out(statements):
    assert TrainedPopulation.from_plain(None) is None
    assert set(causes(statements, None).values()) == {""}


def test_every_cause_has_words_in_both_languages():
    assert set(OUTSIDE_WORDS) == set(OUTSIDE) - {""}
    assert all(en.isascii() and not zh.isascii() for en, zh in OUTSIDE_WORDS.values())
