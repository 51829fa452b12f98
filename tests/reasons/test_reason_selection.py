"""Two traits with two facts each, so that every number can be followed by hand."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.errors import ChoiceError, ModelError
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.reason_options import ReasonOptions
from delinquency.reasons.reason_selection import evidence_codes, select_reasons
from delinquency.reasons.reference_population import (
    Contributions,
    Reference,
    build_reference,
    in_reference,
    scale_of,
)
from delinquency.reasons.stated_reasons import NO_DOMINANT
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

STRONG = EVIDENCE_LEVELS.index("strong")
TRAIT_KEYS = ("credit_record", "debt_burden")
FACTS = ("late_months", "months_behind_last", "utilization_mean", "open_trades_now")
SEPTEMBER = np.datetime64("2005-09")


def _grounds(meanings, *, scale=None, traits=TRAIT_KEYS, facts=FACTS, **options):
    reference = Reference(
        rule="by hand", n_accounts=10, ceiling=0.1, pd_hat=0.05,
        traits=traits, trait_values=np.full(len(traits), -0.5),
        facts=facts, fact_values=np.zeros(len(facts)),
        medians=np.array([0.0, 0.0, 0.2, 1.0])[: len(facts)],
        flags=np.zeros(len(facts), bool),
    )  # fmt: skip
    return ReasonContext(
        meanings, reference, scale or scale_of("none"), ReasonOptions(**options), "TWD"
    )


@pytest.fixture
def meanings(four_meanings):
    return dict(four_meanings)


@pytest.fixture(scope="session")
def four_meanings(column_meaning):
    return {
        "late_months": column_meaning(
            name="late_months", trait_key="credit_record", unit="count",
            phrase="Months with a late payment", phrase_zh="有逾期的月份数", actionable=False,
        ),
        "months_behind_last": column_meaning(
            name="months_behind_last", trait_key="credit_record", unit="months",
            phrase="Months behind", phrase_zh="逾期月数", actionable=False,
        ),
        "utilization_mean": column_meaning(
            name="utilization_mean", phrase="Share of the limit in use", phrase_zh="额度使用率"
        ),
        "open_trades_now": column_meaning(
            name="open_trades_now", unit="count", phrase="Open debts", phrase_zh="未结清债务数",
            actionable=False,
        ),
    }  # fmt: skip


def _accounts(traits, facts, features):
    return Contributions(*(np.array(part, float) for part in (traits, facts, features)))


def _evidence(rows, traits=2, level=STRONG):
    return np.full((rows, traits), level, np.int8)


ONE = ([[0.5, 0.2]], [[0.3, 0.6, 0.5, 0.1]], [[2, 3, 0.9, 4]])


def test_the_strongest_trait_comes_first_with_its_strongest_fact(meanings):
    # excess: record 0.5 + 0.5 = 1.0, debt 0.2 + 0.5 = 0.7; facts: months behind 0.6 > 0.3,
    # utilization 0.5 > 0.1
    reasons = select_reasons(_accounts(*ONE), _evidence(1), _grounds(meanings))
    frame = reasons.frame(np.array([SEPTEMBER]))
    assert frame.loc[0, "reason_1_feature"] == "months_behind_last"
    assert frame.loc[0, "reason_2_feature"] == "utilization_mean"
    assert frame.loc[0, "reason_1_log_odds"] == pytest.approx(1.0)
    assert frame.loc[0, "reason_2_log_odds"] == pytest.approx(0.7)
    assert frame.loc[0, "reason_1"] == (
        "Payments were late. Months behind: 3 months (reference 0 months), Sep 2005."
    )
    assert frame.loc[0, "reason_zh_2"] == (
        "额度使用率高于通常：额度使用率90%，参考值20%，2005年9月。"
    )
    assert frame.loc[0, "reason_3"] == frame.loc[0, "reason_zh_4"] == ""


def test_a_trait_at_its_reference_or_below_is_no_reason(meanings):
    accounts = _accounts([[-0.5, -0.9]], *ONE[1:])
    reasons = select_reasons(accounts, _evidence(1), _grounds(meanings))
    assert (reasons.trait == -1).all()
    assert reasons.dominant_traits() == [NO_DOMINANT]


def test_a_sigmoid_rescales_the_excess_and_isotonic_does_not(meanings):
    sigmoid = scale_of("sigmoid", slope=0.8, intercept=-0.1)
    reasons = select_reasons(_accounts(*ONE), _evidence(1), _grounds(meanings, scale=sigmoid))
    assert reasons.excess[0, :2] == pytest.approx([0.8, 0.56])
    isotonic = scale_of("isotonic")
    assert not isotonic.calibrated and "isotonic" in isotonic.note
    reasons = select_reasons(_accounts(*ONE), _evidence(1), _grounds(meanings, scale=isotonic))
    assert reasons.excess[0, :2] == pytest.approx([1.0, 0.7])


def test_a_sigmoid_that_turns_reasons_round_is_refused():
    with pytest.raises(ModelError, match="slope"):
        scale_of("sigmoid", slope=-1.0)


def test_tied_traits_put_what_the_customer_can_change_first(meanings):
    # 0.98 and 0.96 lie in one step of 0.05 (0.95 to 1.00); only utilization can be changed.
    accounts = _accounts([[0.48, 0.46]], *ONE[1:])
    reasons = select_reasons(accounts, _evidence(1), _grounds(meanings))
    assert reasons.trait[0, :2].tolist() == [1, 0]
    # At a step of 0.01 they are not tied.
    reasons = select_reasons(accounts, _evidence(1), _grounds(meanings, tie_log_odds=0.01))
    assert reasons.trait[0, :2].tolist() == [0, 1]


def test_tied_facts_put_what_the_customer_can_change_first(meanings):
    accounts = _accounts([[0.5, 0.2]], [[0.3, 0.6, 0.51, 0.54]], ONE[2])
    reasons = select_reasons(accounts, _evidence(1), _grounds(meanings))
    assert reasons.fact[0, 1] == FACTS.index("utilization_mean")
    accounts = _accounts([[0.5, 0.2]], [[0.3, 0.6, 0.51, 0.56]], ONE[2])
    reasons = select_reasons(accounts, _evidence(1), _grounds(meanings))
    assert reasons.fact[0, 1] == FACTS.index("open_trades_now")


def test_a_fact_on_the_good_side_of_the_reference_is_not_stated(meanings):
    # Utilization 10 % is below the reference 20 %, and debts equal it: no fact, so no reason.
    accounts = _accounts([[0.5, 0.2]], ONE[1], [[2, 3, 0.1, 1]])
    reasons = select_reasons(accounts, _evidence(1), _grounds(meanings))
    assert reasons.trait[0].tolist() == [0, -1, -1, -1]


def test_a_value_that_reads_like_the_reference_is_not_stated(meanings):
    accounts = _accounts([[0.5, 0.2]], ONE[1], [[2, 3, 0.2004, 4]])
    reasons = select_reasons(accounts, _evidence(1), _grounds(meanings))
    assert reasons.fact[0, 1] == FACTS.index("open_trades_now")


def test_missing_values_are_never_stated_nor_told_through_another_fact(meanings):
    # The strongest fact of both traits is not known: their other facts must not stand for it.
    accounts = _accounts([[0.5, 0.2]], ONE[1], [[2, np.nan, np.nan, 4]])
    reasons = select_reasons(accounts, _evidence(1), _grounds(meanings))
    assert reasons.trait[0].tolist() == [-1, -1, -1, -1]
    frame = reasons.frame(np.array([SEPTEMBER]))
    assert frame.loc[0, "outcome_credit_record"] == "missing"
    assert frame.loc[0, "outcome_debt_burden"] == "missing"
    # A weaker fact that is not known does not silence the strongest one.
    accounts = _accounts([[0.5, 0.2]], ONE[1], [[np.nan, 3, 0.9, np.nan]])
    reasons = select_reasons(accounts, _evidence(1), _grounds(meanings))
    assert reasons.trait[0].tolist() == [0, 1, -1, -1]


def test_a_disputed_fact_is_never_stated(meanings):
    disputed = np.array([[False, True, False, False]])
    reasons = select_reasons(_accounts(*ONE), _evidence(1), _grounds(meanings), disputed=disputed)
    assert reasons.fact[0, 0] == FACTS.index("late_months")


def test_a_protected_attribute_is_never_stated(meanings, column_meaning):
    meanings["age"] = column_meaning(name="age", unit="years", phrase="Age", phrase_zh="年龄")
    meanings["aged"] = column_meaning(name="aged", unit="years", needs=("age",))
    context = _grounds(meanings, facts=("age", "aged", "utilization_mean", "open_trades_now"))
    accounts = _accounts([[0.5, 0.2]], [[0.9, 0.9, 0.5, 0.1]], [[60, 60, 0.9, 4]])
    reasons = select_reasons(accounts, _evidence(1), context)
    assert reasons.fact[0].tolist() == [2, -1, -1, -1]


def test_willingness_on_weak_evidence_is_withheld_and_counted(meanings, column_meaning):
    meanings["promises"] = column_meaning(
        name="promises", trait_key="repayment_willingness", unit="count"
    )
    facts = ("promises", "months_behind_last", "utilization_mean", "open_trades_now")
    traits = ("repayment_willingness", "credit_record", "debt_burden")
    context = _grounds(meanings, traits=traits, facts=facts)
    accounts = _accounts([[1.5, 0.5, 0.2]], [[1.0, 0.6, 0.5, 0.1]], [[5, 3, 0.9, 4]])
    weak = evidence_codes([["weak", "weak", "strong"]])
    reasons = select_reasons(accounts, weak, context)
    assert reasons.trait[0].tolist() == [1, 2, -1, -1]
    assert reasons.withheld == pytest.approx([2.0])  # 1.5 + 0.5
    assert reasons.dominant_traits() == [NO_DOMINANT]  # the largest may not be named
    partial = evidence_codes([["partial", "weak", "strong"]])
    reasons = select_reasons(accounts, partial, context)
    assert reasons.trait[0].tolist() == [0, 1, 2, -1]
    assert reasons.withheld == pytest.approx([0.0])
    assert reasons.dominant_traits() == ["repayment_willingness"]


def test_a_trait_without_evidence_is_withheld(meanings):
    levels = evidence_codes([["none", "strong"]])
    reasons = select_reasons(_accounts(*ONE), levels, _grounds(meanings))
    assert reasons.trait[0].tolist() == [1, -1, -1, -1]
    assert reasons.withheld == pytest.approx([1.0])


def test_a_dominant_trait_needs_its_share_and_its_size(meanings):
    # excess 1.0 and 0.7: 1.0 / 1.7 = 0.59 of all that raises the risk
    accounts = _accounts(*ONE)
    dominant = select_reasons(accounts, _evidence(1), _grounds(meanings)).dominant_traits()
    assert dominant == ["credit_record"]
    strict = _grounds(meanings, dominant_share=0.6)
    assert select_reasons(accounts, _evidence(1), strict).dominant_traits() == [NO_DOMINANT]
    small = _accounts([[-0.35, -0.6]], *ONE[1:])  # excess 0.15: alone, but small
    assert select_reasons(small, _evidence(1), _grounds(meanings)).dominant_traits() == [
        NO_DOMINANT
    ]


def test_no_more_reasons_than_asked(meanings):
    reasons = select_reasons(_accounts(*ONE), _evidence(1), _grounds(meanings, max_reasons=1))
    assert reasons.trait.tolist() == [[0]]
    assert [c for c in reasons.frame(np.array([SEPTEMBER])) if c.startswith("reason_zh")] == [
        "reason_zh_1"
    ]


def test_the_reference_is_the_better_half():
    pd_hat = np.array([0.1, 0.2, 0.3, 0.8])
    assert in_reference(pd_hat).tolist() == [True, True, False, False]
    reference = build_reference(
        np.array([[0.1], [0.3], [0.9], [2.0]]),
        np.array([[1.0, np.nan], [2.0, np.nan], [5.0, 1.0], [9.0, 0.0]]),
        pd_hat,
        traits=("debt_burden",), facts=("a", "b"), fact_values=np.array([0.2, 0.0]),
    )  # fmt: skip
    # Median PD 0.25: the first two; means (0.1 + 0.3) / 2; lower median of 1 and 2.
    assert reference.n_accounts == 2 and reference.ceiling == pytest.approx(0.25)
    assert reference.trait_values == pytest.approx([0.2])
    assert reference.fact_values == pytest.approx([0.2, 0.0])
    assert reference.medians[0] == 1.0 and np.isnan(reference.medians[1])
    assert reference.flags.tolist() == [False, True]
    # log-odds of 0.1 is -ln 9, of 0.2 -ln 4; their mean is -ln 6, so the odds are 1 to 6.
    assert reference.pd_hat == pytest.approx(1 / 7)
    again = Reference.from_plain(reference.to_plain())
    assert again.medians[0] == 1.0 and np.isnan(again.medians[1])
    assert again.flags.tolist() == [False, True] and again.facts == ("a", "b")


def test_excess_adds_up_to_the_difference_in_log_odds(meanings):
    rng = np.random.default_rng(3)
    accounts = Contributions(
        rng.normal(size=(50, 2)), rng.normal(size=(50, 4)), rng.normal(size=(50, 4))
    )
    context = _grounds(meanings, scale=scale_of("sigmoid", slope=0.7))
    reasons = select_reasons(accounts, _evidence(50), context)
    difference = accounts.trait_values.sum(axis=1) - context.reference.trait_values.sum()
    assert reasons.trait_excess.sum(axis=1) == pytest.approx(0.7 * difference)


@given(seed=st.integers(0, 2**32 - 1))
def test_reasons_only_raise_risk_and_never_repeat_a_trait(four_meanings, seed):
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 5, size=(20, 4)).astype(float)
    accounts = Contributions(rng.normal(size=(20, 2)), rng.normal(size=(20, 4)), features)
    evidence = rng.integers(0, 4, size=(20, 2)).astype(np.int8)
    context = _grounds(four_meanings)
    reasons = select_reasons(accounts, evidence, context)
    given_ = reasons.trait >= 0
    assert (reasons.excess[given_] >= context.options.minimum_log_odds).all()
    assert (reasons.evidence[given_] > 0).all()
    assert (context.fact_places.trait[reasons.fact[given_]] == reasons.trait[given_]).all()
    for row in reasons.trait:
        stated = row[row >= 0]
        assert len(set(stated)) == len(stated)
    # Reasons come first, then the gaps.
    assert (np.diff(given_.astype(int), axis=1) <= 0).all()


def test_permuting_accounts_permutes_reasons(meanings):
    rng = np.random.default_rng(5)
    accounts = Contributions(
        rng.normal(size=(30, 2)), rng.normal(size=(30, 4)), rng.normal(size=(30, 4)) + 1
    )
    order = rng.permutation(30)
    shuffled = Contributions(
        accounts.trait_values[order], accounts.fact_values[order], accounts.features[order]
    )
    months = np.repeat(SEPTEMBER, 30)
    plain = select_reasons(accounts, _evidence(30), _grounds(meanings)).frame(months)
    moved = select_reasons(shuffled, _evidence(30), _grounds(meanings)).frame(months)
    assert moved.equals(plain.iloc[order].reset_index(drop=True))


def test_a_hundred_thousand_accounts_take_seconds(meanings):
    rng = np.random.default_rng(1)
    n = 100_000
    accounts = Contributions(
        rng.normal(size=(n, 2)), rng.normal(size=(n, 4)), np.round(rng.normal(size=(n, 4)), 2)
    )
    start = time.process_time()
    frame = select_reasons(accounts, _evidence(n), _grounds(meanings)).frame(
        np.repeat(SEPTEMBER, n)
    )
    assert len(frame) == n
    assert time.process_time() - start < 10


def test_wrong_shapes_levels_and_choices_are_told(meanings):
    with pytest.raises(ModelError, match="evidence of shape"):
        select_reasons(_accounts(*ONE), _evidence(2), _grounds(meanings))
    with pytest.raises(ModelError, match="same rows"):
        _accounts([[0.5, 0.2]], [[0.1] * 4], [[0.1] * 3])
    with pytest.raises(ModelError, match="middling"):
        evidence_codes([["middling"]])
    with pytest.raises(ModelError, match="meaning"):
        _grounds({})
    for wrong in (
        {"max_reasons": 0}, {"tie_log_odds": 0.0}, {"dominant_share": 1.2},
        {"minimum_log_odds": -1.0},
    ):  # fmt: skip
        with pytest.raises(ChoiceError):
            ReasonOptions(**wrong)


def test_all_six_traits_can_be_reasons(column_meaning):
    traits = tuple(TRAITS)
    facts = tuple(f"fact_{key}" for key in traits)
    meanings = {f"fact_{key}": column_meaning(name=f"fact_{key}", trait_key=key) for key in traits}
    reference = Reference(
        "by hand", 1, 0.1, 0.05, traits, np.zeros(6), facts, np.zeros(6), np.zeros(6),
        np.zeros(6, bool),
    )  # fmt: skip
    context = ReasonContext(meanings, reference, scale_of("none"), ReasonOptions(max_reasons=6))
    accounts = Contributions(np.arange(1, 7.0)[None], np.ones((1, 6)), np.ones((1, 6)))
    reasons = select_reasons(accounts, _evidence(1, 6), context)
    assert reasons.trait[0].tolist() == [5, 4, 3, 2, 1, 0]
