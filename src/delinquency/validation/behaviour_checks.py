"""Checks of how scores answer to features (items 12, 13, 30, 32)."""

import numpy as np
import pandas as pd

from delinquency.metrics import METRICS
from delinquency.traits import TRAITS
from delinquency.validation.check_inputs import Evidence
from delinquency.validation.check_record import (
    AMBER,
    PASS,
    RED,
    Finding,
    check,
    judge,
    not_applicable,
)
from delinquency.validation.ranking_checks import usable
from delinquency.validation.validation_options import ValidationOptions

BEHAVIOUR = "Behaviour of the score"
GRID = 20
"""Points on which a feature is moved, from its smallest to its largest value."""
TOLERANCE = 1e-9
CLOSE = 0.8
"""Correlation from which two features tell alike."""
CORRELATED_ROWS = 20_000
SHOCKS = (0.10, 0.20)


@check(
    12,
    "Directions hold on a grid",
    section=BEHAVIOUR,
    source="SR 26-2, conceptual soundness",
    what_to_do="Hold the features named (model.monotone=true), or correct their stated direction.",
    needs="violations",
)
def monotonicity(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Move every directed feature of sample rows over a grid and count steps the wrong way."""
    directed = {n: m.direction for n, m in evidence.meanings.items() if m.direction}
    if not directed:
        return not_applicable("No feature has a direction.")
    rows = _sample(evidence, options)
    X = evidence.test.X.iloc[rows].reset_index(drop=True)
    records = []
    for name, direction in directed.items():
        known = evidence.test.X[name].to_numpy(np.float64)
        known = known[np.isfinite(known)]
        if not known.size or known.min() == known.max():
            continue
        grid = np.unique(np.quantile(known, np.linspace(0, 1, GRID)))
        moved = pd.concat([X.assign(**{name: value}) for value in grid], ignore_index=True)
        scores = evidence.score(moved).reshape(len(grid), len(X))
        wrong = np.diff(scores, axis=0) * direction < -TOLERANCE
        records.append(
            {
                "feature": name,
                "direction": direction,
                "steps": int(wrong.size),
                "wrong": int(wrong.sum()),
            }
        )
    table = pd.DataFrame(records, columns=["feature", "direction", "steps", "wrong"])
    table = table.sort_values("wrong", ascending=False, ignore_index=True)
    total, broken = int(table["wrong"].sum()), int((table["wrong"] > 0).sum())
    why = (
        f"{total:,} of {int(table['steps'].sum()):,} steps on the grids of {len(table)} directed"
        f" features go the wrong way ({broken} features, {len(X):,} accounts each)."
    )
    return judge(
        float(total),
        options.threshold("violations"),
        why,
        tables={"Directions on the grid": table.head(25)},
    )


def _sample(evidence: Evidence, options: ValidationOptions, *, most: int = 100) -> np.ndarray:
    rng = np.random.default_rng(evidence.seed)
    n = min(len(evidence.test), options.sample_rows, most)
    return np.sort(rng.choice(len(evidence.test), n, replace=False))


@check(
    13,
    "Features that tell alike, across traits",
    section=BEHAVIOUR,
    source="Siddiqi ch. 10",
    what_to_do=(
        "Blame for one trait may stand with the other: leave one of the pair out, or say so in the"
        " reasons."
    ),
    needs="correlated_gain",
)
def collinearity(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure how much of the model stands on features that have a twin in another trait.

    A long list of features always holds such pairs; they matter as far as the model uses them.
    """
    rng = np.random.default_rng(evidence.seed)
    n = len(evidence.train)
    rows = rng.choice(n, min(n, CORRELATED_ROWS), replace=False)
    frame = evidence.train.X.iloc[rows]
    values = frame.to_numpy(np.float64)
    with np.errstate(all="ignore"):
        filled = np.where(
            np.isnan(values),
            np.nanmedian(np.where(np.isnan(values).all(axis=0), 0.0, values), axis=0),
            values,
        )
    ranks = pd.DataFrame(filled).rank().to_numpy()
    moving = ranks.std(axis=0) > 0
    names = [str(n) for n, moves in zip(frame.columns, moving, strict=True) if moves]
    matrix = np.atleast_2d(np.corrcoef(ranks[:, moving], rowvar=False))
    inflation = np.diag(np.linalg.inv(matrix + 1e-6 * np.eye(len(matrix))))
    first, second = np.triu_indices(len(names), 1)
    strong = np.abs(matrix[first, second]) > CLOSE
    trait = [
        evidence.meanings[name].trait_key if name in evidence.meanings else "" for name in names
    ]
    records = [
        {
            "feature": names[a],
            "trait": trait[a],
            "other": names[b],
            "trait of the other": trait[b],
            "rank correlation": float(matrix[a, b]),
        }
        for a, b in zip(first[strong], second[strong], strict=True)
    ]
    pairs = pd.DataFrame(
        records, columns=["feature", "trait", "other", "trait of the other", "rank correlation"]
    )
    across = pairs[pairs["trait"] != pairs["trait of the other"]].sort_values(
        "rank correlation", key=abs, ascending=False, ignore_index=True
    )
    factors = pd.DataFrame({"feature": names, "inflation": inflation})
    gain = evidence.importance.reindex(evidence.train.X.columns).fillna(0.0)
    twins = pd.unique(across[["feature", "other"]].to_numpy().ravel())
    share = float(gain[twins].sum() / gain.sum()) if gain.sum() > 0 else 0.0
    why = (
        f"{share:.1%} of the model's gain stands on features with a twin in another trait: "
        f"{len(across)} pairs of different traits have a rank correlation beyond {CLOSE},"
        f" {len(pairs) - len(across)} of one trait (those are told together). Largest inflation"
        f" factor: {inflation.max():.1f}."
    )
    tables = {
        "Pairs across traits": across.head(25),
        "Inflation factors": factors.sort_values("inflation", ascending=False).head(25),
    }
    return judge(share, options.threshold("correlated_gain"), why, tables=tables)


@check(
    30,
    "Sensitivity and stress",
    section=BEHAVIOUR,
    source="SR 26-2; EBA/GL/2018/04",
    what_to_do="Look at the shock that lowers the risk: a direction is wrong, or not held.",
    needs="wrong_shocks",
)
def stress(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Worsen the directed features of each trait by 10 and 20 %, and of all together."""
    X = evidence.test.X
    base = float(evidence.test.pd_hat.mean())
    by_trait: dict[str, list[str]] = {}
    for name, meaning in evidence.meanings.items():
        if meaning.direction and name in X.columns:
            by_trait.setdefault(meaning.trait_key, []).append(name)
    if not by_trait:
        return not_applicable("No feature has a direction, so no shock is known to be adverse.")
    rng = np.random.default_rng(evidence.seed)
    rows = rng.choice(len(X), min(len(X), 5_000), replace=False)
    part = X.iloc[rows].reset_index(drop=True)
    base_part = float(evidence.pd_of(part).mean())
    shocks = {TRAITS[key].short: names for key, names in by_trait.items()}
    shocks["all traits: adverse"] = [n for names in by_trait.values() for n in names]
    records, wrong = [], 0
    for label, names in shocks.items():
        for size in SHOCKS:
            moved = part.copy()
            for name in names:
                values = moved[name].to_numpy(np.float64)
                spread = np.nanstd(values) if np.isfinite(values).any() else 0.0
                step = np.maximum(np.abs(values), spread) * size
                moved[name] = values + evidence.meanings[name].direction * step
            after = float(evidence.pd_of(moved).mean())
            fell = after < base_part - TOLERANCE
            wrong += fell
            records.append(
                {
                    "shock": label,
                    "by": size,
                    "features": len(names),
                    "mean PD": after,
                    "change": after - base_part,
                }
            )
    table = pd.DataFrame(records)
    last = table.iloc[-1]
    why = (
        f"Mean PD {base:.2%}; {wrong} of {len(table)} adverse shocks lower it. All directed"
        f" features worse by 20 %: {last['mean PD']:.2%} on {len(part):,} accounts."
    )
    return judge(float(wrong), options.threshold("wrong_shocks"), why, tables={"Shocks": table})


@check(
    32,
    "A source that is absent",
    section=BEHAVIOUR,
    source="SR 26-2; BCBS 239",
    what_to_do="Do not score without the table named; or train a model without it for such days.",
    needs="absent_source",
)
def absent_sources(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Score with every table's features missing, one table at a time."""
    if not evidence.tables:
        return not_applicable("The data are one table; nothing can be absent alone.")
    if why_not := usable(evidence):
        return not_applicable(why_not)
    rows = evidence.test
    compute = METRICS["roc_auc"]
    own = compute(rows.bad, rows.pd_hat)
    records, states = [], [PASS]
    for table, names in evidence.tables.items():
        gone = [name for name in names if name in rows.X.columns]
        if not gone or len(gone) == rows.X.shape[1]:
            continue
        pd_hat = evidence.pd_of(rows.X.assign(**dict.fromkeys(gone, np.nan)))
        usual = bool(np.isfinite(pd_hat).all() and (pd_hat >= 0).all() and (pd_hat <= 1).all())
        states.append(PASS if usual else RED)
        area = compute(rows.bad, pd_hat) if usual else float("nan")
        records.append(
            {
                "table": table,
                "features gone": len(gone),
                "AUC without it": area,
                "AUC lost": own - area,
                "mean PD": float(pd_hat.mean()),
                "bads over expected": float(rows.bad.sum() / pd_hat.sum()),
            }
        )
    if not records:
        return not_applicable("No table's features can be told from the rest.")
    frame = pd.DataFrame(records).sort_values("AUC lost", ascending=False, ignore_index=True)
    if RED in states:
        broken = ", ".join(frame.loc[frame["AUC lost"].isna(), "table"])
        why = f"Without {broken} some score is not a number between 0 and 1."
        limits = options.threshold("absent_source")
        return Finding(None, None, None, RED, why, limits, {"One table absent": frame})
    first = frame.iloc[0]
    found = judge(float(first["AUC lost"]), options.threshold("absent_source"), "")
    state = AMBER if found.state == RED else found.state
    why = (
        f"Without {first['table']} the AUC falls by {first['AUC lost']:.4f} to"
        f" {first['AUC without it']:.4f}; every score stays finite:"
        f" {'yes' if RED not in states else 'no'}."
    )
    if state == AMBER:
        why += " To lose rank without a main source is no fault, but to be known beforehand."
    return Finding(
        found.figure, None, None, state, why, found.threshold, {"One table absent": frame}
    )
