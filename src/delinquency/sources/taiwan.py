"""UCI "Default of Credit Card Clients" (Taiwan, 2005): find the file, read it, recast it.

What is known of the file, and the check against it, is in ``taiwan_facts``.
"""

import hashlib
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pyarrow as pa

from delinquency.errors import DataError, Fault, MissingArtifactError
from delinquency.sources.adapters import SOURCES, SourceTables, one_cohort
from delinquency.sources.data_options import PanelData, TaiwanData
from delinquency.sources.monthly_panel import assemble, flag_empty_accounts
from delinquency.sources.reading.delimited_text import (
    head_lines,
    read_text,
    scan_text,
    sniff_delimiter,
    split_line,
    text_of,
)
from delinquency.sources.reading.mapping_options import TableMapping, TextOptions
from delinquency.sources.reading.raw_table import RawTable
from delinquency.sources.reading.recast import Reading
from delinquency.sources.taiwan_facts import (
    BILL,
    FEATURES,
    LABEL,
    MONTHS,
    OBSERVATION_MONTH,
    PAID,
    PAY,
    TAIWAN_FACTS,
    KnownFacts,
    canonical_name,
    checked_cells,
    other_names,
)

FOLDER = "taiwan"
OPENML_ID = 42477
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
    wide = checked_cells(raw, known if options.complete else None)
    cells = RawTable(raw.where, pa.Table.from_pandas(wide, preserve_index=False), raw.digest)
    mapped = PANEL.tables if LABEL in wide else {k: PANEL.tables[k] for k in UNLABELLED}
    panel = replace(PANEL, tables=dict(mapped))
    source = assemble(panel, dict.fromkeys(mapped, cells), Reading(currency=PANEL.currency))
    tables = {**source.tables, "accounts": flag_empty_accounts(source.tables)}
    facts = _facts(wide, source.groups, raw)
    return replace(source, tables=MappingProxyType(tables), facts=facts)


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
        Fault(where, name, "this column in the header", mend=f"Also known as {other_names(name)}.")
        for name in missing
        if name != LABEL  # new accounts have none; checked_cells asks where it must be there
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
