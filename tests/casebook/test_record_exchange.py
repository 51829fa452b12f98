import csv
import json
import re
import stat
import tempfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overdue_factory import NOTES, make_record, overdue_records

from delinquency.casebook.case_store import Store
from delinquency.casebook.overdue_records import (
    Bucket,
    OverdueRecord,
    PutCount,
    all_records,
    put_records,
)
from delinquency.casebook.pseudonyms import Key, pseudonym
from delinquency.casebook.record_exchange import (
    export_records,
    import_records,
    parse_rows,
    record_rows,
)
from delinquency.casebook.record_formats import (
    COLUMNS,
    FORMATS,
    guard_cell,
    json_schema,
    restore_cell,
)
from delinquency.errors import ChoiceError, DataError
from delinquency.policy import Policy

AS_OF = date(2026, 4, 1)
SUFFIXES = ("csv", "jsonl", "parquet")


def _fill(store: Store, now: datetime, *records: OverdueRecord) -> None:
    with store.writing(now) as journal:
        put_records(journal, records, own_lender="bank-a")


def _all(store: Store) -> list[OverdueRecord]:
    with store.reading() as connection:
        return list(all_records(connection))


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(deadline=None, max_examples=30)
@given(records=st.lists(overdue_records(), max_size=4))
def test_any_records_come_back_from_every_format(
    suffix: str, records: Sequence[OverdueRecord]
) -> None:
    # Rows that are equal but for the bucket are one record: keep those that tell apart.
    unique = {
        tuple(str(v) for k, v in vars(r).items() if k != "buckets"): r for r in records
    }.values()
    data = FORMATS[suffix].write(list(record_rows(unique)))
    assert parse_rows(FORMATS[suffix].read(data), where="test") == tuple(unique)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_store_goes_through_a_file_into_another(
    store: Store, tmp_path: Path, key: Key, now: datetime, seed_policy: Policy, suffix: str
) -> None:
    note = '=HYPERLINK("x")\n<script>, \'; 逾期'
    _fill(store, now, make_record("A1", dispute_note=note), make_record("A2", closed_on=None))
    path = tmp_path / f"out.{suffix}"
    assert export_records(store, path, policy=seed_policy, as_of=AS_OF, now=now) == 2
    other = Store(f"sqlite:///{tmp_path / 'other.db'}", key)
    result = import_records(other, path, own_lender="bank-b", now=now)
    assert (result.put, result.n_masked) == (PutCount(new=2), 0)
    assert _all(other) == _all(store)
    assert store.verify() is None
    other.close()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_leaves_without_consent(
    sqlite_store: Store, tmp_path: Path, now: datetime, seed_policy: Policy, suffix: str
) -> None:
    _fill(sqlite_store, now, make_record("yes"), make_record("no-consent", consent=False))
    path = tmp_path / f"out.{suffix}"
    assert export_records(sqlite_store, path, policy=seed_policy, as_of=AS_OF, now=now) == 1
    rows = FORMATS[suffix].read(path.read_bytes())
    assert {row["account_id"] for row in rows} == {"yes"}


def test_an_export_is_readable_by_its_owner_only(
    sqlite_store: Store, tmp_path: Path, now: datetime, seed_policy: Policy
) -> None:
    path = tmp_path / "out.csv"
    export_records(sqlite_store, path, policy=seed_policy, as_of=AS_OF, now=now)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.glob("*out*")] == ["out.csv"]


def test_every_row_fits_the_published_schema() -> None:
    rows = list(record_rows([make_record(), make_record("A2", closed_on=None)]))
    checker = jsonschema.Draft202012Validator(json_schema())
    for row in rows:
        checker.validate(row)
    assert not checker.is_valid({**rows[0], "phone": "1"})
    assert not checker.is_valid({**rows[0], "overdue_cents": 1.5})


def test_the_published_schema_has_the_columns_of_a_file() -> None:
    schema = json_schema()
    assert list(schema["properties"]) == schema["required"] == list(COLUMNS)


