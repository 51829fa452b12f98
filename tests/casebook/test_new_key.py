"""A new key and a restored backup, by the commands that docs/reliability.md tells to use."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from overdue_factory import make_record

from delinquency.casebook.case_commands import run_command
from delinquency.casebook.case_options import CaseOptions
from delinquency.casebook.record_exchange import record_rows
from delinquency.casebook.record_formats import FORMATS
from delinquency.errors import CaseworkError, ChoiceError
from delinquency.policy import Policy

NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)


@pytest.fixture
def run(tmp_path: Path, seed_policy: Policy) -> Any:
    """A command line with any store and key, and one bank's records in a file."""
    records = [make_record(f"A{k}", consent=k != 3) for k in range(4)]
    (tmp_path / "in.csv").write_bytes(FORMATS["csv"].write(list(record_rows(records))))

    def command(do: str, store: str, key: str, **choices: Any) -> Any:
        options = CaseOptions(do=do, key_file=str(tmp_path / key), lender="bank-a", **choices)
        url = f"sqlite:///{tmp_path / store}"
        return run_command(options, url=url, policies={"seed_2021": seed_policy}, now=NOW)

    command("key", "old.db", "old.key")
    command("import", "old.db", "old.key", file=str(tmp_path / "in.csv"))
    return command


def test_a_new_store_takes_over_the_records_under_a_new_key(run: Any, tmp_path: Path) -> None:
    shared = str(tmp_path / "shared.csv")
    run("key", "", "new.key")
    with pytest.raises(ChoiceError, match="another pseudonym key"):
        run("verify", "old.db", "new.key")
    run("export", "old.db", "old.key", file=shared)
    # Only what a customer agreed to share leaves a store, also to go into the next one.
    assert run("import", "new.db", "new.key", file=shared)["put"]["new"] == 3
    new, old = run("verify", "new.db", "new.key"), run("verify", "old.db", "old.key")
    assert new["holds"] and old["holds"] and new["key"] != old["key"]
    with pytest.raises(ChoiceError, match="another pseudonym key"):
        run("verify", "new.db", "old.key")
    # The bank's own file brings the rest; those that are there already are known.
    whole = run("import", "new.db", "new.key", file=str(tmp_path / "in.csv"))["put"]
    assert whole["new"] == 1 and sum(whole.values()) == 4


def test_a_key_is_never_replaced_by_a_new_one(run: Any, tmp_path: Path) -> None:
    before = (tmp_path / "old.key").read_bytes()
    with pytest.raises(ChoiceError, match="may not replace"):
        run("key", "", "old.key")
    assert (tmp_path / "old.key").read_bytes() == before


def test_an_older_backup_is_noticed_and_accepted_only_by_its_own_command(
    run: Any, tmp_path: Path
) -> None:
    shutil.copy(tmp_path / "old.db", tmp_path / "backup.db")
    run("open", "old.db", "old.key", account_id="A9")
    newest = run("verify", "old.db", "old.key")["entries"]
    shutil.copy(tmp_path / "backup.db", tmp_path / "old.db")
    with pytest.raises(CaseworkError, match="restored"):
        run("open", "old.db", "old.key", account_id="A8")
    told = run("verify", "old.db", "old.key")
    assert not told["holds"] and "was written" in str(told["first_broken"])
    run("restored", "old.db", "old.key")
    found = run("verify", "old.db", "old.key")
    assert found["holds"] and found["entries"] < newest
    run("open", "old.db", "old.key", account_id="A8")


def test_a_key_kept_apart_opens_the_store_again(run: Any, tmp_path: Path) -> None:
    (tmp_path / "old.key").rename(tmp_path / "kept.key")
    assert run("verify", "old.db", "kept.key")["holds"]
