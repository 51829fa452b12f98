"""Which accounts a model of a monthly panel was trained on, and why another is not one of them.

A probability of falling behind says nothing of an account that is behind already, and training
leaves such accounts out. Scores of all accounts name the cause, so that nobody takes them for
forecasts; codes are stored, words are made when somebody reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.panel.label_options import LabelOptions
from delinquency.panel.schema import TABLES
from delinquency.panel.windows import Windows

INSIDE = ""
CHARGED_OFF, STATUS_UNKNOWN = "charged_off", "status_unknown"
TOO_LATE, SHORT_HISTORY = "too_late", "short_history"
ENDED = "statements_ended"
OUTSIDE = (INSIDE, CHARGED_OFF, STATUS_UNKNOWN, TOO_LATE, SHORT_HISTORY, ENDED)
"""Codes of the causes, in the order in which they are looked for; the first is none."""
OUTSIDE_WORDS: Mapping[str, tuple[str, str]] = {
    CHARGED_OFF: ("charged off by the month that is observed", "观察月前已核销"),
    STATUS_UNKNOWN: ("no days past due known for the month that is observed",
                     "观察月的逾期天数未知"),
    TOO_LATE: ("already later in the month that is observed than any account of the training",
               "观察月的逾期程度已超出训练账户"),
    SHORT_HISTORY: ("a shorter history than every account of the training",
                    "账单历史短于全部训练账户"),
    ENDED: ("its statements end before the last month of the accounts that were scored",
            "账单早于所评分账户的最后月份终止"),
}  # fmt: skip
STATUS_COLUMNS = frozenset({"days_past_due", "charged_off"})
"""Columns of the statements that the causes are read from, where an account has them."""


@dataclass(frozen=True)
class TrainedPopulation:
    """The accounts that training takes, where it makes the outcomes itself.

    Attributes
    ----------
    below_days_past_due : float
        Later accounts are left out.
    history_months : int
        Months of statements up to the observation.
    """

    below_days_past_due: float
    history_months: int

    @classmethod
    def of(cls, label: LabelOptions) -> "TrainedPopulation":
        """Return the accounts that outcomes made by some choices are known of."""
        return cls(label.eligible_below_days_past_due, label.history_months)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any] | None) -> "TrainedPopulation | None":
        """Return what a saved model says; None where its outcomes came with the data."""
        return None if plain is None else cls(**plain)


def outside_population(windows: Windows, population: TrainedPopulation | None) -> NDArray[np.int8]:
    """Return why each observation is none that training takes.

    Parameters
    ----------
    windows : Windows
    population : TrainedPopulation or None
        None where training takes every account that has an outcome.

    Returns
    -------
    ndarray of shape (n_rows,), int8
        Positions in ``OUTSIDE``; 0 for an account like those of the training.

    Notes
    -----
    A history is too short when the months up to the observation hold fewer statements than asked
    and the oldest month of the window has none: a gap later on does not shorten it.
    """
    out = np.zeros(len(windows), np.int8)
    if population is None or "days_past_due" not in windows:
        return out
    statements = [windows[name] for name in TABLES["statements"].column_names
                  if name in windows.monthly]  # fmt: skip
    seen = np.logical_or.reduce([np.isfinite(values) for values in statements])
    asked = min(population.history_months, windows.n_months)
    short = (seen[:, -asked:].sum(axis=1) < asked) & ~seen[:, -asked]
    now = windows["days_past_due"][:, -1]
    gone = np.zeros(len(windows), np.bool_)
    if "charged_off" in windows:
        gone = (windows["charged_off"] == 1).any(axis=1)
    causes = {
        CHARGED_OFF: gone,
        STATUS_UNKNOWN: np.isnan(now),
        TOO_LATE: now >= population.below_days_past_due,
        SHORT_HISTORY: short,
    }
    codes = [OUTSIDE.index(cause) for cause in causes]
    return np.select(list(causes.values()), codes, default=0).astype(np.int8)
