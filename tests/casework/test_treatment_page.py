import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "treatment.md").read_text(encoding="utf-8")
REQUIREMENTS = ["H1", "H2", "H3", "H4", "H5", "C1", "C2", "C3", "R1", "R2", "R3", "R4", "R5"]


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_each_requirement_has_one_row_with_code_tests_and_screen(requirement):
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| {requirement} |")]
    assert len(rows) == 1
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert len(cells) == 5 and all(cells)


def test_every_file_that_the_page_names_exists():
    names = set(
        re.findall(
            r"`((?:casework|casebook|panel|validation|reporting|tests)/[\w/.]*|[\w]+\.py)`", PAGE
        )
    )
    assert len(names) > 20
    for name in names:
        places = [ROOT / name, ROOT / "src/delinquency" / name]
        places += [
            *ROOT.glob(f"src/delinquency/casework/**/{name}"),
            ROOT / "tests/casework" / name,
        ]
        assert any(place.exists() for place in places), name
