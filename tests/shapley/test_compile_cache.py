"""Compiled code of another version of the sources is never used again."""

import numba

import delinquency.shapley
from delinquency.shapley.compile_cache import source_digest, use_own_cache


def test_any_change_of_a_compiled_source_gives_another_folder(tmp_path):
    (tmp_path / "a.py").write_text("from numba import njit\nfrom delinquency.shapley.b import y\n")
    (tmp_path / "b.py").write_text("from delinquency.shapley.c import y\n")
    (tmp_path / "c.py").write_text("y = 1\n")
    (tmp_path / "other.py").write_text("from delinquency.shapley.a import njit\n")
    before = source_digest(tmp_path)
    (tmp_path / "c.py").write_text("y = 2\n")
    assert source_digest(tmp_path) != before
    (tmp_path / "c.py").write_text("y = 1\n")
    (tmp_path / "other.py").write_text("x = 2\n")  # nothing compiled reads it
    assert source_digest(tmp_path) == before


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
    from delinquency.shapley import kernel

    folder = __import__("pathlib").Path(delinquency.shapley.__file__).parent
    digest = source_digest(folder)
    cached = [
        one for one in vars(kernel).values() if hasattr(one, "stats") and hasattr(one, "py_func")
    ]
    assert cached
    assert all(digest in one.stats.cache_path for one in cached)
