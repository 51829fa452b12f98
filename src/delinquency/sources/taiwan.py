"""UCI "Default of Credit Card Clients" (Taiwan, 2005): find the file, check it, recast it.

What is known of the file and stated nowhere in it:

- ``PAY_AMT`` of a month settles the *previous* statement, so new charges of a month are
  ``balance - previous balance + payment``; they include interest and fees.
- ``PAY`` codes: -2 no use, -1 paid in full, 0 revolving with the minimum paid, k months behind.
  Code 1 is common in September only (3,688 rows against 28 and fewer in older months): a one in
  September is not comparable with a one before.
- Education codes 0, 5 and 6 and marriage code 0 are not documented; education 4 is "others".
- 35 rows repeat another, 56 repeat on all features, and 21 feature vectors carry both labels:
  equal rows share a group, so that a split cannot put one in training and its twin in the test.

References
----------
I-Cheng Yeh and Che-hui Lien (2009), Expert Systems with Applications 36(2), 2473-2480;
doi:10.24432/C55S3H (CC BY 4.0).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa

from delinquency.errors import DataError, Fault, MissingArtifactError
from delinquency.options.data import PanelData, TableMapping, TaiwanData, TextOptions
from delinquency.sources.cells import number_cells
from delinquency.sources.mapping import Reading
from delinquency.sources.panel import assemble, flag_empty_accounts
from delinquency.sources.records import SOURCES, SourceTables, one_cohort
from delinquency.sources.text import (
    RawTable,
    head_lines,
    read_text,
    scan_text,
    sniff_delimiter,
    split_line,
    text_of,
)

FOLDER = "taiwan"
OPENML_ID = 42477
OBSERVATION_MONTH = "2005-09"
MONTHS = ("2005-09", "2005-08", "2005-07", "2005-06", "2005-05", "2005-04")
"""Months of the numbered columns, in their order: 1 (or 0) is September."""
PAY = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
BILL = tuple(f"BILL_AMT{k}" for k in range(1, 7))
PAID = tuple(f"PAY_AMT{k}" for k in range(1, 7))
FEATURES = ("LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE", *PAY, *BILL, *PAID)
LABEL = "DEFAULT"
LABEL_ALIASES = ("DEFAULT", "DEFAULT.PAYMENT.NEXT.MONTH", "DEFAULT PAYMENT NEXT MONTH", "Y")
ALIASES = {"PAY_1": "PAY_0", "GENDER": "SEX"} | dict.fromkeys(LABEL_ALIASES, LABEL)
PANEL = PanelData(
    name="taiwan",
    currency="TWD",
    group_equal_accounts=True,
    tables={
        "statements": TableMapping(
            path=FOLDER,
            columns={"account_id": "ID", "credit_limit": "LIMIT_BAL"},
            wide_months=list(MONTHS),
            wide={
                "balance": list(BILL),
                "payment": list(PAID),
                "repayment_status": list(PAY),
                "days_past_due": list(PAY),
            },
            # A status of k months is k times 30 days past due.
            codes={"days_past_due": {code: 30 * max(code, 0) for code in range(-2, 10)}},
        ),
        "accounts": TableMapping(
            path=FOLDER,
            columns={
                "account_id": "ID",
                "education_level": "EDUCATION",
                "sex": "SEX",
                "age": "AGE",
                "marital_status": "MARRIAGE",
            },
            codes={
                # 4 (others) and the undocumented 0, 5 and 6 have no place in the order.
                "education_level": {1: 3, 2: 2, 3: 1, 4: None, 0: None, 5: None, 6: None},
                "sex": {1: "male", 2: "female"},
                "marital_status": {1: "married", 2: "single", 3: "other", 0: None},
            },
        ),
        "outcomes": TableMapping(
            path=FOLDER,
            columns={"account_id": "ID", "bad": LABEL},
            constants={"observation_month": OBSERVATION_MONTH},
        ),
    },
)
"""The mapping of the file onto the canonical tables, in the terms of the panel road."""
UNLABELLED = ("statements", "accounts")
"""The tables of a file without the label."""
BOUNDS = MappingProxyType(
    {"LIMIT_BAL": (0.0, None), "SEX": (1.0, 2.0), "EDUCATION": (0.0, 6.0), "MARRIAGE": (0.0, 3.0)}
    | {"AGE": (18.0, 120.0), LABEL: (0.0, 1.0)}
    | dict.fromkeys(PAY, (-2.0, 9.0))
    | dict.fromkeys(PAID, (0.0, None))
)
WHOLE = ("SEX", "EDUCATION", "MARRIAGE", "AGE", *PAY, LABEL)
"""Columns of codes and counts; amounts may carry decimals."""


@dataclass(frozen=True)
class KnownFacts:
    """What is known to be true of the complete file.

    Attributes
    ----------
    n_rows, n_positives : int
    sums : mapping of str to float
        Sum of each column.
    """

    n_rows: int
    n_positives: int
    sums: Mapping[str, float] = field(default_factory=dict)


TAIWAN_FACTS = KnownFacts(
    n_rows=30_000,
    n_positives=6_636,
    sums=MappingProxyType(
        {
            "LIMIT_BAL": 5_024_529_680,
            "SEX": 48_112,
            "EDUCATION": 55_594,
            "MARRIAGE": 46_556,
            "AGE": 1_064_565,
        }
        | dict(zip(PAY, (-501, -4_013, -4_986, -6_620, -7_986, -8_733), strict=True))
        | dict(
            zip(
                BILL,
                (
                    1_536_699_927,
                    1_475_372_255,
                    1_410_394_644,
                    1_297_888_469,
                    1_209_342_029,
                    1_166_152_812,
                ),
                strict=True,
            )
        )
        | dict(
            zip(
                PAID,
                (
                    169_907_415,
                    177_634_905,
                    156_770_445,
                    144_782_306,
                    143_981_629,
                    156_465_077,
                ),
                strict=True,
            )
        )
    ),
)


@SOURCES.named("taiwan")
def read_taiwan(
    options: TaiwanData, raw_dir: Path, *, known: KnownFacts = TAIWAN_FACTS
) -> SourceTables:
    """Read the Taiwan card accounts as canonical tables.

    Parameters
    ----------
    options : TaiwanData
    raw_dir : Path
        The folder that holds ``taiwan/``, or the folder of the file itself.
    known : KnownFacts
        What the file must add up to, if it is the complete one.

    Returns
    -------
    SourceTables
        ``statements`` (six months an account), ``accounts`` and the outcomes.

    Raises
    ------
    MissingArtifactError
        If there is no file and it cannot be downloaded.
    DataError
        If the file is not the one that is known: with every fault found.
    """
    raw = read_cells(options, raw_dir)
    wide = _checked(raw, known if options.complete else None)
    cells = RawTable(raw.where, pa.Table.from_pandas(wide, preserve_index=False), raw.digest)
    mapped = PANEL.tables if LABEL in wide else {k: PANEL.tables[k] for k in UNLABELLED}
    panel = replace(PANEL, tables=dict(mapped))
    source = assemble(panel, dict.fromkeys(mapped, cells), Reading(currency=PANEL.currency))
    tables = {**source.tables, "accounts": flag_empty_accounts(source.tables)}
    facts = _facts(wide, source.groups, raw)
    return replace(source, tables=MappingProxyType(tables), facts=facts)


def canonical_name(name: str) -> str:
    """Return the name by which this module knows a column of any published version.

    Examples
    --------
    >>> [canonical_name(n) for n in ("x6", "PAY_1", "default.payment.next.month", "limit_bal")]
    ['PAY_0', 'PAY_0', 'DEFAULT', 'LIMIT_BAL']
    """
    upper = name.strip().upper()
    if upper[:1] == "X" and upper[1:].isdigit() and 1 <= int(upper[1:]) <= len(FEATURES):
        return FEATURES[int(upper[1:]) - 1]
    return ALIASES.get(upper, upper)


def read_cells(options: TaiwanData, raw_dir: Path) -> RawTable:
    """Find the file on disk or at OpenML, and read its cells under canonical names."""
    path = _find(options, raw_dir)
    if path is None and not options.download:
        raise MissingArtifactError(_what_to_put_where(raw_dir, "data.download is off"))
    if path is None:
        return _download(raw_dir)
    if path.suffix.lower() == ".xls":
        return _read_xls(path)
    text = TextOptions()
    if scan_text(path).n_bytes == 0:
        raise DataError(Fault(path.name, "", "a header and rows", mend="The file is empty."))
    lines = head_lines(path, text, 2)
    delimiter = sniff_delimiter(lines[0])
    rows = [split_line(line, delimiter) for line in lines]
    names, n_header = _header(rows, path.name)
    return read_text(path, TextOptions(delimiter=delimiter), header=names, skip_lines=n_header)


def _find(options: TaiwanData, raw_dir: Path) -> Path | None:
    """Return the file to read, or None when there is none on disk."""
    if options.path:
        stated = Path(options.path)
        stated = stated if stated.is_absolute() else raw_dir / stated
        if not stated.is_file():
            raise MissingArtifactError(f"data.path: expected a file. There is none at {stated}.")
        return stated
    for folder in (raw_dir / FOLDER, raw_dir):
        found = sorted(p for p in folder.glob("*") if p.suffix.lower() in (".csv", ".xls"))
        if len(found) > 1:
            names = ", ".join(p.name for p in found)
            raise MissingArtifactError(
                f"{folder}: expected one .csv or .xls file. Got {names}. Say which with data.path."
            )
        if found:
            return found[0]
    return None


def _download(raw_dir: Path) -> RawTable:
    """Fetch the file from OpenML."""
    from sklearn.datasets import fetch_openml

    try:
        bunch = fetch_openml(data_id=OPENML_ID, as_frame=True, parser="liac-arff")
    except Exception as error:  # whatever the network layer raises, the reader's way out is one
        failure = f"the download from OpenML failed ({type(error).__name__}: {str(error)[:150]})"
        raise MissingArtifactError(_what_to_put_where(raw_dir, failure)) from error
    frame = bunch.frame
    where = f"OpenML data set {OPENML_ID}"
    names, _ = _header([[str(name) for name in frame.columns]], where)
    # OpenML gives the label as text in a category.
    cells = pa.table(
        {
            name: pa.array(frame[column].astype("str").to_numpy(dtype=object), pa.string())
            for name, column in zip(names, frame.columns, strict=True)
        }
    )
    digest = pd.util.hash_pandas_object(frame.astype("str"), index=False).to_numpy()
    return RawTable(where, cells, hashlib.sha256(digest.tobytes()).hexdigest())


def _what_to_put_where(raw_dir: Path, why_no_download: str) -> str:
    """Return the text of the error for a file that is nowhere to be had."""
    return (
        "data=taiwan: expected 'UCI_Credit_Card.csv' or 'default of credit card clients.xls' in "
        f"{raw_dir / FOLDER}. There is none, and {why_no_download}. Fetch it from "
        "https://doi.org/10.24432/C55S3H on a machine with network and put it there, or set "
        "DELINQUENCY_RAW_DIR to the folder that holds taiwan/."
    )


def _read_xls(path: Path) -> RawTable:
    """Read the original spreadsheet, which has two header rows."""
    import xlrd

    digest = scan_text(path).digest
    try:
        sheet = xlrd.open_workbook(str(path)).sheet_by_index(0)
    except xlrd.XLRDError as error:
        raise DataError(
            Fault(path.name, "", "an Excel 97-2003 spreadsheet", 0, (str(error)[:100],))
        ) from error
    if sheet.nrows == 0:
        raise DataError(Fault(path.name, "", "a header and rows", mend="The sheet is empty."))
    rows = [[_cell_text(value) for value in sheet.row_values(row)] for row in range(sheet.nrows)]
    names, n_header = _header(rows[:2], path.name)
    return RawTable(path.name, text_of(rows[n_header:], list(names)), digest)


def _cell_text(value: object) -> str:
    """Return a spreadsheet cell as text, whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _header(rows: list[list[str]], where: str) -> tuple[tuple[str, ...], int]:
    """Return canonical names and how many header lines there are, or raise.

    The original spreadsheet has X1, X2, ... in its first row and the names in its second.
    """
    best, n_lines = rows[0], 1
    if len(rows) > 1 and any(canonical_name(cell) == "LIMIT_BAL" for cell in rows[1]):
        best, n_lines = rows[1], 2
    names = tuple(canonical_name(cell) for cell in best)
    expected = [*FEATURES, LABEL]
    missing = [name for name in expected if name not in names]
    if len(missing) == len(expected):
        raise DataError(
            Fault(
                where,
                "",
                "a header with LIMIT_BAL, SEX, ... (or X1 ... X23) and the label",
                0,
                (", ".join(best[:6]),),
                "The header is missing, or it is another file.",
            )
        )
    faults = [
        Fault(where, name, "this column in the header", mend=f"Also known as {_also(name)}.")
        for name in missing
        if name != LABEL  # new accounts have none; _checked asks for it where it must be there
    ]
    unknown = [raw for raw, name in zip(best, names, strict=True) if name not in (*expected, "ID")]
    faults += [
        Fault(where, repr(raw), "only the known columns", mend="Rename it or leave it out.")
        for raw in unknown
    ]
    faults += [
        Fault(where, name, "one column of this name", 0, (f"{names.count(name)}",))
        for name in sorted({n for n in names if names.count(n) > 1})
        if name not in unknown
    ]
    if faults:
        raise DataError(faults)
    return names, n_lines


