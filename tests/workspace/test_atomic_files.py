"""Files and folders are whole or absent; leftovers are cleared; a disk fault is a sentence."""

import errno
import os
import subprocess
import sys

import pytest

from delinquency import atomic_files
from delinquency.atomic_files import (
    FRESH,
    OLD,
    WRITING,
    clear_leftovers,
    replacing,
    replacing_folder,
    storage_error,
    write_new,
    write_text,
)
from delinquency.errors import StorageError


def _write(fresh):
    (fresh / "manifest.json").write_text("{}")


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def replace_with(folder, **files):
    with replacing_folder(folder, last=_write) as fresh:
        for name, text in files.items():
            (fresh / name).write_text(text)


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_is_replaced_whole_and_nothing_else_is_left(tmp_path, monkeypatch, exchange):
    if not exchange:  # a disk, or a system, that cannot exchange two names
        monkeypatch.setattr(atomic_files, "_exchange", lambda *_: False)
    replace_with(tmp_path / "x", a="1", b="2")
    replace_with(tmp_path / "x", a="3")
    assert names(tmp_path) == ["x"]
    assert names(tmp_path / "x") == ["a", "manifest.json"]
    assert (tmp_path / "x/a").read_text() == "3"


def test_what_fails_half_way_leaves_the_old_folder_as_it_was(tmp_path):
    replace_with(tmp_path / "x", a="1")
    with (
        pytest.raises(RuntimeError),
        replacing_folder(tmp_path / "x", last=_write) as fresh,
    ):
        (fresh / "a").write_text("2")
        raise RuntimeError
    assert names(tmp_path) == ["x"]
    assert (tmp_path / "x/a").read_text() == "1"


def test_what_others_wrote_into_a_folder_stays(tmp_path):
    replace_with(tmp_path / "x", a="1", scores="s")
    (tmp_path / "x/more").mkdir()
    (tmp_path / "x/more/deep").write_text("d")
    with replacing_folder(tmp_path / "x", last=_write, keep=lambda name: name != "a") as fresh:
        (fresh / "b").write_text("2")
    assert names(tmp_path / "x") == ["b", "manifest.json", "more", "scores"]
    assert (tmp_path / "x/more/deep").read_text() == "d"


def test_leftovers_of_killed_runs_are_cleared_and_those_of_the_living_are_not(tmp_path):
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    folder = tmp_path / "x"
    replace_with(folder, a="1")
    machine = atomic_files.machine()
    (tmp_path / f".x.{machine}-{dead}-ab{FRESH}").mkdir()
    (folder / f"{WRITING}{machine}-{dead}-ab.json").write_text("half")
    living = folder / f"{WRITING}{machine}-{os.getpid()}-ab.json"
    living.write_text("half")
    assert len(clear_leftovers(folder)) == 2
    assert names(tmp_path) == ["x"]
    assert names(folder) == [living.name, "a", "manifest.json"]


def test_the_next_write_into_any_folder_clears_half_written_files_of_the_dead(tmp_path):
    dead = 2**22 + 1  # more than the largest number of a process
    for name in (
        f"{WRITING}{atomic_files.machine()}-{number}-ab.html" for number in (dead, os.getpid())
    ):
        (tmp_path / name).write_text("half")
    write_text("whole", tmp_path / "page.html")
    living = f"{WRITING}{atomic_files.machine()}-{os.getpid()}-ab.html"
    assert names(tmp_path) == [living, "page.html"]


def test_a_folder_that_a_kill_left_between_two_renames_comes_back(tmp_path):
    replace_with(tmp_path / "x", a="1")
    (tmp_path / "x").rename(tmp_path / f".x.ab-1-ab{OLD}")
    clear_leftovers(tmp_path / "x")
    assert (tmp_path / "x/a").read_text() == "1"


def test_what_a_link_points_to_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far/real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "far/real.txt")
    write_text("new", tmp_path / "link.txt")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "far/real.txt").read_text() == "new"
    (tmp_path / "folder").symlink_to(tmp_path / "far")
    replace_with(tmp_path / "folder", a="1")
    assert (tmp_path / "folder").is_symlink()
    assert names(tmp_path / "far") == ["a", "manifest.json"]


def test_a_link_that_leads_back_to_itself_is_a_sentence(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(StorageError, match="symbolic link that leads back to itself"):
        write_text("x", tmp_path / "a")


def test_a_file_in_the_way_of_a_folder_is_a_sentence(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(StorageError, match="a file where a folder is needed|cannot be used"):
        write_text("x", tmp_path / "a" / "b.txt")


def test_a_full_disk_is_a_sentence_and_the_old_file_stays(tmp_path):
    path = tmp_path / "x.txt"
    write_text("old", path)
    with (
        pytest.raises(StorageError, match=r"no room left .*x\.txt.*Free some room"),
        replacing(path) as temporary,
    ):
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x.txt"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_device_that_is_full_says_so():
    with pytest.raises(OSError) as caught, open("/dev/full", "w") as full:
        full.write("x" * 100_000)
    assert "no room left" in str(storage_error(caught.value))


def test_permissions_follow_the_users_umask(tmp_path):
    before = os.umask(0o077)
    try:
        write_text("x", tmp_path / "private")
    finally:
        os.umask(before)
    write_text("x", tmp_path / "usual")
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "usual").stat().st_mode & 0o777 == 0o666 & ~before


def test_a_new_file_is_for_its_owner_and_never_replaces_another(tmp_path):
    path = tmp_path / "key"
    write_new(b"first", path)
    with pytest.raises(FileExistsError):
        write_new(b"second", path)
    assert path.read_bytes() == b"first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["key"]
