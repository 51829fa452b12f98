"""A second run waits and says for whom, or stops; a killed run leaves no folder locked."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from delinquency.errors import BusyError
from delinquency.workspace.folder_locks import lock_file, locked, shared

HOLDER = """
import sys, time
from pathlib import Path
from delinquency.workspace.folder_locks import locked
with locked([Path(sys.argv[1])], command="stage=train", wait_seconds=0):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(folder, seconds):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), str(seconds)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_stops_with_the_name_of_the_first(tmp_path):
    process = holder(tmp_path / "x", 60)
    try:
        with (
            pytest.raises(BusyError, match=rf"x is in use by stage=train \(process {process.pid}"),
            locked([tmp_path / "x"], command="stage=data", wait_seconds=0),
        ):
            pass
        with pytest.raises(BusyError), shared(tmp_path / "x", wait_seconds=0):
            pass
    finally:
        process.kill()
        process.communicate()


def test_a_second_run_waits_with_a_word(tmp_path, capsys):
    process = holder(tmp_path / "x", 0.5)
    with locked([tmp_path / "x"], command="stage=data", wait_seconds=60):
        assert process.wait(10) == 0
    process.communicate()
    assert "waiting for stage=train" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_the_lock_of_a_killed_run_is_recognised(tmp_path, capsys):
    process = holder(tmp_path / "x", 60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert lock_file(tmp_path / "x").exists()
    with locked([tmp_path / "x"], command="stage=data", wait_seconds=0):
        pass
    assert "was stopped while it worked in" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_readers_share_a_folder_and_need_not_be_able_to_write(tmp_path):
    with shared(tmp_path / "x", wait_seconds=0), shared(tmp_path / "x", wait_seconds=0):
        pass
    with shared(tmp_path / "nowhere" / "x", wait_seconds=0):
        pass
    assert list(tmp_path.iterdir()) == []


def test_never_two_at_once(tmp_path):
    inside, most, lock = 0, 0, threading.Lock()

    def work():
        nonlocal inside, most
        for _ in range(5):
            with locked([tmp_path / "b", tmp_path / "a"], command="c", wait_seconds=60):
                with lock:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.001)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert os.listdir(tmp_path) == []
