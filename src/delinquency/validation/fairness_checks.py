"""Checks by protected group (items 33 and 34); no group ever enters the model."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import norm

from delinquency.metrics import METRICS
from delinquency.validation.check_inputs import Array, Evidence
from delinquency.validation.check_record import (
    AMBER,
    NOT_APPLICABLE,
    PASS,
    RED,
    Finding,
    check,
    judge,
    limit_of,
    not_applicable,
    worst,
)
from delinquency.validation.leakage_checks import feature_areas
from delinquency.validation.validation_options import Threshold, ValidationOptions

FAIR = "Fairness by protected group"
AGE_BANDS = (0, 25, 35, 45, 55, 65, 200)
PROXIES = 8
"""Features that tell a group best, each neutralised in the search for alternatives."""


def group_columns(protected: pd.DataFrame) -> pd.DataFrame:
    """Return protected attributes as named groups; ages in bands of ten years.

    Parameters
    ----------
    protected : DataFrame

    Returns
    -------
    DataFrame of str, "not known" where missing
    """
    columns = {}
    for name in protected.columns:
        column = protected[name]
        if pd.api.types.is_numeric_dtype(column) and column.nunique() > len(AGE_BANDS) * 2:
            labels = [f"{a} to {b - 1}" for a, b in zip(AGE_BANDS, AGE_BANDS[1:], strict=False)]
            labels[0], labels[-1] = f"below {AGE_BANDS[1]}", f"{AGE_BANDS[-2]} and more"
            cut = pd.cut(column, AGE_BANDS, right=False, labels=labels).astype("object")
            columns[name] = cut.where(cut.notna(), "not known").astype(str)
        else:
            columns[name] = column.astype("object").where(column.notna(), "not known").astype(str)
    return pd.DataFrame(columns, index=protected.index)


def flagged(pd_hat: Array, share: float) -> np.ndarray:
    """Return which accounts are among the riskiest share."""
    cut = np.quantile(pd_hat, 1 - share, method="higher")
    return np.asarray(pd_hat >= cut)


def group_table(evidence: Evidence, options: ValidationOptions) -> pd.DataFrame:
    """Return rates by protected group at the cut-off of capacity.

    Returns
    -------
    DataFrame, one row a group with enough rows
        ``attribute, group, rows, bads, favourable`` (share not flagged), ``ratio`` (over the
        group with the highest share) with ``ratio_low, ratio_high``; ``tpr, fpr`` and their gap
        to everybody else with intervals; ``level`` (bads over expected, over that of all) with
        its interval. Intervals are corrected for the number of groups; those of the gaps for both
        rates, which are judged together.
    """
    rows = evidence.test
    flag = flagged(rows.pd_hat, options.capacity)
    kept = list(_groups(evidence, options))
    if not kept:
        return pd.DataFrame()
    z, z_gap = (float(norm.ppf(1 - options.significance / (2 * k * len(kept)))) for k in (1, 2))
    overall = rows.bad.sum() / rows.pd_hat.sum() if rows.pd_hat.any() else np.nan
    records = []
    for attribute, value, own in kept:
        bad, good = rows.bad == 1, rows.bad == 0
        record: dict[str, object] = {
            "attribute": attribute,
            "group": value,
            "rows": int(own.sum()),
            "bads": int(rows.bad[own].sum()),
            "favourable": float(1 - flag[own].mean()),
        }
        for name, among in (("tpr", bad), ("fpr", good)):
            mine, others = flag[own & among], flag[~own & among]
            if min(len(mine), len(others)) < options.fewest_bads:
                record |= {
                    name: np.nan,
                    f"{name}_gap": np.nan,
                    f"{name}_gap_low": np.nan,
                    f"{name}_gap_high": np.nan,
                }
                continue
            gap, spread = _difference(mine, others)
            record |= {
                name: float(mine.mean()),
                f"{name}_gap": gap,
                f"{name}_gap_low": gap - z_gap * spread,
                f"{name}_gap_high": gap + z_gap * spread,
            }
        expected = float(rows.pd_hat[own].sum())
        ratio = float(rows.bad[own].sum()) / expected / overall if expected and overall else np.nan
        # As many bads as a Poisson count would scatter, by what was seen.
        spread = float(np.sqrt(rows.bad[own].sum() + 1)) / expected if expected else np.nan
        record |= {
            "level": ratio,
            "level_low": max(ratio - z * spread / overall, 0.0) if overall else np.nan,
            "level_high": ratio + z * spread / overall if overall else np.nan,
        }
        records.append(record)
    table = pd.DataFrame(records)
    best = table.groupby("attribute")["favourable"].transform("idxmax")
    reference = table.loc[best].reset_index(drop=True)
    p, q = table["favourable"].to_numpy(), reference["favourable"].to_numpy()
    n, m = table["rows"].to_numpy(), reference["rows"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        log_spread = np.sqrt((1 - p) / (n * p) + (1 - q) / (m * q))
        ratio = p / q
    log_spread = np.where(reference.index.to_numpy() == best.to_numpy(), 0.0, log_spread)
    table.insert(5, "ratio", ratio)
    table.insert(6, "ratio_low", ratio * np.exp(-z * log_spread))
    table.insert(7, "ratio_high", ratio * np.exp(z * log_spread))
    return table


def _too_small(evidence: Evidence, options: ValidationOptions) -> str:
    """Return in words that no group can be compared with everybody else."""
    return (
        f"No group by {', '.join(map(str, evidence.protected.columns))} has"
        f" {options.fewest_rows:,} accounts in the test and leaves as many to compare with."
    )


def _difference(mine: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    """Return the difference of two shares, and its standard error with a pinch of caution.

    One flag and one other are added to either side (Agresti and Caffo 2000), so that shares of 0
    and 1 are not taken as certain.
    """
    n, m = len(mine) + 2, len(others) + 2
    a, b = (mine.sum() + 1) / n, (others.sum() + 1) / m
    spread = float(np.sqrt(a * (1 - a) / n + b * (1 - b) / m))
    return float(mine.mean() - others.mean()), spread


def _groups(
    evidence: Evidence, options: ValidationOptions
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield attribute, group and rows of every group that is large enough and not everybody."""
    columns = group_columns(evidence.protected)
    for attribute in columns.columns:
        values = columns[attribute].to_numpy()
        for value in np.unique(values):
            own = values == value
            if options.fewest_rows <= own.sum() <= len(own) - options.fewest_rows:
                yield attribute, str(value), own


