"""How far features have moved between development and test, knowing the sizes."""

from dataclasses import replace

import numpy as np
import pandas as pd

from delinquency.metrics.population_stability import stability_p_value, stability_table
from delinquency.panel.schema import published_columns
from delinquency.validation.check_inputs import Array, Evidence
from delinquency.validation.check_record import PASS, Finding, judge, not_applicable
from delinquency.validation.validation_options import ValidationOptions

FEW_VALUES = 50
"""Distinct values in the test up to which a feature may be of a place and month."""
ROWS_OF_A_PLACE = 10
"""Accounts that share such a value, at least: a test of few rows has few values of anything."""


def moved_most(
    evidence: Evidence, names: list[str], options: ValidationOptions, *, threshold: str, words: str
) -> Finding:
    """Return the finding of the feature that moved most, by an index that knows the sizes."""
    old, new = evidence.train, evidence.test
    sizes = {"n_reference": old.n_groups, "n_current": new.n_groups}
    records, calendar = [], []
    for name in names:
        before, after = (rows.X[name].to_numpy(np.float64) for rows in (old, new))
        if made_of_published_figures(name, evidence) or of_the_calendar(before, after):
            calendar.append(name)
            continue
        table = stability_table(before, after)
        p = min(1.0, stability_p_value(table, **sizes) * len(names))
        records.append({"feature": name, "psi": float(table["psi"].sum()), "p corrected": p})
    if not records:
        return not_applicable("Every feature is the same for all accounts of a place and month.")
    found = _moved(records, options, threshold=threshold, words=words)
    if not calendar:
        return found
    why = (
        f"{found.why} {len(calendar)} more are the same for all accounts of a place and month"
        f" ({', '.join(calendar[:3])}): one independent value a month is no drift of the accounts,"
        " so they are not judged; what the model makes of values that it never saw is not known."
    )
    return replace(found, why=why)


def made_of_published_figures(name: str, evidence: Evidence) -> bool:
    """Return whether a feature is made of figures alone that are published for a place."""
    meaning = evidence.meanings.get(name)
    needs = set(meaning.needs) if meaning else set()
    return bool(needs) and needs <= published_columns()


def of_the_calendar(before: Array, after: Array) -> bool:
    """Return whether a feature has a few values in the test, none of them seen before.

    Rates that are published for a place and month have one independent value for thousands of
    accounts: that they differ from another month's is no drift of the accounts.
    """
    known = after[np.isfinite(after)]
    now = np.unique(known)
    shared = ROWS_OF_A_PLACE * len(now) <= len(known)
    if not 0 < len(now) <= FEW_VALUES or not shared or (now == np.round(now)).all():
        return False
    return not np.isin(now, before).any()


def _moved(
    records: list[dict[str, object]], options: ValidationOptions, *, threshold: str, words: str
) -> Finding:
    """Return the finding of the largest index whose movement is not chance."""
    table = pd.DataFrame(records).sort_values("psi", ascending=False, ignore_index=True)
    limits = options.threshold(threshold)
    sure = table[table["p corrected"] < options.significance]
    # What is shown is what is judged: the largest movement that is not chance, if there is one.
    first = sure.iloc[0] if len(sure) else table.iloc[0]
    figure = float(first["psi"])
    by = next(name for name in table.columns if name not in ("psi", "p corrected"))
    why = f"Largest PSI among {len(table)} {words}: {first[by]}, {figure:.4f}."
    above = int((table["psi"] > (limits.watch_most or np.inf)).sum())
    why += f" Above {limits.watch_most}: {above}."
    if not len(sure):
        why += " Samples of these sizes differ as much by chance."
        return Finding(figure, None, None, PASS, why, limits, {f"PSI: {words}": table})
    found = judge(figure, limits, why, tables={f"PSI: {words}": table})
    return Finding(figure, None, None, found.state, found.why, limits, found.tables)
