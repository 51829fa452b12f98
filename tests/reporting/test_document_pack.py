import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import yaml

from delinquency.casework.actions import RELIEF, TREATMENTS
from delinquency.casework.case_file import Case
from delinquency.casework.charges import check_charges
from delinquency.casework.communication import document_pack
from delinquency.casework.plans import instalment_plan
from delinquency.policy import policy_from_dict
from delinquency.policy.rule import ORIGINS
from delinquency.reporting.document_pack import render_document_pack
from delinquency.reporting.rule_words import ORIGINS_ZH, reason_words, source_zh
from delinquency.reporting.treatment_words import ACTION_WORDS, RELIEF_WORDS, card_treatments

FOLDER = Path(__file__).parents[2] / "conf" / "policy"


@pytest.fixture(scope="module")
def seed():
    text = (FOLDER / "seed_2021.yaml").read_text(encoding="utf-8")
    return policy_from_dict(yaml.safe_load(text), "seed_2021.yaml")


def pack_of(policy, **more):
    return document_pack(
        Case("K-1", "C-000017", "Asia/Shanghai"),
        policy,
        datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Asia/Shanghai")),
        lines=(("Balance <b>", "欠款余额", "1200.00"),),
        **more,
    )


def test_the_pack_holds_statement_calculation_plan_and_sources(seed):
    plan = instalment_plan(
        Decimal(1200), months=7, annual_rate=Decimal("0.12"), first_due=date(2026, 4, 30)
    )
    charges = check_charges(
        Decimal(300), late_fee=Decimal("3.01"), interest=Decimal(0), days=30, policy=seed
    )
    html = render_document_pack(pack_of(seed, plan=plan, charges=charges), real=False)
    assert f"{plan.total:,.2f}" in html
    assert html.count('<tr><td class="n">') == 7
    for item in plan.instalments:
        assert item.due.isoformat() in html
    assert "0.01" in html and "given back" in html
    assert "Source article" in html and "not verified" in html
    assert "SYNTHETIC ACCOUNT" in html


def test_what_came_from_data_is_escaped_and_nothing_is_loaded_from_elsewhere(seed):
    html = render_document_pack(pack_of(seed), real=True)
    assert "Balance &lt;b&gt;" in html
    assert "http" not in html.replace('http-equiv="', "")
    assert "SYNTHETIC" not in html


def test_every_treatment_has_words_for_the_cards():
    assert set(TREATMENTS) <= set(ACTION_WORDS)


def test_a_card_says_what_to_do_when_and_what_is_not_allowed():
    accounts = pd.DataFrame(
        {
            "account_id": ["C-1"],
            "step": ["H3"],
            "action": ["instalments"],
            "allowed": [False],
            "rule": ["contact.hours"],
            "reason": [
                "It is 23:00 for the customer (Asia/Shanghai); contact is allowed 08:00-22:00."
            ],
            "relief": [""],
            "relief_until": [pd.NaT],
            "next_contact_at": [pd.Timestamp("2026-03-12 00:00", tz="UTC")],
            "time_zone": ["Asia/Shanghai"],
            "plan_months": [12.0],
            "plan_instalment": [100.0],
            "plan_last": [100.0],
            "plan_total": [1200.0],
            "plan_fits": [True],
            "needs_person": [False],
            "then": ["autopay; friendly_talk"],
        }
    )
    considered = pd.DataFrame(
        {
            "account_id": ["C-1", "C-1", "C-1"],
            "action": ["instalments", "legal_step", "instalments"],
            "allowed": [True, False, False],
            "rule": ["seed_2021@1", "legal.days_past_due_min", "order.help_first"],
            "rule_source": ["seed", "Design [not verified]", "procedure"],
        }
    )
    card = card_treatments(accounts, considered, currency="CNY")["C-1"]
    english, chinese = zip(*card.proposed, strict=True)
    assert english[0] == "H3 Offer instalments: 12 x CNY 100.00, CNY 1,200.00 in all"
    assert chinese[0] == "H3 提出分期还款：12期 × 100.00元，合计1,200.00元"
    assert english[1] == (
        "Contact is allowed from 2026-03-12 08:00 Asia/Shanghai on. When this was checked it was "
        "23:00 for the customer (Asia/Shanghai); contact is allowed 08:00-22:00."
    )
    assert chinese[1] == (
        "2026-03-12 08:00 Asia/Shanghai起可以联系客户。"
        "核查时客户当地时间（Asia/Shanghai）为23:00；允许联系的时段为08:00-22:00。"
    )
    assert english[2].endswith("Offer autopay; Talk: ask what is difficult, and offer help")
    assert [refusal[0] for refusal in card.refused] == [
        "Legal step. Days past due before a legal step. Rule legal.days_past_due_min; source: "
        "Design [not verified]",
        "Offer instalments. Rule order.help_first; source: procedure",
    ]


def test_a_relief_says_of_which_kind_it_is_and_until_when(relief_row):
    for kind in RELIEF:
        accounts = relief_row.assign(relief=kind)
        none = pd.DataFrame(columns=["account_id", "action", "allowed", "rule", "rule_source"])
        none["allowed"] = none["allowed"].astype(bool)
        card = card_treatments(accounts, none, currency="CNY")["C-1"]
        english, chinese = card.proposed[0]
        words, words_zh = RELIEF_WORDS[kind]
        assert english.endswith(f": {words} until 2027-02-28")
        assert chinese.endswith(f"：{words_zh}，至2027-02-28")
        assert card.proposed[1] == (
            "Contact is allowed from 2026-12-01 08:00 Asia/Shanghai on",
            "2026-12-01 08:00 Asia/Shanghai起可以联系客户",
        )


@pytest.fixture
def relief_row():
    return pd.DataFrame(
        {
            "account_id": ["C-1"], "step": ["H3"], "action": ["hardship_reduction"],
            "allowed": [True], "rule": ["seed_2021@2"], "reason": ["Every rule holds."],
            "next_contact_at": [pd.Timestamp("2026-12-01 00:00", tz="UTC")],
            "time_zone": ["Asia/Shanghai"], "plan_months": [float("nan")],
            "plan_instalment": [float("nan")], "plan_total": [float("nan")], "plan_fits": [False],
            "relief_until": [pd.Timestamp("2027-02-28")], "needs_person": [False], "then": [""],
        }
    )  # fmt: skip


def test_every_origin_of_a_rule_has_chinese_words():
    assert set(ORIGINS.values()) == set(ORIGINS_ZH)
    for origin in ORIGINS.values():
        chinese = source_zh(f"{origin}: Civil Code, art. 188 [verified]")
        assert chinese == f"{ORIGINS_ZH[origin]}：Civil Code, art. 188[已核实]"


@pytest.mark.parametrize(
    "reason",
    [
        "7 days of rest after a conversation.",
        "14 days of rest after a heated conversation.",
        "3 of 3 conversations were held on 2026-03-11.",
        "7 of 7 calls were made in seven days.",
        "6 of 6 dials of this number went unanswered on 2026-03-11.",
        "2 of 2 messages were sent on 2026-03-11.",
        "5 of 5 messages were sent in seven days.",
        "2026-10-01 is a public holiday.",
    ],
)
def test_a_reason_against_contact_has_the_same_numbers_in_chinese(reason):
    english, chinese = reason_words("contact.any", reason)
    assert english == reason and "contact.any" not in chinese
    assert sorted(re.findall(r"\d+", chinese)) == sorted(re.findall(r"\d+", english))
