"""What speaks against a label or a direction: reversed signs, columns that know the outcome."""

import re
from collections.abc import Mapping

import numpy as np

from delinquency.sources.guesses import guess_trait
from delinquency.sources.inspect.column_profile import ColumnProfile, ColumnValues, rank_auc
from delinquency.sources.inspect.findings import Finding, Roles

CLEAR_AUC, CLEAR_Z = 0.03, 4.0
"""How far an AUC must lie on the other side of 0.5, also in standard errors, to contradict."""
TOGETHER_AUC = 0.95
"""A quick model of all columns that ranks this well on rows held out knows the outcome."""
MOST_ROWS, LEAST_OF_EACH = 20_000, 30
MONTHS_ASIDE = 4
"""Columns that differ by a number only, from which they may be months side by side."""
NUMBERED = re.compile(r"(.*?)[_\s-]?(\d{1,2})")
BY_NAME = re.compile(
    r"(.+?)[_\s-](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*", re.IGNORECASE
)
MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ONLY_BAD_ROWS, ONLY_BAD_CHANCE = 20, 1e-6
"""Bad rows, and the chance of it, from which values that no good row has tell the outcome."""
MONTHLY = re.compile(r"pay|paid|bill|bal|status|stmt|month|due|dpd|amt", re.IGNORECASE)


def direction_findings(
    columns: tuple[ColumnProfile, ...], values: Mapping[str, ColumnValues], roles: Roles
) -> list[Finding]:
    """Find directions that the data contradict, and a label that is the other way round.

    A mapped direction is held against the data; without one, the sign that a name suggests. Codes
    that the mapping states are left out.
    """
    if roles.bad is None or roles.of_the_month:
        return []
    against, along, found = [], 0, []
    for column in columns:
        stated = roles.directions.get(column.name)
        if stated is None and column.role in ("", "feature"):
            stated = guess_trait(column.name).direction
        numbers = values[column.name].numbers
        if not stated or numbers is None:
            continue
        codes = [code for code, _ in column.codes]
        codes += list(roles.stated.get(column.name, ()))
        auc, error = _auc_and_error(np.where(np.isin(numbers, codes), np.nan, numbers), roles.bad)
        if auc is None or abs(auc - 0.5) < max(CLEAR_AUC, CLEAR_Z * error):
            continue
        if (auc - 0.5) * stated > 0:
            along += 1
            continue
        against.append(column.name)
        if column.name in roles.directions:
            more = "more" if auc > 0.5 else "fewer"
            text = f"direction {stated:+d} is contradicted: higher values go with {more} bad rows "
            mend = "Look at its bad rate by bin; direction: 0 releases it."
            found.append(Finding("look", column.name, f"{text}(AUC {auc:.3f})", mend))
    return [*_reversed_label(roles, against, along), *found]


def _reversed_label(roles: Roles, against: list[str], along: int) -> list[Finding]:
    """Find a label whose good rows look bad."""
    assert roles.bad is not None
    known = roles.bad[~np.isnan(roles.bad)]
    rate = float(known.mean()) if len(known) else 0.0
    signs = []
    if rate > 0.5:
        signs.append(f"{rate:.0%} of the rows are bad")
    if against and len(against) > along:
        signs.append(f"{', '.join(against[:5])} point the other way")
    if not signs or (rate <= 0.5 and (along or len(against) < 2)):
        return []
    text = f"the label may be the wrong way round: {' and '.join(signs)}"
    severity = "stop" if len(signs) > 1 else "look"
    mend = "Say which values are bad and which are good in 'outcome'."
    return [Finding(severity, roles.column("label"), text, mend)]


def _auc_and_error(numbers: np.ndarray, bad: np.ndarray) -> tuple[float | None, float]:
    """Return the AUC of a column, and its standard error were it 0.5."""
    known = ~np.isnan(numbers) & ~np.isnan(bad)
    n_bad = int(bad[known].sum())
    n_good = int(known.sum()) - n_bad
    if min(n_bad, n_good) < 1:
        return None, 0.0
    return rank_auc(numbers, bad), float(((n_bad + n_good + 1) / (12 * n_bad * n_good)) ** 0.5)


