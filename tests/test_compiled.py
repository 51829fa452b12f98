"""Compiled code of another version of the sources is never used again."""

import subprocess
import sys
from pathlib import Path

import numba

import delinquency
from delinquency.compiled import compiled_sources, source_digest, use_own_cache

PACKAGE = Path(delinquency.__file__).parent


def test_any_change_of_a_compiled_source_gives_another_folder(tmp_path):
    (tmp_path / "shapley").mkdir()
    a, b, c, other = (tmp_path / name for name in ("shapley/a.py", "b.py", "c.py", "other.py"))
    a.write_text("from delinquency.compiled import njit\nfrom delinquency.b import Y, plain\n")
    b.write_text("from delinquency.c import Y\n")
    c.write_text("Y = 1\n")
    other.write_text("from delinquency.shapley.a import kernel\n")
    before = source_digest(tmp_path)
    c.write_text("Y = 2\n")
    assert source_digest(tmp_path) != before
    c.write_text("Y = 1\n")
    other.write_text("X = 2\n")  # nothing compiled reads it
    assert source_digest(tmp_path) == before
    other.write_text("from numba import njit\n")
    assert source_digest(tmp_path) != before


def test_every_module_with_compiled_code_counts():
    found = {path.relative_to(PACKAGE).as_posix() for path in compiled_sources(PACKAGE)}
    compiled = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "@njit" in path.read_text(encoding="utf-8")
    }
    assert len(compiled) > 10
    assert compiled <= found


def test_no_folder_to_write_costs_time_and_ends_no_command(tmp_path):
    """As in a container: the package lies read-only, and the user has no home."""
    (tmp_path / "file").write_text("not a folder")
    code = (
        "import tempfile, pathlib; tempfile.tempdir = {temporary!r}\n"
        "from delinquency.panel.window_cells import month_number\n"
        "import numba, numpy as np, pandas as pd\n"
        "from delinquency.config import load\n"
        "from delinquency.stages import run_stage\n"
        "print(numba.config.CACHE_DIR)\n"
        "run_stage(load(['stage=compile']))\n"
        "print(month_number(pd.Series(np.array(['2024-03'], 'datetime64[ms]'))))\n"
    )
    (tmp_path / "temporary").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code.format(temporary=str(tmp_path / "temporary"))],
        env={"PATH": "", "HOME": str(tmp_path / "file"), "XDG_CACHE_HOME": ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    cache, *_, ahead, months = done.stdout.splitlines()
    assert Path(cache).parent == tmp_path / "temporary"
    assert ahead.startswith("Nothing is compiled ahead") and "NUMBA_CACHE_DIR" in ahead
    assert months == str([(2024 - 1970) * 12 + 2])
    assert not list((tmp_path / "temporary").iterdir())  # it went with the process


def test_the_folder_is_below_the_one_that_the_user_names(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "a.py").write_text("from numba import njit\n")
    first = use_own_cache(tmp_path / "sources")
    assert first.parent == tmp_path / "cache"
    (tmp_path / "sources" / "a.py").write_text("from numba import njit, prange\n")
    second = use_own_cache(tmp_path / "sources")
    assert second.parent == tmp_path / "cache"
    assert second != first


def test_a_folder_that_cannot_be_written_is_replaced_by_a_temporary_one(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "file"))
    assert use_own_cache(tmp_path).is_dir()


def test_the_package_keeps_its_compiled_code_by_the_digest_of_its_sources():
    from delinquency.panel import part_checks
    from delinquency.shapley import kernel

    digest = source_digest(PACKAGE)
    functions = [*vars(kernel).values(), *vars(part_checks).values()]
    cached = [one for one in functions if hasattr(one, "stats") and hasattr(one, "py_func")]
    assert cached
    assert all(digest in one.stats.cache_path for one in cached)
