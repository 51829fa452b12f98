"""The page of a run: all that was made of a data set, on one page that links to the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.pages import in_page, page_environment
from delinquency.reporting.run_words import AUDIT_WORDS, EXCLUSIONS_ZH, PARTS_ZH, how_zh
from delinquency.traits import TRAITS

WIDTH, HEIGHT = 120, 28
"""Pixels of the drawing of an effect."""
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
    title, title_zh, citation : str
    real : bool
    model : str
        Which model, in a few words.
    rows : mapping of str to int
        Rows by part of the split.
    evaluation : mapping
        ``evaluation.json``; empty before the evaluation.
    figures : mapping of str to str
        Drawings by name: SVG of ``figure_svg``.
    exclusions, deciles, importance : sequence of mappings
        Tables, a mapping a row. A row of ``importance`` has ``phrase, phrase_zh, trait, share,
        trait_share`` and ``effect``: mean log-odds by bin of the values, lowest first.
    comparison, worth : mapping
        ``cross_validation.json`` and ``table_worth.json``; empty before they are measured.
    audit : mapping
        ``audit.json`` of the truth audit; empty without one.
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
    figures: Mapping[str, str]
    exclusions: Sequence[Mapping[str, Any]] = ()
    deciles: Sequence[Mapping[str, Any]] = ()
    importance: Sequence[Mapping[str, Any]] = ()
    comparison: Mapping[str, Any] = field(default_factory=dict)
    worth: Mapping[str, Any] = field(default_factory=dict)
    audit: Mapping[str, Any] = field(default_factory=dict)
    coverage: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    withheld: Mapping[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    limits: Sequence[str] = ()
    links: Sequence[tuple[str, str, str]] = ()
    title_zh: str = ""


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
        (words, in_page(facts.figures[name], words))
        for name, words in FIGURE_WORDS.items()
        if name in facts.figures
    ]
    page = (
        page_environment()
        .get_template("run.html")
        .render(
            facts=facts, numbers=numbers, pictures=pictures, traits=TRAITS,
            contestants=_contestants(facts.comparison), by_trait=_by_trait(facts.importance),
            audited=_audited(facts.audit), audit_words=AUDIT_WORDS, parts_zh=PARTS_ZH,
            exclusions_zh=EXCLUSIONS_ZH, how_zh=how_zh,
        )
    )  # fmt: skip
    return with_policy(page)


def _contestants(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the model, its peers and its variants, each with AUC and the model's lead."""
    if not comparison:
        return []
    rows = [("model", comparison["model"])]
    rows += [*comparison["peers"].items(), *comparison["variants"].items()]
    return [
        {"name": name.replace("_", " "), "auc": one["roc_auc"], "brier": one.get("brier"),
         "lead": one["roc_auc"].get("difference")}
        for name, one in rows
        if one["roc_auc"]["mean"] is not None
    ]  # fmt: skip


def _by_trait(importance: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the shown features by trait, with the trait's share and a drawing of each effect."""
    out = []
    for key, trait in TRAITS.items():
        mine = [row for row in importance if row["trait"] == key]
        if mine:
            features = [{**row, "drawing": effect_svg(row["effect"])} for row in mine]
            out.append({"trait": trait, "share": mine[0]["trait_share"], "features": features})
    return sorted(out, key=lambda one: -one["share"])


def effect_svg(effect: Sequence[float]) -> Markup:
    """Return a small drawing of a feature's effect: its bins from left to right, risk upward.

    Parameters
    ----------
    effect : sequence of float
        Mean log-odds by bin; empty for none.
    """
    if not effect:
        return Markup("")
    low, high = min(*effect, 0.0), max(*effect, 0.0)
    span, step = max(high - low, 1e-9), WIDTH / len(effect)
    heights = [round(HEIGHT - 2 - (HEIGHT - 4) * (one - low) / span, 1) for one in effect]
    line = "".join(
        f"{'L' if k else 'M'}{k * step:.1f} {y}H{(k + 1) * step:.1f}"
        for k, y in enumerate(heights)
    )
    zero = round(HEIGHT - 2 - (HEIGHT - 4) * (0.0 - low) / span, 1)
    return Markup(
        f'<svg class="effect" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{effect[0]:+.2f} … {effect[-1]:+.2f}"><path class="zero" '
        f'd="M0 {zero}H{WIDTH}"/><path class="line" d="{line}"/></svg>'
    )


def _audited(audit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every scored explanation with the figures that are known of it."""
    return [
        {"name": name, "figures": {key: parts["score"].get(key) for key in AUDIT_WORDS}}
        for name, parts in audit.get("explanations", {}).items()
    ]


def _known(one: Mapping[str, float | None] | None) -> bool:
    """Return whether an estimate and both ends of its interval are numbers."""
    return one is not None and all(
        value is not None and value == value for value in (one["value"], one["low"], one["high"])
    )
