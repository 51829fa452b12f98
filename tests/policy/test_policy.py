from dataclasses import FrozenInstanceError
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from delinquency.errors import PolicyError
from delinquency.policy import (
    Hours,
    base_rules,
    compare,
    policy_digest,
    policy_from_dict,
    policy_to_dict,
    rules_out_of_date,
    specifications,
)

HEAD = {
    "name": "mine",
    "version": "1",
    "title": "Mine",
    "title_zh": "我的",
    "jurisdiction": "here",
    "currency": "EUR",
}
OWN_HOURS = {
    "value": "09:00-18:00",
    "source": "Our contract, 2026",
    "origin": "contract",
    "verified": True,
    "effective_from": "2026-01-01",
}
FILES = sorted((Path(__file__).parents[2] / "conf" / "policy").glob("*.yaml"))


def load(name):
    path = next(file for file in FILES if file.stem == name)
    return policy_from_dict(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)


def test_six_policies_are_shipped():
    names = ["cn_2026", "eu_ccd2", "seed_2021", "template", "uk_conc", "us_reg_f"]
    assert [file.stem for file in FILES] == names


def test_a_file_holds_differences_and_the_rest_is_the_base():
    base = base_rules()
    mine = policy_from_dict({**HEAD, "contact": {"hours": OWN_HOURS}}, "mine.yaml")
    assert mine.contact.hours.value == Hours(time(9), time(18))
    assert mine.contact.hours.cited == "The contract: Our contract, 2026 [verified]"
    assert mine.legal.contacts_min.value == base["legal"]["contacts_min"]["value"]
    assert "Our rule, not law" in mine.legal.contacts_min.cited