def _also(name: str) -> str:
    """Return the other published names of a column."""
    if name == LABEL:
        return "default.payment.next.month, 'default payment next month', Y"
    others = [alias for alias, meant in ALIASES.items() if meant == name]
    return " or ".join([f"X{FEATURES.index(name) + 1}", *others])


def _checked(raw: RawTable, known: KnownFacts | None) -> pd.DataFrame:
    """Return one float column per known column and ``ID``, or raise with every fault."""
    where, text = raw.where, TextOptions()
    columns: dict[str, np.ndarray] = {}
    faults: list[Fault] = []
    labelled = LABEL in raw.cells.column_names
    if known is not None and not labelled:
        mend = f"Also known as {_also(LABEL)}. For accounts without one: data.complete=false."
        raise DataError(Fault(where, LABEL, "this column in the header", mend=mend))
    for name in (*FEATURES, LABEL) if labelled else FEATURES:
        columns[name], more = number_cells(raw.cells[name], text, where=where, name=name)
        faults += more or _range_faults(columns[name], name, where)
    n_rows = raw.cells.num_rows
    if "ID" in raw.cells.column_names:
        ids, more = number_cells(raw.cells["ID"], text, where=where, name="ID")
        faults += more
    else:
        ids = np.arange(1.0, n_rows + 1)
    doubled = pd.Series(ids).duplicated(keep=False).to_numpy() & ~np.isnan(ids)
    if doubled.any():
        faults.append(_fault(ids, doubled, where, "ID", "each account once"))
    if known is not None and n_rows != known.n_rows:
        faults.append(
            Fault(
                where,
                "",
                f"{known.n_rows:,} rows",
                0,
                (f"{n_rows:,} rows",),
                "The file is not complete, or not this data set.",
            )
        )
    if known is not None and not faults:
        faults = _sum_faults(columns, known, where)
    if faults:
        raise DataError(faults)
    wide = pd.DataFrame(columns)
    wide["ID"] = pd.Series(ids).astype("int64")
    return wide


