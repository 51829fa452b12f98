from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from delinquency.casework.proposals import ProposalTerms
from delinquency.casework.scan.portfolio_proposals import propose
from delinquency.casework.scan.situations import latest, situations
from delinquency.traits import TRAITS

AT = datetime(2026, 4, 1, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def month(text):
    return pd.Timestamp(f"{text}-01").as_unit("ms")


def explained(*ids):
    frame = pd.DataFrame({"account_id": list(ids), "pd_hat": 0.5, "dominant_trait": "none"})
    frame["observation_month"] = month("2026-03")
    for key in TRAITS:
        frame[f"trait_{key}"], frame[f"evidence_{key}"] = 0.1, "strong"
    return frame


def statements(**columns):
    return pd.DataFrame(
        {
            "account_id": ["A", "A", "A", "B", "B"],
            "month": [month(m) for m in ("2026-02", "2026-03", "2026-04", "2026-02", "2026-03")],
            "balance": [900.0, 1000.0, 5000.0, 100.0, -5.0],
            **columns,
        }
    )


FULL = statements(
    minimum_due=[200.0, 250.0, 900.0, 20.0, 0.0],
    payment=[0.0, 50.0, 0.0, 0.0, 20.0],
    days_past_due=[0.0, 20.0, 50.0, 0.0, 0.0],
)


def frame_of(tables, *ids):
    return situations(
        explained(*(ids or ("B", "A"))), tables, at=AT, time_zone="Asia/Shanghai"
    ).set_index("account_id")


def test_overdue_is_the_last_minimum_less_what_was_paid_and_the_future_is_not_seen():
    frame = frame_of({"statements": FULL})
    assert frame.index.tolist() == ["B", "A"]
    # 200 asked in February, 50 paid by March: 150 overdue; March asks for 250.
    assert frame.loc["A", ["balance", "overdue", "payment_due"]].tolist() == [1000, 150, 250]
    assert frame.loc["B", ["balance", "overdue", "days_past_due"]].tolist() == [-5, 0, 0]
    assert not frame["overdue_is_bound"].any()


def test_without_a_minimum_the_whole_balance_is_an_upper_bound_and_says_so():
    status = statements(repayment_status=[0.0, 2.0, 3.0, 0.0, -1.0])
    frame = frame_of({"statements": status})
    assert frame.loc["A", ["overdue", "days_past_due"]].tolist() == [1000, 60]
    assert frame.loc["A", "overdue_is_bound"] and not frame.loc["B", "overdue_is_bound"]
    assert frame["residual_income"].isna().all()


def test_residual_income_is_what_is_left_on_average_after_essentials_and_other_debts():
    cashflows = pd.DataFrame(
        {
            "account_id": ["A"] * 3,
            "month": [month(m) for m in ("2026-01", "2026-02", "2026-03")],
            "salary": [3000.0, 0.0, 3000.0],
            "benefits": [0.0, 600.0, np.nan],
            "essential_outgoings": [1500.0, 1500.0, 1500.0],
        }
    )
    bureau = pd.DataFrame(
        {"account_id": ["A"], "month": [month("2026-03")], "other_instalments": [100.0]}
    )
    tables = {"statements": FULL, "cashflows": cashflows, "bureau": bureau}
    frame = frame_of(tables)
    # (1,500 - 900 + 1,500) / 3 - 100 = 600
    assert frame.loc["A", "residual_income"] == 600.0
    assert np.isnan(frame.loc["B", "residual_income"])


def test_contacts_of_the_last_days_and_open_disputes_are_read():
    contacts = pd.DataFrame(
        {
            "account_id": ["A", "A", "A", "B", "A"],
            "date": pd.to_datetime(
                ["2026-03-30", "2026-03-31", "2026-03-01", "2026-02-15", "2026-04-02"]
            ),
            "channel": ["phone", "phone", "phone", "letter", "phone"],
            "right_party": [0.0, 1.0, 1.0, 0.0, 1.0],
            "dispute": [0.0, 0.0, 0.0, 1.0, 1.0],
        }
    )
    frame = frame_of({"statements": FULL, "contacts": contacts})
    assert frame.loc["A", "recent_contacts"] == "2026-03-30 attempt;2026-03-31 conversation"
    assert frame["dispute"].to_dict() == {"A": False, "B": True}


def test_the_frame_is_what_propose_takes(seed):
    frame = situations(explained("A", "B"), {"statements": FULL}, at=AT, time_zone="Asia/Shanghai")
    result = propose(frame, seed, AT, ProposalTerms())
    # B owes nothing: its balance is below 0.
    assert result.accounts["action"].tolist() == ["friendly_talk", "nothing"]
    assert result.accounts["step"].tolist() == ["H2", "H5"]


def test_the_last_explanation_above_the_cut_off_counts_and_the_most_at_risk_come_first():
    frame = pd.DataFrame(
        {
            "account_id": ["A", "A", "B", "C"],
            "observation_month": [month(m) for m in ("2026-02", "2026-03", "2026-03", "2026-03")],
            "pd_hat": [0.9, 0.3, 0.5, 0.1],
        }
    )
    chosen = latest(frame, 0.3)
    assert chosen["account_id"].tolist() == ["B", "A"]
    assert chosen["pd_hat"].tolist() == [0.5, 0.3]
    # An account that left before the last month is not chosen, however high its PD was.
    gone = pd.DataFrame(
        {"account_id": ["D"], "observation_month": [month("2026-02")], "pd_hat": [0.99]}
    )
    assert latest(pd.concat([frame, gone]), 0.3)["account_id"].tolist() == ["B", "A"]
