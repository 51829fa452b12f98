import json
import re
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from delinquency.casework.worklist import URGENCIES, WorkItem
from delinquency.config import load
from delinquency.errors import ChoiceError, MissingArtifactError, PolicyError
from delinquency.pipeline import treatments
from delinquency.reporting.treatment_words import offers_zh
from delinquency.reporting.worklist_page import (
    URGENCIES_ZH,
    WorklistFacts,
    worklist_csv,
    worklist_page,
)
from delinquency.stages import policy_diff, treat
from delinquency.traits import TRAITS
from delinquency.workspace.manifests import written_folder
from delinquency.workspace.mlflow_runs import Run

COLUMNS = [
    "account_id",
    "policy",
    "pd_hat",
    "dominant_trait",
    "step",
    "action",
    "allowed",
    "rule",
    "rule_source",
    "next_contact_at",
    "plan_months",
    "plan_instalment",
]


def config(root, *overrides):
    return load(
        ["stage=treat", "data=synthetic", "tracking=none", f"paths.root={root}", *overrides]
    )


@pytest.fixture
def portfolio(tmp_path):
    """Forty accounts in two parts, with statements and cash flows, explained."""
    n, months = 40, pd.to_datetime(["2023-11-01", "2023-12-01"]).as_unit("ms")
    ids = np.array([f"A{i:03d}" for i in range(n)])
    interim = tmp_path / "data" / "interim" / "synthetic"
    with written_folder(interim, {"key": "", "facts": {}}) as tables:
        for part, chosen in enumerate((ids[:20], ids[20:])):
            folder = tables / f"part-{part:04d}"
            folder.mkdir(parents=True)
            keys = {"account_id": np.repeat(chosen, 2), "month": np.tile(months, len(chosen))}
            statements = pd.DataFrame(
                {
                    **keys,
                    "balance": 2400.0,
                    "minimum_due": 200.0,
                    "payment": np.tile([200.0, 50.0], len(chosen)),
                    "fees": np.tile([0.0, 1.50], len(chosen)),
                    # The later half is past due, the first is not.
                    "days_past_due": np.where(
                        (np.repeat(chosen, 2) >= "A020") & np.tile([False, True], len(chosen)),
                        12.0,
                        0,
                    ),
                    "autopay": np.repeat([0.0, 1.0] * (len(chosen) // 2), 2),
                }
            )
            # The first account of each part pays a cent more late fee than 1 % of 150.00.
            statements.loc[1, "fees"] = 1.51
            statements.to_parquet(folder / "statements.parquet")
            pd.DataFrame(
                {**keys, "salary": 2000.0, "benefits": 0.0, "essential_outgoings": 1800.0}
            ).to_parquet(folder / "cashflows.parquet")
    explained = pd.DataFrame({"account_id": ids, "observation_month": months[1]})
    explained["pd_hat"] = np.linspace(0.01, 0.80, n)
    explained["dominant_trait"] = np.where(np.arange(n) % 2, "repayment_capacity", "none")
    for key in TRAITS:
        explained[f"trait_{key}"], explained[f"evidence_{key}"] = 0.1, "strong"
    folder = tmp_path / "data" / "processed" / "synthetic"
    folder.mkdir(parents=True)
    explained.to_parquet(folder / "explanations.parquet")
    return tmp_path


def change_statements(portfolio, change):
    """Write the tables anew with changed statements."""
    interim = portfolio / "data" / "interim" / "synthetic"
    held = {
        str(file.relative_to(interim)): pd.read_parquet(file)
        for file in interim.glob("part-*/*.parquet")
    }
    with written_folder(interim, {"key": "", "facts": {}}) as tables:
        for name, frame in held.items():
            (tables / name).parent.mkdir(parents=True, exist_ok=True)
            new = change(frame) if name.endswith("statements.parquet") else frame
            new.to_parquet(tables / name)


def test_every_account_above_the_cut_off_gets_a_lawful_proposal(portfolio, capsys):
    treat.run(config(portfolio, "treatment.cut_off=0.405"))
    folder = portfolio / "data" / "processed" / "synthetic"
    accounts = pd.read_parquet(folder / "treatments.parquet")
    assert set(COLUMNS) <= set(accounts.columns)
    assert len(accounts) == 20 and accounts["account_id"].is_unique
    assert accounts["pd_hat"].is_monotonic_decreasing
    plans = accounts[accounts["dominant_trait"] == "repayment_capacity"]
    # Residual income 200, of it 0.8 = 160 a month; 2,400 / 15 = 160.00
    assert (plans["action"] == "instalments").all()
    assert (plans["plan_months"] == 15).all() and (plans["plan_instalment"] == 160.0).all()
    broken = pd.read_parquet(folder / "charge_violations.parquet")
    assert broken["account_id"].tolist() == ["A020"]
    assert broken["excess"].round(2).tolist() == [0.01]
    summary = json.loads((portfolio / "reports/synthetic/treatment.json").read_text())
    assert summary["help_offered_before_step_4"] == 1.0
    assert summary["n_accounts"] == 20 and summary["policy"] == "seed_2021@2"
    text = capsys.readouterr().out
    assert "Help offered before step 4: 100%" in text
    # said as a person says it, with the rule's own words; keys only where they are looked up
    assert "Offer instalments" in text and "  instalments" not in text
    refused = next(line for line in text.splitlines() if "legal.days_past_due_min" in line)
    assert refused.split(": ")[0] == "  not allowed  Legal step"
    assert "Days past due before a legal step." in refused and " 20 " in refused


def test_the_cards_take_over_what_was_proposed_and_nothing_before_that(portfolio):
    chosen = config(portfolio, "treatment.cut_off=0.405")
    assert treatments.proposed(chosen) == {}
    treat.run(chosen)
    cards = treatments.proposed(chosen)
    assert len(cards) == 20
    assert cards["A039"].proposed[0][0] == (
        "H3 Offer instalments: 15 x CNY 160.00, CNY 2,400.00 in all"
    )
    assert any("legal.days_past_due_min" in text for text, _ in cards["A039"].refused)


def test_another_policy_and_moment_change_the_answer_on_contact(portfolio):
    moment = "treatment.contact_at='2024-01-01T22:00'"
    treat.run(config(portfolio, "policy=cn_2026", moment))
    accounts = pd.read_parquet(portfolio / "data/processed/synthetic/treatments.parquet")
    assert not accounts["allowed"].any()
    assert (accounts["rule"] == "contact.hours").all()
    assert accounts["policy"].unique().tolist() == ["cn_2026"]


def test_a_policy_can_be_overridden_from_the_command_line_and_is_checked(portfolio):
    with pytest.raises(PolicyError, match="affordability_share.value: expected at most 1"):
        treat.run(config(portfolio, "policy.plan.affordability_share.value=2"))


def test_missing_explanations_name_the_stage_to_run(tmp_path):
    with pytest.raises(MissingArtifactError, match="explain"):
        treat.run(config(tmp_path))


def test_everyone_past_due_is_covered_and_a_cut_off_above_everybody_says_so(portfolio):
    treat.run(config(portfolio, "treatment.cut_off=0.99"))
    accounts = pd.read_parquet(portfolio / "data/processed/synthetic/treatments.parquet")
    assert sorted(accounts["account_id"]) == [f"A{i:03d}" for i in range(20, 40)]
    assert set(accounts["covered_by"]) == {"statement"}
    change_statements(portfolio, lambda frame: frame.assign(days_past_due=0.0))
    with pytest.raises(ChoiceError, match="nobody is past due"):
        treat.run(config(portfolio, "treatment.cut_off=0.99"))


def test_who_is_past_due_and_was_never_scored_is_covered_by_the_facts(portfolio, capsys):
    file = portfolio / "data/processed/synthetic/explanations.parquet"
    explained = pd.read_parquet(file)
    # A039 is 90 days behind: out of the model's population. A038 was explained and has left.
    gone = explained[explained["account_id"] == "A038"].assign(
        observation_month=pd.Timestamp("2023-11-01").as_unit("ms")
    )
    kept = explained[~explained["account_id"].isin(["A038", "A039"])]
    pd.concat([kept, gone]).to_parquet(file)

    def change(frame):
        last = frame["month"] == pd.Timestamp("2023-12-01")
        frame.loc[(frame["account_id"] == "A039") & last, "days_past_due"] = 90.0
        return frame[~((frame["account_id"] == "A038") & last)]

    change_statements(portfolio, change)
    treat.run(config(portfolio, "treatment.cut_off=0.405"))
    accounts = pd.read_parquet(portfolio / "data/processed/synthetic/treatments.parquet")
    accounts = accounts.set_index("account_id")
    assert "A038" not in accounts.index
    assert np.isnan(accounts.loc["A039", "pd_hat"])
    assert accounts.loc["A039", ["covered_by", "action"]].tolist() == ["statement", "instalments"]
    text = capsys.readouterr().out
    assert "Proposals on facts older than the last month: 0" in text
    assert "1 accounts that were explained earlier have left the book" in text
    assert "Autopay offered to who has it: 0" in text


def test_the_worklist_is_written_and_no_cell_is_a_formula(portfolio):
    treat.run(config(portfolio, "treatment.cut_off=0.405", "treatment.capacity=5"))
    rows = (portfolio / "reports/synthetic/worklist.csv").read_text().splitlines()
    assert len(rows) == 6 and rows[0].startswith("rank,urgency,account")
    page = (portfolio / "reports/synthetic/worklist.html").read_text(encoding="utf-8")
    assert re.search(r"as of \S+ \d\d:\d\d [A-Z][a-z]+/[A-Z]", page)  # CST is two zones
    assert "Worklist: Synthetic card portfolio" in page and "工作清单：" in page
    assert "SYNTHETIC ACCOUNTS" in page and "<style>" in page
    assert set(URGENCIES) == set(URGENCIES_ZH)
    item = WorkItem("first contact", "=cmd|'x'!A1", "", "+1")
    assert worklist_csv([item]).splitlines()[1].startswith("1,first contact,'=cmd|'x'!A1,,'+1,")
    facts = WorklistFacts("h", "", False, "p@1", "today", "CNY", offers_zh())
    assert "&lt;b&gt;" in worklist_page([replace(item, what="<b>")], facts)
    relief = replace(item, what="Offer relief while the hardship lasts: payment holiday")
    assert "困难期间减轻还款：免还款期" in worklist_page([relief], facts)


def test_two_policies_are_compared(tmp_path, capsys):
    policy_diff.run(config(tmp_path, "policy=cn_2026", "treatment.against=us_reg_f"))
    text = capsys.readouterr().out
    assert "contact.hours" in text and "verified" in text
    written = json.loads((tmp_path / "reports/policy_diff/cn_2026_us_reg_f.json").read_text())
    assert any(row["key"] == "contact.calls_per_7_days_max" for row in written)
    with pytest.raises(ChoiceError, match="Did you mean 'us_reg_f'"):
        policy_diff.run(config(tmp_path, "treatment.against=us_reg"))


@pytest.mark.parametrize(("own", "decided"), [((), 0.2), (("treatment.cut_off=0.405",), 0.405)])
def test_the_run_names_the_cut_off_that_decided(portfolio, monkeypatch, own, decided):
    params = {}

    class Kept(Run):
        def params(self, values):
            params.update(values)

    monkeypatch.setattr(treat, "open_run_of", lambda *_, **__: nullcontext(Kept(None)))
    treat.run(config(portfolio, *own))
    assert params["cut_off"] == decided


def test_the_worklist_says_when_by_the_customers_own_clock(portfolio):
    # Made on a holiday, 1 January: contacts begin on the next morning, at eight in Shanghai.
    treat.run(config(portfolio, "treatment.cut_off=0.405"))
    lines = (portfolio / "reports" / "synthetic" / "worklist.csv").read_text().splitlines()
    assert "2024-01-02 08:00 Asia/Shanghai" in lines[1]
    assert not any("UTC" in line for line in lines)


def test_a_cut_off_that_nobody_reaches_is_answered_with_one_to_try():
    months = pd.to_datetime(["2023-11-01"] * 2 + ["2023-12-01"] * 100)
    explained = pd.DataFrame({"observation_month": months})
    # The last month has PDs of 0.001 to 0.1; the month before is not its matter.
    explained["pd_hat"] = [0.9, 0.8, *np.arange(1, 101) / 1000]
    said = treatments.nobody_reaches(explained, 0.5, pd.Timestamp("2023-12-01"))
    assert "100 accounts have PDs of 0.0010 to 0.1000" in said
    # 0.95 of the way from the first to the last of a hundred: 0.001 + 0.95 * 0.099 = 0.09505.
    assert said.endswith("Try treatment.cut_off=0.095, which 6 reach.")