def _range_faults(values: np.ndarray, name: str, where: str) -> list[Fault]:
    """Return the faults of cells that are missing, out of bounds or not whole."""
    faults = []
    empty = np.isnan(values)
    if empty.any():
        faults.append(_fault(values, empty, where, name, "a value in every row"))
    low, high = BOUNDS.get(name, (None, None))
    outside = np.isinf(values)
    outside |= (values < low) if low is not None else False
    outside |= (values > high) if high is not None else False
    if outside.any():
        expected = f"at least {low:g}" if high is None and low is not None else "a finite number"
        if high is not None:
            expected = f"a number from {low:g} to {high:g}"
        faults.append(_fault(values, outside, where, name, expected))
    if name in WHOLE:
        broken = ~empty & ~outside & (values != np.floor(values))
        if broken.any():
            faults.append(_fault(values, broken, where, name, "a whole number"))
    return faults


def _sum_faults(columns: Mapping[str, np.ndarray], known: KnownFacts, where: str) -> list[Fault]:
    """Return the faults of positives and column sums that are not those of the known file."""
    sums = {LABEL: float(known.n_positives)} | {k: float(v) for k, v in known.sums.items()}
    return [
        Fault(
            where,
            name,
            f"a column sum of {expected:,.0f}",
            0,
            (f"{columns[name].sum():,.0f}",),
            "Some cells were changed: fetch the file again.",
        )
        for name, expected in sums.items()
        if columns[name].sum() != expected
    ]


