"""The scorer as one SQL query, in the dialects of DuckDB and PostgreSQL.

The query has three steps, so that no step is too large to plan and every value is worked out once:
``coded`` brings each feature to the number of its interval between the thresholds of all trees,
``terms`` looks up what a few dozen trees add, a pass over ``coded`` each, and their sums by row
are the trait values. A pass is small enough for its tables to stay near the processor.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delinquency.errors import UnsupportedModelError
from delinquency.scoring.exported_trees import ZERO_THRESHOLD, ExportedTree, Split
from delinquency.scoring.lookup_tables import UNITS, LookupTable, lookup_tables

TABLE = "features"
TABLES_A_PASS = 50
"""Lookup tables of one pass: about 400 comparisons and 200 KB of numbers."""
KEYS = "account_id, observation_month"


@dataclass(frozen=True)
class Dialect:
    """How a database writes what the query needs.

    Attributes
    ----------
    name : str
    first : str
        What comes before the query.
    array : str
        An array of whole numbers, with a place for them.
    bit : str
        A number where a condition holds, else 0; with places for both.
    apart : str
        Keeps a step apart from the one that reads it.
    """

    name: str
    first: str
    array: str
    bit: str
    apart: str


DIALECTS = {
    "duckdb": Dialect(
        "DuckDB", "", "'[{0}]'::BIGINT[]", "({0})::SMALLINT * {1}::SMALLINT", ""
    ),
    # PostgreSQL would compile the query for minutes, and would copy each step into the next.
    "postgresql": Dialect(
        "PostgreSQL", "SET jit = off;\n", "'{{{0}}}'::bigint[]",
        "CASE WHEN {0} THEN {1} ELSE 0 END", "\nOFFSET 0",
    ),
}  # fmt: skip


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
    """Return the query that scores a table ``features``.

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
        Selects ``account_id, observation_month, pd_hat, raw_score`` and six ``trait_<key>``, a
        row for each row of the table, in any order. A missing value is NULL (NaN is taken as
        NULL).

    Raises
    ------
    UnsupportedModelError
        If the calibration has no formula.
    """
    way = DIALECTS[dialect]
    probability = _probability(calibration)
    tables = lookup_tables(trees)
    codes = _Codes([split for tree in trees for split in tree.splits], features)
    passes = [
        _pass(tables[start : start + TABLES_A_PASS], codes, way, len(traits))
        for start in range(0, len(tables), TABLES_A_PASS)
    ]
    sums = [f"t{number}" for number in range(len(traits))]
    if not passes:
        nothing = ", ".join(f"0::bigint AS {one}" for one in sums)
        passes = [f"  SELECT row_id, {nothing} FROM coded"]
    added = ", ".join(f"sum({one})::bigint AS {one}" for one in sums)
    units = f"{_number(UNITS)}::double precision"
    names = [_name(f"trait_{key}") for key in traits]
    values = ",\n    ".join(
        f"{one} / {units} AS {name}" for one, name in zip(sums, names, strict=True)
    )
    return (
        f"-- {title}\n"
        f"-- {way.name}. Scores the table {TABLE}: account_id, observation_month and a column a\n"
        "-- feature, NULL where a value is not known. Trait values are log-odds; they add up to\n"
        f"-- raw_score with {base_value!r}. Rows come in any order.\n"
        f"{way.first}WITH {codes.query(way)},\n"
        f"terms AS (\n" + "\n  UNION ALL\n".join(passes) + "\n),\n"
        f"added AS (\n  SELECT row_id, {added} FROM terms GROUP BY row_id\n),\n"
        f"explained AS (\n  SELECT\n    {KEYS},\n"
        f"    {_number(base_value)} + ({' + '.join(sums)}) / {units} AS raw_score,\n    {values}\n"
        "  FROM coded JOIN added USING (row_id)\n)\n"
        f"SELECT\n  {KEYS},\n  {probability} AS pd_hat,\n  raw_score,\n  {', '.join(names)}\n"
        "FROM explained;\n"
    )


class _Codes:
    """Each feature as the number of its interval between the thresholds that it meets.

    A missing value is 0 in the columns ``l``, below all thresholds, and above all in the columns
    ``r``, so that a comparison needs not ask. A set of categories has a column ``c``, 0 inside.
    """

    def __init__(self, splits: Sequence[Split], features: Sequence[str]):
        numbers = sorted({(s.feature, s.zero_missing) for s in splits if not s.categories})
        self._features = features
        self._thresholds = {
            key: sorted(
                {s.threshold for s in splits
                 if not s.categories and (s.feature, s.zero_missing) == key}
            )
            for key in numbers
        }  # fmt: skip
        sets = sorted({(s.feature, s.categories) for s in splits if s.categories})
        self._sets = {key: f"c{number}" for number, key in enumerate(sets)}
        used = {self._column(s) for s in splits}
        self._kept = sorted(used)

    def goes_left(self, split: Split) -> str:
        """Return the comparison that holds where a row goes left."""
        if split.categories:
            return f"{self._column(split)} = 0"
        thresholds = self._thresholds[split.feature, split.zero_missing]
        return f"{self._column(split)} <= {bisect_left(thresholds, split.threshold) + 1}"

    def query(self, way: Dialect) -> str:
        """Return the steps up to ``coded``, in their order."""
        read = {feature for feature, _ in [*self._thresholds, *self._sets]}
        known = [
            f"nullif({_name(self._features[feature])}::double precision, "
            f"'NaN'::double precision) AS f{feature}"
            for feature in sorted(read)
        ]
        within = [
            f"(CASE WHEN {self._missing(key)} THEN 0 ELSE "
            f"{_interval(f'f{key[0]}', found, 0, len(found))} END)::smallint AS {_left(key)}"
            for key, found in self._thresholds.items()
        ]
        within += [
            f"(CASE WHEN trunc(f{feature}) IN ({', '.join(map(str, codes))}) THEN 0 ELSE 1 END)"
            f"::smallint AS {name}"
            for (feature, codes), name in self._sets.items()
        ]
        above = {
            _right(key): f"(CASE WHEN {_left(key)} = 0 THEN {len(found) + 2} ELSE {_left(key)} "
            f"END)::smallint AS {_right(key)}"
            for key, found in self._thresholds.items()
        }
        kept = [above.get(name, name) for name in self._kept]
        return (
            f"coded AS MATERIALIZED (\n  SELECT {_list(['row_id', KEYS, *kept])}\n  FROM (\n"
            f"  SELECT {_list(['row_id', KEYS, *within])}\n  FROM (\n"
            f"  SELECT {_list(['row_number() OVER () AS row_id', KEYS, *known])}\n"
            f"  FROM {TABLE}{way.apart}\n  ) AS known{way.apart}\n  ) AS within\n)"
        )

    def _column(self, split: Split) -> str:
        if split.categories:
            return self._sets[split.feature, split.categories]
        key = (split.feature, split.zero_missing)
        return _left(key) if split.missing_left else _right(key)

    @staticmethod
    def _missing(key: tuple[int, bool]) -> str:
        feature, zero_missing = key
        zero = f" OR abs(f{feature}) <= {_number(ZERO_THRESHOLD)}" if zero_missing else ""
        return f"f{feature} IS NULL{zero}"


def _left(key: tuple[int, bool]) -> str:
    return f"l{key[0]}{'z' if key[1] else ''}"


def _right(key: tuple[int, bool]) -> str:
    return f"r{key[0]}{'z' if key[1] else ''}"


def _interval(column: str, thresholds: list[float], first: int, last: int) -> str:
    """Return a search by halves for the first threshold that is not below the value, from 1."""
    if first == last:
        return str(first + 1)
    middle = (first + last) // 2
    below = _interval(column, thresholds, first, middle)
    above = _interval(column, thresholds, middle + 1, last)
    return f"CASE WHEN {column} <= {_number(thresholds[middle])} THEN {below} ELSE {above} END"


def _pass(tables: Sequence[LookupTable], codes: _Codes, way: Dialect, n_traits: int) -> str:
    """Return what some tables add to every row."""
    rows, terms = [], [["0::bigint"] for _ in range(n_traits)]
    for number, table in enumerate(tables):
        bits = ["1"]
        for bit, (left, right) in enumerate(table.conditions):
            tests = [codes.goes_left(table.splits[place]) for place in left]
            tests += [f"NOT {codes.goes_left(table.splits[place])}" for place in right]
            bits.append(way.bit.format(" AND ".join(tests), 1 << bit))
        rows.append(f"{' + '.join(bits)} AS i{number}")
        for column, trait in enumerate(table.traits):
            values = way.array.format(",".join(map(str, table.values[:, column].tolist())))
            terms[trait].append(f"({values})[i{number}]")
    sums = ",\n    ".join(f"{' + '.join(own)} AS t{trait}" for trait, own in enumerate(terms))
    return (
        f"  SELECT row_id,\n    {sums}\n  FROM (\n    SELECT {_list(['row_id', *rows])}\n"
        f"    FROM coded{way.apart}\n  ) AS looked_up"
    )


def _list(columns: Sequence[str]) -> str:
    return ",\n    ".join(columns)


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
