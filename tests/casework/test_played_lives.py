from pathlib import Path

import pytest

from delinquency.casework.life_stories import LIFE_CASES
from delinquency.casework.played_lives import life_table, play, with_table
from delinquency.casework.reminders import approved_texts

PAGE = Path(__file__).parents[2] / "docs" / "treatment.md"


def test_there_are_sixteen_and_each_says_an_approved_text():
    assert len({life.name for life in LIFE_CASES}) == 16
    names = {name for name, _, _ in approved_texts()}
    assert {life.text for life in LIFE_CASES} <= names


def played(policies, name):
    life = next(life for life in LIFE_CASES if life.name == name)
    return [play(life, policy) for policy in policies.values()]


@pytest.mark.parametrize(
    "name", ["death", "fraud", "bankruptcy", "lawyer", "work calls", "overpaid", "bank holiday"]
)
def test_nobody_is_reminded_who_must_not_be(policies, name):
    assert not any(one.call.allowed for one in played(policies, name))


@pytest.mark.parametrize(
    "name", ["death", "fraud", "bankruptcy", "charge-off", "overpaid", "bank holiday"]
)
def test_nothing_is_charged_where_something_stops_it_or_nothing_is_late(policies, name):
    assert not any(one.fee.allowed for one in played(policies, name))


def test_the_gate_opens_only_for_who_can_pay_and_refused_help_in_these_arrears(policies):
    for life in LIFE_CASES:
        for policy in policies.values():
            allowed = play(life, policy).legal.allowed
            waits = policy.legal.prior_notice_days.value > 0
            wanted = life.name == "able, unwilling" and not waits
            assert allowed == wanted, (life.name, policy.name)


def test_who_cannot_pay_is_offered_what_fits(policies):
    # 0.8 * 200 = 160 a month: 6,000 / 160 = 37.5, so 38 instalments of 157.90
    assert {one.proposed for one in played(policies, "willing, unable")} == {
        "instalments 38 x 157.90"
    }
    # 3,000 - 1,800 - 1,180 = 20 left, 16 a month: no plan of 60 months, so relief.
    assert all("interest freeze" in one.proposed for one in played(policies, "several banks"))


def test_the_page_holds_the_table_that_the_command_writes(policies):
    page = PAGE.read_text(encoding="utf-8")
    assert "<!-- life cases: begin -->" in page
    assert with_table(page, life_table(policies)) == page