def _fault(values: np.ndarray, wrong: np.ndarray, where: str, name: str, expected: str) -> Fault:
    """Return the fault of numbers marked wrong, with examples and their rows."""
    places = np.flatnonzero(wrong)
    examples = tuple(
        f"{'an empty cell' if np.isnan(values[p]) else f'{values[p]:g}'} (row {p + 1:,})"
        for p in places[:3]
    )
    return Fault(where, name, expected, len(places), examples)


def _facts(wide: pd.DataFrame, groups: pd.DataFrame, raw: RawTable) -> dict[str, object]:
    """Return what was found, counted."""
    bills = wide[list(BILL)].to_numpy()
    labelled = LABEL in wide.columns
    group = wide["ID"].astype("str").map(groups.set_index("account_id")["group_id"])
    label = wide[LABEL] if labelled else pd.Series(0.0, index=wide.index)
    labels_per_group = label.groupby(group.to_numpy()).nunique()
    named = [*FEATURES, LABEL] if labelled else [*FEATURES]
    return {
        "rows": len(wide),
        "positives": int(label.sum()) if labelled else None,
        "observation_months": [OBSERVATION_MONTH],
        "months": sorted(MONTHS),
        "counts": {
            "education_not_documented": int(wide["EDUCATION"].isin([0, 5, 6]).sum()),
            "marriage_not_documented": int((wide["MARRIAGE"] == 0).sum()),
            "status_not_documented": int(wide[list(PAY)].isin([-2, 0]).to_numpy().sum()),
            "status_one_in_last_month": int((wide[PAY[0]] == 1).sum()),
            "status_one_in_older_months": int((wide[list(PAY[1:])] == 1).to_numpy().sum()),
            "negative_bills": int((bills < 0).sum()),
            "bill_above_limit_in_last_month": int((bills[:, 0] > wide["LIMIT_BAL"]).sum()),
            "accounts_with_all_bills_zero": int((bills == 0).all(axis=1).sum()),
            "rows_repeating_another": int(wide.duplicated(named).sum()),
            "rows_repeating_features": int(len(wide) - groups["group_id"].nunique()),
            "groups_with_both_labels": int((labels_per_group > 1).sum()),
            **raw.repairs,
        },
        "cannot": one_cohort(len(wide), OBSERVATION_MONTH),
    }
