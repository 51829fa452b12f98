"""The page of a run: all that was made of a data set, on one page that links to the rest."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.pages import page_environment
from delinquency.traits import TRAITS

METRICS: Mapping[str, tuple[str, str, str]] = {
    "roc_auc": ("AUC", "AUC", "{:.3f}"),
    "gini": ("Gini", "基尼系数", "{:.3f}"),
    "ks": ("KS", "KS", "{:.3f}"),
    "brier": ("Brier score", "布里尔分数", "{:.4f}"),
    "ece": ("Calibration error", "校准误差", "{:.4f}"),
    "calibration_slope": ("Calibration slope", "校准斜率", "{:.2f}"),
    "observed_expected": ("Observed to expected", "实际与预期之比", "{:.2f}"),
}
"""Figures of the result that a reader looks for first, with their words and format."""
FIGURE_WORDS: Mapping[str, tuple[str, str]] = {
    "roc": ("ROC: how well good and bad are told apart", "ROC曲线：区分好坏的能力"),
    "calibration": ("Calibration: stated against observed", "校准：预测与实际"),
    "deciles": ("Deciles: who is found where", "十分位：各档的逾期"),
    "precision_recall": ("Precision and recall", "精确率与召回率"),
    "ks": ("KS: the two distributions", "KS：两类分布"),
    "trait_bars": ("What moves the probability, by trait", "各方面对概率的影响"),
    "trait_beeswarm": ("Trait values by account", "各账户的方面数值"),
    "trait_waterfall": ("The account most at risk", "风险最高的账户"),
}
"""Figures of the page in their order."""


@dataclass(frozen=True)
class RunFacts:
    """What a run's page shows; parts that do not exist yet are left empty.

    Attributes
    ----------
    title, citation : str
    real : bool
    model : str
        Which model, in a few words.
    rows : mapping of str to int
        Rows by part of the split.
    evaluation : mapping
        ``evaluation.json``; empty before the evaluation.
    figures : mapping of str to bytes
        PNG files by name.
    exclusions, deciles, importance, comparison : sequence of mappings
        Tables, a mapping a row.
    coverage : mapping of str to (int, int)
        Trait -> features used, and features of the catalogue.
    withheld : mapping of trait to mapping of (English, Chinese) to int
        What became of each trait that raises the risk of an account.
    limits : sequence of str
        What the data cannot support.
    links : sequence of (address, English, Chinese)
        Other pages of the run that exist.
    """

    title: str
    citation: str
    real: bool
    model: str
    rows: Mapping[str, int]
    evaluation: Mapping[str, Any]
    figures: Mapping[str, bytes]
    exclusions: Sequence[Mapping[str, Any]] = ()
    deciles: Sequence[Mapping[str, Any]] = ()
    importance: Sequence[Mapping[str, Any]] = ()
    comparison: Sequence[Mapping[str, Any]] = ()
    coverage: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    withheld: Mapping[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    limits: Sequence[str] = ()
    links: Sequence[tuple[str, str, str]] = ()


def run_page(facts: RunFacts) -> str:
    """Return the page of a run.

    Parameters
    ----------
    facts : RunFacts

    Returns
    -------
    str
        HTML with its pictures inside; everything from data is escaped.
    """
    measured = facts.evaluation.get("metrics", {})
    numbers = [
        {
            "words": (en, zh), "value": form.format(measured[key]["value"]),
            "low": form.format(measured[key]["low"]), "high": form.format(measured[key]["high"]),
        }
        for key, (en, zh, form) in METRICS.items()
        if _known(measured.get(key))
    ]  # fmt: skip
    pictures = [
        (name, words, base64.b64encode(facts.figures[name]).decode("ascii"))
        for name, words in FIGURE_WORDS.items()
        if name in facts.figures
    ]
    page = (
        page_environment()
        .get_template("run.html")
        .render(facts=facts, numbers=numbers, pictures=pictures, traits=TRAITS)
    )
    return with_policy(page)


def _known(one: Mapping[str, float | None] | None) -> bool:
    """Return whether an estimate and both ends of its interval are numbers."""
    return one is not None and all(
        value is not None and value == value for value in (one["value"], one["low"], one["high"])
    )
