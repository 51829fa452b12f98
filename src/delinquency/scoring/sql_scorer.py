"""The scorer as one SQL statement, in the dialects of DuckDB and PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delinquency.errors import UnsupportedModelError
from delinquency.scoring.exported_trees import ZERO_THRESHOLD, ExportedTree, Leaf, Split

TABLE = "features"


@dataclass(frozen=True)
class Dialect:
    """How a database writes what the statement needs.

    Attributes
    ----------
    name : str
    array : str
        An array of doubles, with a place for its numbers.
    """

    name: str
    array: str


DIALECTS = {
    "duckdb": Dialect("DuckDB", "([{0}]::DOUBLE[])"),
    "postgresql": Dialect("PostgreSQL", "('{{{0}}}'::float8[])"),
}


def sql_scorer(
    trees: Sequence[ExportedTree],
    *,
    base_value: float,
    features: Sequence[str],
    traits: Sequence[str],
    calibration: Mapping[str, object],
    dialect: str,
    title: str,
) -> str:
    """Return the statement that scores a table ``features``.

    Parameters
    ----------
    trees : sequence of ExportedTree
    base_value : float
    features, traits : sequence of str
        Names in the model's order.
    calibration : mapping
        As ``Calibration.to_dict``.
    dialect : str
        "duckdb" or "postgresql".
    title : str
        What the file says it is.

    Returns
    -------
    str
        Selects ``account_id, observation_month, pd_hat, raw_score`` and six ``trait_<key>``. A
        missing value is NULL (NaN is taken as NULL).

    Raises
    ------
    UnsupportedModelError
        If the calibration has no formula.
    """
    way = DIALECTS[dialect]
    columns = ",\n".join(
        f"    nullif({_name(feature)}::double precision, 'NaN'::double precision) AS f{number}"
        for number, feature in enumerate(features)
    )
    terms: list[list[str]] = [[] for _ in traits]
    for tree in trees:
        for leaf in tree.leaves:
            index = _index(leaf, tree.splits)
            for column, trait in enumerate(leaf.traits):
                numbers = ", ".join(_number(value) for value in leaf.values[:, column])
                terms[trait].append(f"{way.array.format(numbers)}[{index}]")
    values = ",\n".join(
        f"    {_sum(own)} AS {_name('trait_' + key)}"
        for key, own in zip(traits, terms, strict=True)
    )
    names = ", ".join(_name(f"trait_{key}") for key in traits)
    raw = " + ".join([_number(base_value), *(_name(f"trait_{key}") for key in traits)])
    return (
        f"-- {title}\n"
        f"-- {way.name}. Scores the table {TABLE}: account_id, observation_month and a column a\n"
        "-- feature, NULL where a value is not known. Trait values are log-odds; they add up to\n"
        f"-- raw_score with {base_value!r}.\n"
        f"WITH known AS (\n  SELECT\n    account_id,\n    observation_month,\n{columns}\n"
        f"  FROM {TABLE}\n),\nexplained AS (\n  SELECT\n    account_id,\n    observation_month,\n"
        f"{values}\n  FROM known\n),\nscored AS (\n  SELECT *, {raw} AS raw_score\n"
        f"  FROM explained\n)\nSELECT\n  account_id,\n  observation_month,\n"
        f"  {_probability(calibration)} AS pd_hat,\n  raw_score,\n  {names}\nFROM scored;\n"
    )


def _index(leaf: Leaf, splits: Sequence[Split]) -> str:
    """Return the place of an account's set of agreeing traits in the leaf's table, from 1."""
    parts = ["1"]
    for bit, (left, right) in enumerate(leaf.conditions):
        tests = [_goes_left(splits[number]) for number in left]
        tests += [f"NOT {_goes_left(splits[number])}" for number in right]
        parts.append(f"CASE WHEN {' AND '.join(tests)} THEN {1 << bit} ELSE 0 END")
    return " + ".join(parts)


def _goes_left(split: Split) -> str:
    column = f"f{split.feature}"
    if split.categories:
        codes = ", ".join(str(code) for code in split.categories)
        return f"coalesce(trunc({column}) IN ({codes}), false)"
    missing = "true" if split.missing_left else "false"
    test = f"coalesce({column} <= {_number(split.threshold)}, {missing})"
    if split.zero_missing:
        zero = f"abs({column}) <= {_number(ZERO_THRESHOLD)}"
        return f"(CASE WHEN {zero} THEN {missing} ELSE {test} END)"
    return test


def _sum(terms: list[str]) -> str:
    """Return terms added up pairwise: a chain of thousands would be nested too deeply."""
    if not terms:
        return "0.0e0"
    while len(terms) > 1:
        pairs = [terms[at : at + 2] for at in range(0, len(terms), 2)]
        terms = [f"({' + '.join(pair)})" if len(pair) > 1 else pair[0] for pair in pairs]
    return terms[0]


def _probability(calibration: Mapping[str, object]) -> str:
    kind = calibration["kind"]
    log_odds = "raw_score"
    if kind == "sigmoid":
        slope, intercept = float(str(calibration["slope"])), float(str(calibration["intercept"]))
        log_odds = f"({_number(slope)} * raw_score + {_number(intercept)})"
    elif kind != "none":
        raise UnsupportedModelError(
            f"A model with calibration {kind!r} has no formula to export. Train with "
            "model.calibration=none or sigmoid."
        )
    # Bounded, so that no exponential overflows; a PD beyond is 0 or 1 to the last digit.
    return f"1.0e0 / (1.0e0 + exp(-greatest(-700.0e0, least(700.0e0, {log_odds}))))"


def _number(value: float) -> str:
    """Return a double that no database reads as a decimal."""
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
