"""Pages for readers: all found from the index, and the ones with a promise keep it."""

import re
from pathlib import Path

from delinquency.stages import STAGES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_the_index_names_every_page_and_every_link_of_a_page_leads_somewhere():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    for page in sorted(DOCS.glob("*.md")):
        if page.name not in (
            "README.md",
            "validation-power.md",
        ):  # a table that validation.md shows
            assert f"({page.name})" in index, page.name
    for page in [*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_truth_page_is_short_and_begins_with_its_verdict():
    text = (DOCS / "explanation-truth.md").read_text(encoding="utf-8")
    assert len(text.split()) <= 900
    assert re.search(r"^## (.+)$", text, re.MULTILINE).group(1) == "Verdict"


def test_the_architecture_lists_every_command_and_every_package():
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    for name in STAGES:
        assert f"| `{name}` |" in text, name
    source = ROOT / "src" / "delinquency"
    for path in source.iterdir():
        if path.is_dir() and (path / "__init__.py").exists():
            assert f"`{path.name}/`" in text, path.name
        elif path.suffix == ".py":
            assert f"`{path.stem}`" in text, path.name