def together_findings(
    columns: tuple[ColumnProfile, ...], values: Mapping[str, ColumnValues], roles: Roles
) -> list[Finding]:
    """Find columns that together know the outcome, though none does alone.

    A quick model learns on two thirds of the rows and ranks the others; a column with missing
    cells says something by being filled.
    """
    if roles.bad is None or roles.of_the_month:
        return []
    keys = ("label", "account", "month", "person", "ignored", "protected")
    names = [c.name for c in columns if c.role not in keys and c.kind in ("number", "text")]
    names = [n for n in names if len(values[n].distinct) > 1]
    rows = np.flatnonzero(~np.isnan(roles.bad))[:: max(1, len(roles.bad) // MOST_ROWS)]
    bad = roles.bad[rows]
    if len(names) < 2 or min(bad.sum(), len(bad) - bad.sum()) < LEAST_OF_EACH:
        return []
    import lightgbm as lgb

    def numbers_of(one: ColumnValues) -> np.ndarray:
        numbers = one.numbers if one.numbers is not None else one.ids.astype(float)
        return np.where(one.ids < 0, np.nan, numbers)[rows]

    matrix = np.column_stack([numbers_of(values[name]) for name in names])
    held = np.random.default_rng(0).random(len(rows)) < 1 / 3
    params = {"objective": "binary", "num_leaves": 8, "verbosity": -1, "deterministic": True,
              "num_threads": 1, "learning_rate": 0.15, "seed": 0}  # fmt: skip
    data = lgb.Dataset(matrix[~held], bad[~held], params=params)
    model = lgb.train(params, data, num_boost_round=40)
    auc = rank_auc(np.asarray(model.predict(matrix[held])), bad[held])
    if auc is None or auc < TOGETHER_AUC:
        return []
    gain = model.feature_importance("gain")
    top = [names[k] for k in np.argsort(-gain, kind="stable")[:5] if gain[k] > 0.05 * gain.sum()]
    text = (
        f"together the columns rank rows held out with AUC {auc:.3f}: some may exist only after "
        f"the outcome. Most is in {', '.join(top)}"
    )
    return [Finding("stop", "", text, "Ignore those that are not known at the observation.")]


def only_of_bad_rows(values: ColumnValues, bad: np.ndarray) -> str:
    """Return in words that only bad rows differ from the usual value; else "".

    A value that only good rows have may mark a group that pays well.

    Parameters
    ----------
    values : ColumnValues
    bad : ndarray of shape (n_rows,)
        1 bad, 0 good, NaN neither.
    """
    known = ~np.isnan(bad) & (values.ids >= 0)
    ids, flags = values.ids[known], bad[known] == 1
    if not len(ids) or flags.all() or not flags.any():
        return ""
    usual = int(np.bincount(ids).argmax())
    other = ids != usual
    in_bad, in_good = int((other & flags).sum()), int((other & ~flags).sum())
    if in_good or in_bad < ONLY_BAD_ROWS or flags.mean() ** in_bad > ONLY_BAD_CHANCE:
        return ""
    return (
        f"other than {values.distinct[usual]!r} in {in_bad:,} bad rows and in no good one: it may "
        "exist only after the outcome"
    )


def months_aside(names: list[str]) -> dict[str, list[str]]:
    """Return families of columns that differ by a number, in its order: months side by side.

    Examples
    --------
    >>> months_aside(["PAY_0", "PAY_2", "PAY_3", "PAY_4", "AGE"])
    {'PAY': ['PAY_0', 'PAY_2', 'PAY_3', 'PAY_4']}
    """
    families: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        found = NUMBERED.fullmatch(name)
        if found and found.group(1) and MONTHLY.search(found.group(1)):
            families.setdefault(found.group(1), []).append((int(found.group(2)), name))
        elif (found := BY_NAME.fullmatch(name)) and MONTHLY.search(found.group(1)):
            place = MONTH_NAMES.index(found.group(2).lower())
            families.setdefault(found.group(1), []).append((place, name))
    return {
        stem: [name for _, name in sorted(members)]
        for stem, members in families.items()
        if len(members) >= MONTHS_ASIDE
    }


def aside_findings(names: list[str], roles: Roles) -> list[Finding]:
    """Find months side by side in a file that is not mapped as such."""
    families = months_aside([name for name in names if not roles.by_column.get(name)])
    if not families or roles.complete:
        return []
    shown = "; ".join(f"{members[0]} to {members[-1]}" for members in families.values())
    text = f"months may stand side by side: {shown}"
    mend = "As a panel (wide, wide_months) they give trends; see conf/data/taiwan_as_panel.yaml."
    return [Finding("look", "", text, mend)]
