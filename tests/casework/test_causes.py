from datetime import UTC, datetime, timedelta

from delinquency.casework.causes import feedback_on_model, hypotheses
from delinquency.casework.events import CauseConfirmed
from delinquency.traits import TRAITS

AT = datetime(2026, 3, 1, tzinfo=UTC)
STRONG = dict.fromkeys(TRAITS, "strong")
VALUES = {"economic_condition": 0.3, "debt_burden": 0.6, "spending_behavior": -0.2}


def answer(trait, word, days=0):
    return CauseConfirmed(at=AT + timedelta(days=days), actor="a", trait=trait, answer=word)


def test_causes_are_ranked_with_their_share_facts_and_open_questions():
    found = hypotheses(VALUES, STRONG, facts={"debt_burden": ("Utilisation 91 %",)})
    assert [h.trait for h in found] == ["debt_burden", "economic_condition"]
    # 0.6 of 0.6 + 0.3; what lowers the risk does not count
    assert abs(found[0].share - 2 / 3) < 1e-12
    assert found[0].facts == ("Utilisation 91 %",)
    assert found[0].questions == TRAITS["debt_burden"].questions
    assert found[0].questions_zh == TRAITS["debt_burden"].questions_zh


def test_a_confirmed_cause_comes_first_and_a_refuted_one_last():
    events = [answer("debt_burden", "refuted"), answer("repayment_capacity", "confirmed")]
    found = hypotheses(VALUES, STRONG, events=events)
    assert [h.trait for h in found] == ["repayment_capacity", "economic_condition", "debt_burden"]
    assert found[0].questions == ()
    assert found[2].answer == "refuted"


def test_the_last_answer_counts():
    events = [answer("debt_burden", "refuted"), answer("debt_burden", "confirmed", days=3)]
    assert hypotheses(VALUES, STRONG, events=events)[0].answer == "confirmed"


def test_nothing_that_raises_the_risk_means_no_hypothesis():
    assert hypotheses({"debt_burden": -0.5}, STRONG) == ()


def test_feedback_counts_how_often_the_model_was_right():
    cases = [
        ("debt_burden", [answer("debt_burden", "confirmed")]),
        ("debt_burden", [answer("debt_burden", "refuted")]),
        ("debt_burden", []),
        ("credit_record", [answer("debt_burden", "confirmed")]),
    ]
    assert feedback_on_model(cases) == {
        "debt_burden": {"confirmed": 1, "refuted": 1, "unasked": 1},
        "credit_record": {"unasked": 1},
    }