@given(st.text() | NOTES)
def test_a_guarded_cell_runs_nowhere_and_comes_back(text: str) -> None:
    guarded = guard_cell(text)
    assert guarded[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n")
    assert restore_cell(guarded) == text


def test_no_cell_of_a_csv_file_begins_like_a_formula(
    sqlite_store: Store, tmp_path: Path, now: datetime, seed_policy: Policy
) -> None:
    for number, mark in enumerate("=+-@\t\n"):
        _fill(sqlite_store, now, make_record(f"A{number}", dispute_note=f"{mark}cmd|calc"))
    path = tmp_path / "out.csv"
    export_records(sqlite_store, path, policy=seed_policy, as_of=AS_OF, now=now)
    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert sum("cmd|calc" in cell for cell in cells) == 12
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n") and cell]


def test_json_lines_hold_no_mark_that_html_reads() -> None:
    rows = list(record_rows([make_record(dispute_note="</script><b>&")]))
    data = FORMATS["jsonl"].write(rows)
    assert not set(b"<>&") & set(data)
    assert json.loads(data.splitlines()[0])["dispute_note"] == "</script><b>&"


def test_direct_identifiers_do_not_enter_from_a_file(
    sqlite_store: Store, tmp_path: Path, now: datetime, key: Key
) -> None:
    rows = [
        {**row, "account_id": "13812345678", "dispute_note": "call 13812345678 or li@b.example"}
        for row in record_rows([make_record()])
    ]
    path = tmp_path / "in.jsonl"
    path.write_bytes(FORMATS["jsonl"].write(rows))
    result = import_records(sqlite_store, path, own_lender="x", now=now, account_key=key)
    assert (result.put.new, result.n_masked) == (1, 2)
    (record,) = _all(sqlite_store)
    assert record.account_id == pseudonym(key, "13812345678")
    assert record.dispute_note == "call [removed] or [removed]"
    sqlite_store.close()
    held = b"".join(file.read_bytes() for file in tmp_path.glob("records.db*"))
    assert b"13812345678" not in held
    assert b"li@b.example" not in held


def test_a_direct_account_number_without_a_key_is_refused_and_not_shown(
    sqlite_store: Store, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "in.csv"
    rows = [{**row, "account_id": "13812345678"} for row in record_rows([make_record()])]
    path.write_bytes(FORMATS["csv"].write(rows))
    with pytest.raises(DataError, match="pseudonym") as caught:
        import_records(sqlite_store, path, own_lender="x", now=now)
    assert "13812345678" not in str(caught.value)


def test_an_import_is_all_or_nothing_and_names_every_fault(
    sqlite_store: Store, tmp_path: Path, now: datetime
) -> None:
    good, bad = make_record("A1"), make_record("A2")
    rows = list(record_rows([good, bad]))
    rows[2] = {**rows[2], "month": "2026-99"}
    rows[3] = {**rows[3], "overdue_cents": "many", "surprise": 1}
    path = tmp_path / "in.jsonl"
    lines = [json.dumps(row) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        import_records(sqlite_store, path, own_lender="x", now=now)
    assert [fault.column for fault in caught.value.faults] == ["surprise", "overdue_cents"]
    rows[3] = {name: value for name, value in rows[3].items() if name != "surprise"}
    rows[3]["overdue_cents"] = 1
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    with pytest.raises(DataError, match=r"expected YYYY-MM. Got '2026-99'"):
        import_records(sqlite_store, path, own_lender="x", now=now)
    assert _all(sqlite_store) == []


def test_rows_of_a_record_need_not_stand_together() -> None:
    records = (make_record("A1"), make_record("A2"))
    rows = list(record_rows(records))
    mixed = [rows[3], rows[0], rows[2], rows[1]]
    parsed = parse_rows(mixed, where="test")
    assert sorted(parsed, key=lambda r: r.account_id) == list(records)


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("in.csv", b"a,b\r\n1,2,3\r\n", "more cells than the header"),
        ("in.csv", b"\xff\xfe", "a csv file"),
        ("in.jsonl", b"[1]\n", "a line is not an object"),
        ("in.jsonl", b"{", "a jsonl file"),
        ("in.parquet", b"no", "a parquet file"),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_refused(
    sqlite_store: Store, tmp_path: Path, now: datetime, name: str, data: bytes, fault: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=fault):
        import_records(sqlite_store, tmp_path / name, own_lender="x", now=now)


def test_an_unknown_format_is_refused_before_anything_is_written(
    sqlite_store: Store, tmp_path: Path, now: datetime, seed_policy: Policy
) -> None:
    with pytest.raises(ChoiceError, match="exchange format 'csw'. Did you mean 'csv'"):
        export_records(sqlite_store, tmp_path / "o.csw", policy=seed_policy, as_of=AS_OF, now=now)


def test_a_file_that_is_not_there_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.raises(DataError, match=r"none\.csv"):
        import_records(
            None,
            Path(folder) / "none.csv",
            own_lender="x",
            now=datetime(2026, 1, 1),  # type: ignore[arg-type]
        )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"month": "2025-12"}, "a month from 2026-01 to 2026-03, in which the record was open"),
        ({"month": "2026-04"}, "a month from 2026-01 to 2026-03, in which the record was open"),
        ({"band": "120+"}, "1-29, the band of 16 days past due"),
        ({"band": ""}, "1-29, the band of 16 days past due"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused_in_words(
    sqlite_store: Store, tmp_path: Path, now: datetime, changes: dict[str, Any], words: str
) -> None:
    rows = list(record_rows([make_record()]))
    rows[0] = {**rows[0], **changes}
    for kind in ("csv", "jsonl", "parquet"):
        path = tmp_path / f"in.{kind}"
        path.write_bytes(FORMATS[kind].write(rows))
        with pytest.raises(DataError, match=re.escape(words)) as caught:
            import_records(sqlite_store, path, own_lender="x", now=now)
        assert "row 1" in str(caught.value)
    assert _all(sqlite_store) == []


def test_the_months_of_opening_and_closing_and_an_open_end_are_right(
    sqlite_store: Store, tmp_path: Path, now: datetime
) -> None:
    closing = make_record("A1", buckets=(Bucket("2026-01", 1, 1, 1), Bucket("2026-03", 64, 1, 1)))
    lasting = make_record("A2", closed_on=None, buckets=(Bucket("2026-09", 200, 1, 1),))
    path = tmp_path / "in.csv"
    path.write_bytes(FORMATS["csv"].write(list(record_rows([closing, lasting]))))
    assert import_records(sqlite_store, path, own_lender="x", now=now).put.new == 2
