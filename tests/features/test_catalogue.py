import ast
from pathlib import Path

import pytest

import delinquency.features
import delinquency.panel.windows
from delinquency.features.catalogue import QUANTITIES, feature
from delinquency.features.registered_features import FEATURES
from delinquency.panel.event_sums import EVENT_SUMS
from delinquency.panel.schema import TABLES, protected_columns
from delinquency.traits import REPAYMENT_CAPACITY, TRAITS

UNITS = {
    "ratio", "share", "months", "days", "count", "money", "log money", "score", "level", "percent",
}  # fmt: skip
COLUMNS = {c.name for table in TABLES.values() for c in table}
DERIVED = {"months_on_book"} | {
    f"{c.name}_days_before_month_end" for c in TABLES["statements"] if c.kind == "date"
}


def test_every_trait_has_at_least_twenty_features():
    for key in TRAITS:
        assert sum(one.trait.key == key for one in FEATURES.values()) >= 20, key


@pytest.mark.parametrize("one", FEATURES.values(), ids=lambda one: one.name)
def test_every_feature_says_what_it_is(one):
    assert one.direction in (-1, 0, 1)
    assert one.unit in UNITS
    assert one.source.startswith(one.trait.number + ";"), one.source
    assert one.meaning.endswith(".")
    assert one.phrase and len(one.phrase.split()) <= 25
    assert one.phrase_zh and len(one.phrase_zh) <= 40
    assert one.needs


@pytest.mark.parametrize("one", FEATURES.values(), ids=lambda one: one.name)
def test_every_feature_reads_canonical_columns_and_no_protected_one(one):
    for need in one.needs:
        assert need in COLUMNS | set(EVENT_SUMS) | DERIVED, need
        assert need not in protected_columns()
        assert need not in ("dispute", "bad")


def test_phrases_are_told_apart():
    for language in ("phrase", "phrase_zh"):
        seen: dict[str, str] = {}
        for one in FEATURES.values():
            text = getattr(one, language)
            assert text not in seen, f"{one.name} and {seen[text]}: {text}"
            seen[text] = one.name


def test_phrases_hold_no_moral_or_demeaning_word():
    banned = (
        "irrational",
        "bad",
        "refuse",
        "evade",
        "evasion",
        "dishonest",
        "lazy",
        "irresponsible",
    )
    banned_zh = ("老赖", "恶意", "不理性", "失信", "赖账", "逃避")
    for one in FEATURES.values():
        assert not [w for w in banned if w in one.phrase.lower().split()], one.phrase
        assert not [w for w in banned_zh if w in one.phrase_zh], one.phrase_zh


def test_a_doubled_name_is_refused():
    def utilization_mean(windows):
        """Doubled."""

    with pytest.raises(ValueError, match="'utilization_mean' is registered twice"):
        feature(
            REPAYMENT_CAPACITY, direction=0, unit="ratio", needs=("balance",),
            reason=("a", "b"), source="T4; none",
        )(utilization_mean)  # fmt: skip


def test_every_quantity_says_what_it_is():
    for one in QUANTITIES.values():
        assert (one.compute.__doc__ or "").strip(), one.name


def test_features_are_array_expressions():
    """No loop over rows, no groupby, apply or merge: fast by structure."""
    slow = {"groupby", "apply", "iterrows", "itertuples", "merge", "transform", "vectorize"}
    files = [*Path(delinquency.features.__file__).parent.glob("*.py")]
    files.append(Path(delinquency.panel.windows.__file__))
    assert len(files) > 8
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in slow, f"{file.name}:{node.lineno} uses {node.attr}"