def test_a_limit_of_its_own_never_stands_under_the_source_of_another():
    with pytest.raises(PolicyError, match=r"contact\.hours\.source: expected, but it is missing"):
        policy_from_dict(
            {**HEAD, "contact": {"hours": {"value": "09:00-18:00", "verified": True}}}, "mine.yaml"
        )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_law_and_our_own_rules_are_kept_apart(file):
    for rule in load(file.stem).rules:
        assert ("this project" in rule.source) == (rule.origin == "ours"), rule.key


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_policy_reads_to_typed_rules_and_writes_back_to_an_equal_one(file):
    policy = policy_from_dict(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
    assert policy.name == file.stem
    assert policy_from_dict(policy_to_dict(policy), "again") == policy
    assert [rule.key for rule in policy.rules] == list(specifications())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_rule_says_its_basis_source_and_whether_it_was_verified(file):
    policy = policy_from_dict(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
    for rule in policy.rules:
        assert rule.basis and rule.source and isinstance(rule.verified, bool)
        assert isinstance(rule.effective_from, date)


def test_the_articles_figures_are_the_articles_and_never_verified_law():
    policy = load("seed_2021")
    assert policy.charges.late_fee_rate_max.value == Decimal("0.01")
    assert policy.charges.interest_rate_max.value == Decimal("0.24")
    for rule in (policy.charges.late_fee_rate_max, policy.charges.interest_rate_max):
        assert not rule.verified
        assert "article" in rule.source
        assert "No such rule was found" in rule.note


def test_no_project_choice_claims_to_be_verified():
    for file in FILES:
        for rule in load(file.stem).rules:
            assert not (rule.verified and "this project" in rule.source), rule.key


def test_decimals_are_exact_and_a_yaml_float_keeps_its_digits(policy_mapping):
    policy_mapping["charges"]["late_fee_rate_max"]["value"] = 0.1
    policy = policy_from_dict(policy_mapping, "here")
    assert policy.charges.late_fee_rate_max.value == Decimal("0.1")


def test_hours_hold_from_the_first_minute_to_before_the_last():
    hours = Hours(time(8), time(22))
    answers = [hours.contain(time(h, m)) for h, m in ((7, 59), (8, 0), (21, 59), (22, 0))]
    assert answers == [False, True, True, False]


def test_every_fault_is_named_at_once_with_key_expected_and_came(policy_mapping):
    policy_mapping["charges"]["late_fee_rate_max"]["unit"] = "percent"
    policy_mapping["contact"]["hours"]["value"] = "22:00-08:00"
    policy_mapping["legal"]["contacts_min"]["value"] = -1
    policy_mapping["plan"]["months_maxx"] = policy_mapping["plan"].pop("months_max")
    policy_mapping["records"]["clear_mode"]["verified"] = "yes"
    with pytest.raises(PolicyError) as caught:
        policy_from_dict(policy_mapping, "mine.yaml")
    text = str(caught.value)
    assert text.startswith("mine.yaml: 5 faults")
    assert "charges.late_fee_rate_max.unit: expected the unit 'share'. Got 'percent'." in text
    assert "contact.hours.value: expected hours of one day" in text
    assert "legal.contacts_min.value: expected at least 0. Got -1." in text
    assert "plan.months_maxx: no such key. Did you mean 'months_max'?" in text
    assert "records.clear_mode.verified: expected true or false. Got 'yes'." in text


def test_null_is_refused_where_a_limit_must_stand(policy_mapping):
    policy_mapping["legal"]["days_past_due_min"]["value"] = None
    with pytest.raises(PolicyError, match="legal.days_past_due_min.value: expected a value"):
        policy_from_dict(policy_mapping, "mine.yaml")


@pytest.mark.parametrize(
    ("group", "key", "value", "words"),
    [
        ("records", "clear_mode", "after_years", "clear_years: expected years"),
        ("records", "repair_amount_max", "10000", "all four values or none"),
        ("contact", "channels", ["phone"], "consent_channels: expected channels among phone"),
        ("contact", "cool_off_after_heated_days", 1, "at least the 2 days after any"),
        ("charges", "late_fee_first_max", "30", "late_fee_repeat_max: expected a value exactly"),
    ],
)
def test_rules_that_contradict_each_other_are_refused(policy_mapping, group, key, value, words):
    policy_mapping[group][key]["value"] = value
    with pytest.raises(PolicyError, match=words):
        policy_from_dict(policy_mapping, "mine.yaml")


def test_dates_must_be_in_order(policy_mapping):
    rule = policy_mapping["contact"]["hours"]
    rule["effective_from"], rule["effective_to"] = "2026-02-01", "2026-01-31"
    with pytest.raises(PolicyError, match="effective_to: expected a date from 2026-02-01"):
        policy_from_dict(policy_mapping, "mine.yaml")


def test_a_policy_cannot_be_changed_after_it_was_read():
    with pytest.raises(FrozenInstanceError):
        load("seed_2021").contact.hours.value = None


def test_the_digest_changes_with_any_value(policy_mapping):
    before = policy_digest(policy_from_dict(policy_mapping, "a"))
    policy_mapping["legal"]["contacts_min"]["value"] = 3
    assert policy_digest(policy_from_dict(policy_mapping, "a")) != before


def test_comparing_a_policy_with_itself_shows_nothing():
    assert compare(load("cn_2026"), load("cn_2026")) == ()


def test_a_comparison_says_which_side_protects_the_customer_more():
    found = {row.key: row for row in compare(load("seed_2021"), load("cn_2026"))}
    # Three conversations a day against one: the one is stricter.
    assert found["contact.conversations_per_day_max"].stricter == "seed_2021"
    # No limit at all is never stricter than a limit.
    assert found["charges.late_fee_rate_max"].second is None
    assert found["charges.late_fee_rate_max"].stricter == "seed_2021"
    assert found["charges.all_in_rate_max"].stricter == "cn_2026"
    assert found["charges.grace_days"].stricter == "cn_2026"
    # A longer rest protects more.
    assert found["contact.cool_off_after_conversation_days"].stricter == "seed_2021"
    # Whether clearing modes protect more cannot be ordered here.
    assert found["records.clear_mode"].stricter == ""


def test_amounts_in_two_currencies_are_not_ordered():
    found = {row.key: row for row in compare(load("seed_2021"), load("us_reg_f"))}
    assert found["charges.late_fee_first_max"].stricter == ""


def test_rules_outside_their_dates_are_told():
    policy = load("cn_2026")
    before = {rule.key for rule in rules_out_of_date(policy, date(2025, 6, 1))}
    assert "contact.dials_per_number_per_day_max" in before  # in force from 2026-01-30
    assert "plan.months_max" not in before  # in force since 2011


def test_every_rule_is_read_by_code():
    """A rule that nothing reads is a promise that nobody keeps."""
    root = Path(__file__).parents[2] / "src" / "delinquency"
    sources = [
        file.read_text(encoding="utf-8")
        for file in root.rglob("*.py")
        if "policy" not in file.relative_to(root).parts
    ]
    unread = [
        key
        for key in specifications()
        if not any(f".{key.partition('.')[2]}" in source for source in sources)
    ]
    assert unread == []
