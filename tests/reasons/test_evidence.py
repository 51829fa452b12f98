"""Evidence levels by their four written rules."""

import numpy as np

from delinquency.features.feature_description import FeatureMeaning
from delinquency.reasons.evidence import evidence_levels, source_levels
from delinquency.traits import EVIDENCE_LEVELS, TRAITS


def meanings(**traits):
    return {
        name: FeatureMeaning.of(name, trait, phrase="x", phrase_zh="x", unit="ratio")
        for name, trait in traits.items()
    }  # fmt: skip


ALL = meanings(**{f"f_{key}": key for key in TRAITS})


def test_statements_alone_leave_economy_willingness_and_spending_weak():
    levels = source_levels(ALL, ["statements", "accounts"])
    assert levels == {
        "economic_condition": "weak",
        "credit_record": "strong",
        "debt_burden": "partial",
        "repayment_capacity": "partial",
        "repayment_willingness": "weak",
        "spending_behavior": "weak",
    }


def test_with_every_table_all_evidence_is_strong():
    tables = ["statements", "accounts", "cashflows", "bureau", "transactions", "contacts"]
    assert set(source_levels(ALL, tables).values()) == {"strong"}


def test_a_trait_without_a_feature_has_no_evidence_and_ready_made_ones_are_partial():
    levels = source_levels(meanings(utilization="debt_burden"), [])
    assert levels.pop("debt_burden") == "partial"
    assert set(levels.values()) == {"none"}


def test_rows_with_little_known_and_silent_accounts_go_down():
    columns = meanings(a="credit_record", b="credit_record", c="credit_record")
    nan = np.nan
    features = np.array([[1, 2, 3], [1, 2, nan], [1, nan, nan], [nan, nan, nan], [1, 2, 3]])
    silent = np.array([False, False, False, False, True])
    codes = evidence_levels(features, columns, ["statements"], silent=silent)
    place = list(TRAITS).index("credit_record")
    # 3/3 and 2/3 known stay strong; 1/3 goes down; none known has none; a silent one goes down
    assert [EVIDENCE_LEVELS[c] for c in codes[:, place]] == [
        "strong", "strong", "partial", "none", "partial",
    ]  # fmt: skip
    assert (np.delete(codes, place, axis=1) == 0).all()


def test_evidence_never_falls_when_a_table_is_added():
    tables = []
    previous = [0] * len(TRAITS)
    for table in ("statements", "cashflows", "bureau", "transactions", "contacts"):
        tables.append(table)
        now = [EVIDENCE_LEVELS.index(level) for level in source_levels(ALL, tables).values()]
        assert all(after >= before for before, after in zip(previous, now, strict=True))
        previous = now
