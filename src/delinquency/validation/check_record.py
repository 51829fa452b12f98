"""What a check of the validation is, what it finds, and the register of all forty."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from delinquency.metrics import Interval
from delinquency.named_choices import Registry
from delinquency.validation.validation_options import Threshold, ValidationOptions

if TYPE_CHECKING:
    from delinquency.validation.check_inputs import Evidence

PASS, AMBER, RED, NOT_APPLICABLE = "pass", "amber", "red", "not applicable"
STATES = (PASS, AMBER, RED, NOT_APPLICABLE)
"""From fine to bad; the last says that the data cannot answer."""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    figure : float or None
        The figure that the threshold speaks of; None where nothing could be measured.
    low, high : float or None
        Ends of its 95 % interval; the figure itself where it is exact, None where unknown.
    state : str
        One of ``STATES``.
    why : str
        In words: what was measured on what, and why the state is what it is.
    threshold : Threshold or None
    tables : dict of str to DataFrame
        Details by title.
    """

    figure: float | None
    low: float | None
    high: float | None
    state: str
    why: str
    threshold: Threshold | None = None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One item of the validation checklist.

    Attributes
    ----------
    number : int
        1 to 40: the item's number, which never changes.
    item : str
    section : str
        Heading that it stands under.
    source : str
        Rule or literature that asks for it.
    what_to_do : str
        What to do when it is not a pass.
    needs : str
        Name of the threshold, "" for none.
    run : callable
        (evidence, options) -> Finding.
    """

    number: int
    item: str
    section: str
    source: str
    what_to_do: str
    needs: str
    run: "Callable[[Evidence, ValidationOptions], Finding]"


CHECKS: Registry[Check] = Registry("check")
"""Every check by its number in two digits, such as "07"."""


def check(
    number: int, item: str, *, section: str, source: str, what_to_do: str, needs: str = ""
) -> Callable[..., Any]:
    """Return a decorator that registers a function as the check of an item."""

    def register(run: Any) -> Any:
        CHECKS.add(f"{number:02d}", Check(number, item, section, source, what_to_do, needs, run))
        return run

    return register


def not_applicable(why: str) -> Finding:
    """Return the finding of a check that the data cannot answer, and why."""
    return Finding(None, None, None, NOT_APPLICABLE, why)


def judge(
    figure: float,
    threshold: Threshold,
    why: str,
    *,
    low: float | None = None,
    high: float | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> Finding:
    """Return the finding of a figure against a threshold.

    Parameters
    ----------
    figure : float
    threshold : Threshold
    why : str
        What was measured, in words.
    low, high : float, optional
        Ends of the interval; the figure itself where it is exact, NaN where nobody knows.
    tables : mapping, optional

    Returns
    -------
    Finding
        Red when the whole interval lies outside ``least`` to ``most``; amber when the figure does
        but the interval reaches back inside, or when it lies outside ``watch_least`` to
        ``watch_most``, or when the interval reaches beyond both limits; pass otherwise.

    Notes
    -----
    A limit is compared with the figure itself, never with what is shown of it.
    """
    if not np.isfinite(figure):
        return Finding(None, None, None, NOT_APPLICABLE, f"{why} The figure is not defined here.")
    low, high = (figure if end is None else float(end) for end in (low, high))
    if not np.isfinite([low, high]).all():
        return _without_interval(figure, threshold, why, tables=tables)
    if threshold.beyond(low) and threshold.beyond(high) and threshold.same_side(low, high):
        state, more = RED, "The whole interval lies beyond the limit."
        if low == high:
            more = "The figure lies beyond the limit."
    elif threshold.beyond(figure):
        state = AMBER
        more = "The figure lies beyond the limit, its interval reaches back: more data would tell."
    elif threshold.to_watch(figure):
        state = AMBER
        limited = threshold.least is not None or threshold.most is not None
        inside = "Inside the limit, but beyond" if limited else "No limit is set; it is beyond"
        more = f"{inside} the mark from which it is amber."
    else:
        state, more = PASS, ""
        if threshold.beyond(low) and threshold.beyond(high) and low < high:
            state, more = AMBER, "Its interval reaches beyond both limits: too little is known."
        elif threshold.beyond(low) or threshold.beyond(high):
            more = "The figure is accepted; its interval reaches beyond the limit."
    return Finding(
        float(figure), low, high, state, f"{why} {more}".strip(), threshold, tables or {}
    )


def _without_interval(
    figure: float, threshold: Threshold, why: str, *, tables: Mapping[str, pd.DataFrame] | None
) -> Finding:
    """Return the finding of a figure that was measured, and of which nobody knows how surely.

    Red asks for a whole interval beyond the limit: without one the light is amber.
    """
    outside = threshold.beyond(figure) or threshold.to_watch(figure)
    more = "The figure lies beyond the mark, and h" if outside else "H"
    why = f"{why} {more}ow sure it is is not known: the rows give no interval.".strip()
    state = AMBER if outside else PASS
    return Finding(float(figure), None, None, state, why, threshold, tables or {})


def ends_in_words(interval: Interval, form: str) -> str:
    """Return an interval to stand behind its figure, or "" where nobody knows it."""
    if not np.isfinite([interval.low, interval.high]).all():
        return ""
    return f" [{interval.low:{form}}, {interval.high:{form}}]"


def limit_of(second: Finding) -> str:
    """Return limit and light of a second figure of an item, to stand behind the figure in words.

    The light of an item is the worst of its figures': the one that decides must be seen.
    """
    limits = second.threshold.in_words() if second.threshold else "none"
    return f" (limit: {limits}; {second.state})"


def worst(*states: str) -> str:
    """Return the worst of several states; what does not apply counts only when nothing else is."""
    for state in (RED, AMBER, PASS):
        if state in states:
            return state
    return NOT_APPLICABLE
