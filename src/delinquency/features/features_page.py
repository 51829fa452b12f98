"""The features page, generated from the catalogue: ``make docs`` writes it to docs/features.md."""

import sys
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from delinquency.features.catalogue import Feature
from delinquency.features.registered_features import FEATURES
from delinquency.traits import TRAITS, Trait

DIRECTIONS: Mapping[int, str] = MappingProxyType({1: "higher = riskier", -1: "higher = safer"})
NEITHER = "either way"

LEFT_OUT: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "economic_condition": (
            ("Employment status and tenure with the employer",
             "no table holds a confirmed status; months without a salary stand for it"),
            ("Dependants against income", "family status is close to protected attributes"),
            ("Spikes of medical spending", "health data; as part of essential spending only"),
            ("Rented or owned home", "no column, and close to protected attributes"),
        ),
        "credit_record": (
            ("Bureau score",
             "it is made of record and debts together and would hide which of them speaks"),
            ("Returned payments", "no column; the fees that they cause are counted"),
            ("Status codes of months that are not behind",
             "paid in full or carried over is how a bill is settled: under capacity"),
            ("Counts over 24 and 60 months",
             "features over the whole window grow with `data.window_months`"),
        ),
        "debt_burden": (
            ("Number of distinct lenders", "the bureau table counts lines, not lenders"),
            ("Utilization and minimum due month by month, their trends and extremes; the card's "
             "balance against income",
             "how a balance moves within the window is spending and paying, which have traits of "
             "their own: beside many of them debts took the credit of both. The means stay"),
            ("Utilization while behind", "to be behind is the credit record's"),
        ),
        "repayment_capacity": (
            ("Balance transfers received", "no column tells them from payments"),
            ("Latest and smallest payment ratio, its spread and trend",
             "they say that a bill was missed, which the credit record holds; without them the "
             "true causes are named more often and no accuracy is lost"),
            ("Income after essentials and debts over the minimum due (the could-pay index)",
             "income, debts and outgoings at once: every cause would count as capacity. It is the "
             "condition of the willingness features instead"),
            ("Coverage by current income",
             "a fall of income is economic pressure: capacity is measured at the usual income"),
            ("All outgoings and all payments against income",
             "outgoings that are not essential keep to the income that one is used to, so that "
             "against today's they tell of a lower income: economic condition has them"),
            ("Months over the limit", "kept under debt burden: a feature has one trait"),
        ),
        "repayment_willingness": (
            ("Disputes and complaints",
             "using one's rights in good faith is no sign of unwillingness; they route to "
             "resolution and are never scored"),
            ("Shortfall beyond what a regression on the other traits expects",
             "a feature must not be fitted; the condition on the could-pay index does its work"),
            ("Share of payable bills that was not paid, and largest payment against it",
             "the payment ratio of capacity over again, seen from the other side"),
            ("Unreported change of telephone or e-mail", "no column"),
            ("Statements that were not opened", "no column"),
            ("Straight roll from current to two months behind",
             "speaks of late stages only, and of the credit record"),
            ("Late here now while others are paid; the latest payable bill unpaid; payments that "
             "stopped; months behind now although little is owed",
             "each is 1 only for who is late at present, which is the credit record's fact. "
             "Counts over the window stay"),
        ),
        "spending_behavior": (
            ("Luxury share less that of the income decile",
             "it would depend on the accounts beside it; luxury over income stands for it"),
            ("Gambling, games and purchases at night", "sensitive; a lender's policy must decide"),
            ("Instalment credit at shops (buy now, pay later)", "no column"),
            ("Share spent within five days of the salary", "monthly sums do not keep the days"),
        ),
    }
)  # fmt: skip
"""Catalogue items that no feature stands for, by trait, and why."""


def features_page() -> str:
    """Return the features page as Markdown.

    Returns
    -------
    str
        One table a trait, in trait order, with every feature of the catalogue and what is left
        out; ends with a newline.
    """
    lines = [
        "# Features by trait",
        "",
        "<!-- Generated by `make docs` from the catalogue in src/delinquency/features/. -->",
        "",
        f"{len(FEATURES)} features, each of exactly one trait. A feature is present when the",
        "source has every column that it reads; `reports/<data>/coverage.csv` says why",
        "an absent one is absent. *Direction* is what a higher value can do to the risk, all else",
        "equal; it becomes a monotone constraint of the model. Names that end in `_3m`, `_6m` or",
        "`_12m` take that many months (`features.windows`), `_1m_ago` to `_5m_ago` are single",
        "months before the observation month, all others take the whole window.",
        "Nothing later than the observation month is ever read.",
        "",
    ]
    for trait in TRAITS.values():
        mine = [one for one in FEATURES.values() if one.trait is trait]
        lines += [*_trait_section(trait, mine), *_left_out(trait), ""]
    return "\n".join(lines).rstrip() + "\n"


def _trait_section(trait: Trait, features: Iterable[Feature]) -> list[str]:
    """Return a trait's heading and table."""
    rows = [
        f"| `{one.name}` | {one.meaning} | {one.unit} | {DIRECTIONS.get(one.direction, NEITHER)} "
        f"| {', '.join(f'`{need}`' for need in one.needs)} | {one.source.partition('; ')[2]} |"
        for one in features
    ]
    return [
        f"## {trait.number} {trait.label} ({trait.label_zh})",
        "",
        f"> {trait.source_words}",
        "",
        "| Feature | What it is | Unit | Direction | Reads | Source |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _left_out(trait: Trait) -> list[str]:
    """Return the list of what was left out of a trait, and why."""
    items = [f"- {what}: {why}." for what, why in LEFT_OUT.get(trait.key, ())]
    return ["Left out:", "", *items] if items else []


if __name__ == "__main__":
    sys.stdout.write(features_page())