SEVERITY = (NOT_APPLICABLE, PASS, AMBER, RED)
NO_GROUPS = "The data name no protected attribute."
ONE_SIDE = "Nobody is left who is not flagged: too many accounts share the highest score."
NOT_LAW = (
    "Being flagged is taken as the unfavourable side; where flags bring help it is the other way"
    " round."
)


@check(
    33,
    "Adverse impact ratio",
    section=FAIR,
    source="29 CFR 1607.4(D); Feldman et al. 2015",
    what_to_do=(
        "Look at the less discriminatory alternatives below and their cost; ask counsel which rule"
        " holds."
    ),
    needs="adverse_impact",
)
def adverse_impact(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Compare the shares not flagged, group by group, with the best-off group."""
    if not evidence.protected.shape[1]:
        return not_applicable(NO_GROUPS)
    table = group_table(evidence, options)
    if table.empty:
        return not_applicable(_too_small(evidence, options))
    if not table["ratio"].notna().any():
        return not_applicable(ONE_SIDE)
    limits = options.threshold("adverse_impact")
    least, surest = table.loc[table["ratio"].idxmin()], table.loc[table["ratio_high"].idxmin()]
    states = [
        judge(
            float(row["ratio"]),
            limits,
            "",
            low=float(row["ratio_low"]),
            high=float(row["ratio_high"]),
        ).state
        for row in (least, surest)
    ]
    why = (
        f"Lowest: {least['attribute']} {least['group']}, {least['favourable']:.1%} not flagged"
        f" when the riskiest {options.capacity:.0%} are. {NOT_LAW}"
    )
    tables = {"Groups at the cut-off of capacity": table.iloc[:, :8]}
    alternatives = less_discriminatory(
        evidence, options, str(least["attribute"]), str(least["group"])
    )
    if len(alternatives):
        tables["Less discriminatory alternatives (one feature neutralised, no refit)"] = (
            alternatives
        )
    return Finding(
        float(least["ratio"]),
        float(least["ratio_low"]),
        float(least["ratio_high"]),
        worst(*states),
        why,
        limits,
        tables,
    )


def less_discriminatory(
    evidence: Evidence, options: ValidationOptions, attribute: str, group: str
) -> pd.DataFrame:
    """Return what neutralising each proxy of a group would do to its ratio and to the AUC.

    A feature set to its development median stands for a model without it: what a refit could
    reach at least.
    """
    rows = evidence.test
    own = group_columns(evidence.protected)[attribute].to_numpy() == group
    if not rows.bad.any() or rows.bad.all():
        return pd.DataFrame()
    weighty = evidence.importance.sort_values(ascending=False).index[:60]
    tells = feature_areas(rows.X[list(weighty)], own.astype(np.float64))
    auc = METRICS["roc_auc"]
    base = auc(rows.bad, rows.pd_hat)

    def ratio(pd_hat: Array) -> float:
        flag = flagged(pd_hat, options.capacity)
        rest = 1 - flag[~own].mean()
        return float((1 - flag[own].mean()) / rest) if rest else np.nan

    before = ratio(rows.pd_hat)
    records = []
    for name in tells.sort_values(ascending=False).index[:PROXIES]:
        usual = float(np.nanmedian(evidence.train.X[name].to_numpy(np.float64)))
        pd_hat = evidence.pd_of(rows.X.assign(**{name: usual}))
        records.append(
            {
                "feature": name,
                "tells the group, AUC": float(tells[name]),
                "ratio to all others, before": before,
                "after": ratio(pd_hat),
                "AUC lost": base - auc(rows.bad, pd_hat),
            }
        )
    return pd.DataFrame(records)


@check(
    34,
    "Equal opportunity, equalised odds, calibration within groups",
    section=FAIR,
    source="Hardt et al. 2016; Pleiss et al. 2017",
    what_to_do=(
        "Look at the group named: are its outcomes recorded alike, are its facts as complete?"
    ),
    needs="opportunity_gap",
)
def equal_opportunity(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Compare, group by group, how many bads and goods are flagged, and the level of the PD."""
    if not evidence.protected.shape[1]:
        return not_applicable(NO_GROUPS)
    table = group_table(evidence, options)
    if table.empty:
        return not_applicable(_too_small(evidence, options))
    limits, level = options.threshold("opportunity_gap"), options.threshold("group_calibration")
    gaps = []
    for name in ("tpr_gap", "fpr_gap"):
        for _, row in table.iterrows():
            low, high = float(row[f"{name}_low"]), float(row[f"{name}_high"])
            gap = float(row[name])
            if np.isfinite(gap):
                # The size of a gap: its interval folded over 0.
                inner = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
                gaps.append(
                    (
                        abs(gap),
                        inner,
                        max(abs(low), abs(high)),
                        f"{name[:3].upper()} of {row['attribute']} {row['group']}",
                    )
                )
    if not gaps:
        return not_applicable("No group has enough bads to compare.")
    # What is shown is the gap that is surest to lie beyond the limit, then the gap that is surest
    # to be one; by size where none is.
    most = limits.most or 0.0
    surest = max(gaps, key=lambda gap: (max(gap[1] - most, 0.0), gap[1] > 0, gap[0]))
    figure, low, high, what = surest
    lights = [
        _unless_chance(gap, limits, low=lo, high=hi, none=0.0).state for gap, lo, hi, _ in gaps
    ]
    levels = [
        (
            _unless_chance(
                float(row["level"]),
                level,
                low=float(row["level_low"]),
                high=float(row["level_high"]),
                none=1.0,
            ),
            abs(float(row["level"]) - 1),
            row,
        )
        for _, row in table.iterrows()
        if np.isfinite(row["level"])
    ]
    state = worst(*lights, *(one[0].state for one in levels))
    why = f"Gap to everybody else: {what}, {figure:.4f}."
    if max(gaps)[0] > figure:
        why += f" The largest is not the surest: {max(gaps)[3]}, {max(gaps)[0]:.4f}."
    if figure > most and lights[gaps.index(surest)] == PASS:
        why += (
            " Groups of these sizes differ as much by chance (the interval holds 0): no gap is"
            f" shown, and one of {high:.2f} is not excluded."
        )
    if levels:
        light, _, off = max(levels, key=lambda one: (SEVERITY.index(one[0].state), one[1]))
        why += (
            f" Level furthest from that of all: {off['attribute']} {off['group']}, bads over"
            f" expected {off['level']:.3f} [{off['level_low']:.3f}, {off['level_high']:.3f}] times"
            f" that of all{limit_of(light)}."
        )
    wanted = [c for c in table.columns if not c.startswith(("ratio", "favourable"))]
    return Finding(figure, low, high, state, why, limits, {"Rates by group": table[wanted]})


def _unless_chance(
    figure: float, limits: Threshold, *, low: float, high: float, none: float
) -> Finding:
    """Return the finding of a difference; one that is not known to be one passes.

    Among a dozen groups the largest difference lies beyond a limit nearly always where groups
    have a hundred bads, however alike they are treated: amber is kept for a difference that is
    one, beyond the limit, and not surely so far.
    """
    found = judge(figure, limits, "", low=low, high=high)
    return replace(found, state=PASS) if found.state == AMBER and low <= none <= high else found
