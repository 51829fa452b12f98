from pathlib import Path

from delinquency.features.features_page import LEFT_OUT, features_page
from delinquency.features.registered_features import FEATURES
from delinquency.traits import TRAITS

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def test_the_committed_page_equals_the_generated_one():
    assert PAGE.read_text(encoding="utf-8") == features_page(), "Run `make docs` and commit."


def test_every_feature_stands_on_the_page_once():
    rows = [line.split(" | ")[0] for line in features_page().splitlines()]
    for name in FEATURES:
        assert rows.count(f"| `{name}`") == 1, name


def test_every_trait_says_what_it_leaves_out():
    assert list(LEFT_OUT) == list(TRAITS)
    for items in LEFT_OUT.values():
        assert items and all(why for _, why in items)


def test_no_cell_breaks_the_table():
    for line in features_page().splitlines():
        if line.startswith("| `"):
            assert line.count("|") == 7, line
