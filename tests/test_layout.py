"""A module is found by its name alone, and the documents name modules that are there."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "delinquency"
MODULES = sorted(p for p in SOURCE.rglob("*.py") if p.name != "__init__.py")
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(p for p in sorted((ROOT / "docs").glob("*.md"))),
]


def test_no_base_name_stands_twice():
    counts = Counter(path.name for path in MODULES)
    assert [name for name, n in counts.items() if n > 1] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_every_module_that_a_document_names_is_there(document):
    known = {
        path.relative_to(start).as_posix()
        for start in (ROOT, ROOT / "tests", SOURCE)
        for folder in ("src", "tests", "benchmarks", "docs")
        for path in (ROOT / folder).rglob("*.py")
        if path.is_relative_to(start)
    }
    named = re.findall(r"`((?:\w+/)+\w+\.py)`", document.read_text(encoding="utf-8"))
    assert [name for name in named if name not in known] == []
