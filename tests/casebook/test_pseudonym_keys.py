import os
import stat
from pathlib import Path

import pytest

from delinquency.casebook.pseudonym_keys import default_key_file, load_key, make_key
from delinquency.errors import ChoiceError, MissingArtifactError, StorageError


@pytest.fixture(autouse=True)
def _no_key_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DELINQUENCY_KEY", raising=False)
    monkeypatch.setenv("DELINQUENCY_KEY_FILE", str(tmp_path / "folder" / "key"))


def test_a_new_key_can_be_read_by_its_owner_only() -> None:
    path = make_key()
    assert path == default_key_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(load_key().secret) == 32
    assert [file.name for file in path.parent.iterdir()] == ["key"]


def test_a_key_is_never_replaced() -> None:
    make_key()
    before = load_key()
    with pytest.raises(ChoiceError, match="may not replace"):
        make_key()
    assert load_key() == before


def test_a_key_that_others_can_read_is_refused() -> None:
    os.chmod(make_key(), 0o644)
    with pytest.raises(ChoiceError, match="chmod 600"):
        load_key()


def test_a_missing_key_says_how_to_make_one() -> None:
    with pytest.raises(MissingArtifactError, match="stage=case"):
        load_key()


def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    make_key()
    monkeypatch.setenv("DELINQUENCY_KEY", "ab" * 32)
    assert load_key().secret == b"\xab" * 32


def test_a_key_that_cannot_be_read_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELINQUENCY_KEY", "hush" * 20)
    with pytest.raises(ChoiceError) as caught:
        load_key()
    assert "hush" not in str(caught.value)


def test_a_place_for_the_key_that_cannot_be_written_names_the_way_to_choose_another(tmp_path):
    (tmp_path / "home").write_text("a file, as where there is no home")
    with pytest.raises(StorageError, match="name another file with case.key_file=") as refused:
        make_key(tmp_path / "home" / ".config" / "key")
    assert "paths.root" not in str(refused.value)
