import json
import logging
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from overdue_factory import make_record

from delinquency.casebook.case_commands import run_command
from delinquency.casebook.case_options import CaseOptions
from delinquency.casebook.command_context import COMMANDS
from delinquency.casebook.pseudonym_keys import make_key
from delinquency.casebook.record_exchange import record_rows
from delinquency.casebook.record_formats import FORMATS
from delinquency.casebook.typed_actions import ACTIONS, parse_action
from delinquency.casework.actions import Charge, OfferPlan
from delinquency.errors import CaseworkError, ChoiceError, DelinquencyError, MissingArtifactError
from delinquency.policy import Policy

PLAN = {"balance": "1200", "months": 12, "annual_rate": "0", "first_due": "2026-12-01"}
MORNING = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)


@pytest.fixture
def run(tmp_path: Path, seed_policy: Policy) -> Any:
    """A command line in a folder of its own, with a key."""
    make_key(tmp_path / "key")

    def command(do: str, **choices: Any) -> Any:
        options = CaseOptions(do=do, key_file=str(tmp_path / "key"), **choices)
        url = f"sqlite:///{tmp_path / 'records.db'}"
        return run_command(options, url=url, policies={"seed_2021": seed_policy}, now=MORNING)

    return command


def test_a_case_is_opened_told_asked_and_acted_in(run: Any) -> None:
    case_id = run("open", account_id="A1")["case_id"]
    assert run("open", account_id="A1")["case_id"] == case_id
    event = {"kind": "went_overdue", "amount": "200.00", "due": "2026-10-26"}
    assert run("record", case_id=case_id, event=event) == {
        "sequence": 2,
        "kind": "went_overdue",
        "late_entry": False,
    }
    asked = run("ask", case_id=case_id, action={"name": "legal_step", "legal_step": "suit"})
    assert not asked["allowed"]
    assert all(one["rule"] and one["rule_source"] for one in asked["refusals"])
    done = run("act", case_id=case_id, action={"name": "call"}, actor="agent-7f3a")
    assert (done["allowed"], done["recorded"]["kind"]) == (True, "contact_attempted")
    # The same command at the same moment is the same call.
    again = run("act", case_id=case_id, action={"name": "call"}, actor="agent-7f3a")
    assert again["recorded"] == done["recorded"]
    shown = run("show", case_id=case_id, role="auditor")
    assert [one["kind"] for one in shown["events"]] == [
        "case_opened", "went_overdue", "contact_attempted",
    ]  # fmt: skip
    assert [case["case_id"] for case in run("list", account_id="A1")] == [case_id]
    verified = run("verify")
    assert (verified["holds"], verified["first_broken"]) == (True, None)
    assert verified["entries"] == 5  # the case, three events, and the overdue record
    witness = json.loads(Path(verified["witness"]).read_text())
    assert witness["last_hash"] == verified["last_hash"]


def test_records_come_in_go_out_and_are_cleared(run: Any, tmp_path: Path) -> None:
    came = tmp_path / "in.csv"
    came.write_bytes(FORMATS["csv"].write(list(record_rows([make_record("A1")]))))
    assert run("import", file=str(came), lender="bank-a")["put"]["new"] == 1
    out = tmp_path / "out.csv"
    assert run("export", file=str(out))["n_records"] == 1
    assert run("clear", as_of="2026-03-19")["n_records"] == 0
    cleared = run("clear", as_of="2026-03-20")
    assert (cleared["n_records"], cleared["exports_refreshed"]) == (1, [str(out)])
    assert FORMATS["csv"].read(out.read_bytes()) == []


def test_a_key_is_made_and_not_shown(run: Any, tmp_path: Path) -> None:
    (tmp_path / "key").unlink()
    with pytest.raises(MissingArtifactError, match=r"case\.do=key"):
        run("open", account_id="A1")
    assert not (tmp_path / "key").exists()
    made = run("key")
    assert made["key_file"] == str(tmp_path / "key")
    assert "Keep a copy" in made["keep"]
    with pytest.raises(ChoiceError, match="may not replace"):
        run("key")


def test_no_direct_identifier_reaches_a_log_or_the_files(
    run: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case_id = run("open", account_id="A1")["case_id"]
    secret = (tmp_path / "key").read_text().strip()
    attempts = [
        ("open", {"account_id": "13812345678"}),
        ("record", {"case_id": case_id, "event": {"kind": "question_asked", "question_id": "q1",
                                                  "about": "call 13812345678"}}),
        ("record", {"case_id": case_id, "actor": "li@bank.example",
                    "event": {"kind": "hardship_ended"}}),
    ]  # fmt: skip
    for do, choices in attempts:
        with pytest.raises(Exception, match="pseudonym|personal identifier") as caught:
            run(do, **choices)
        assert "13812345678" not in str(caught.value)
        assert "li@bank.example" not in str(caught.value)
    held = b"".join(file.read_bytes() for file in tmp_path.glob("records.db*"))
    for word in ("13812345678", "li@bank.example", secret):
        assert word not in caplog.text
        assert word.encode() not in held


def test_an_action_is_read_from_its_fields() -> None:
    charge = parse_action(
        {"name": "charge", "charge": "late_fee", "amount": "2.00", "overdue_principal": 200}
    )
    assert charge == Charge("late_fee", Decimal("2.00"), Decimal(200))
    offer = parse_action(
        {"name": "offer_plan", "plan": PLAN, "residual_income": "500", "payment_due": "1200"}
    )
    assert isinstance(offer, OfferPlan)
    # 1200 over 12 months without interest.
    assert (offer.plan.months, offer.plan.instalment) == (12, Decimal("100.00"))


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ({"name": "cal"}, "Did you mean 'call'"),
        ({"name": "call", "numbr": 1}, "call has no numbr"),
        ({"name": "charge", "charge": "late_fee"}, "charge needs charge, amount"),
        ({"name": "charge", "charge": "late_fee", "amount": "x"}, "charge needs"),
        ({"name": "offer_plan", "plan": {"months": 3}}, "a plan of instalments without balance"),
        (
            {"name": "offer_plan", "plan": {**PLAN, "reduced_to": "9"}},
            "a plan of instalments with reduced_to",
        ),
        ({"name": "charge", "charge": "late_fee", "amount": "1e5"}, "a plain amount"),
        ({"name": "charge", "charge": "late_fee", "amount": "NaN"}, "a plain amount"),
        ({"name": "charge", "charge": "late_fee", "amount": "1" + "0" * 15}, "at most 15 digits"),
        ({"name": "message", "channel": "letter", "text": "a" * 4001}, "at most 4,000 characters"),
    ],
)
def test_an_action_that_cannot_be_read_says_why(raw: dict[str, Any], fault: str) -> None:
    with pytest.raises(DelinquencyError, match=fault):
        parse_action(raw)


def test_a_plan_with_reduced_months_is_read_as_one() -> None:
    plan = {**PLAN, "treatment": "hardship_reduction", "reduced_to": "50", "reduced_months": 3}
    offer = parse_action(
        {"name": "offer_plan", "plan": plan, "residual_income": "70", "payment_due": "1200"}
    )
    assert isinstance(offer, OfferPlan)
    # 3 x 50.00 = 150; 1,050 over the other 9 months = 116.666..., up 116.67.
    assert [one.amount for one in offer.plan.instalments[2:4]] == [
        Decimal("50"),
        Decimal("116.67"),
    ]


def test_only_a_rehearsal_may_set_its_clock(run: Any, tmp_path: Path) -> None:
    with pytest.raises(ChoiceError, match="must not lie in the future"):
        run("open", account_id="A1", at="2026-11-04T10:00+08:00")
    case_id = run("open", account_id="A1", at="2026-10-01T10:00+08:00")["case_id"]
    shown = run("show", case_id=case_id, role="auditor")["events"][0]
    assert shown["late_entry"] and shown["recorded_at"] == MORNING.isoformat()
    with pytest.raises(CaseworkError, match="holds real work"):
        run("list", rehearsal=True)
    practice = {"database": f"sqlite:///{tmp_path / 'practice.db'}", "rehearsal": True}
    at = "2027-03-01T10:00+08:00"
    played = run("open", account_id="A1", at=at, **practice)["case_id"]
    del practice["rehearsal"]  # The mark stays.
    shown = run("show", case_id=played, role="auditor", at=at, **practice)["events"][0]
    assert "late_entry" not in shown


def test_a_command_names_the_choice_it_lacks(run: Any) -> None:
    with pytest.raises(ChoiceError, match=r"case\.do=show needs case\.case_id"):
        run("show")
    with pytest.raises(ChoiceError, match="case command 'shw'. Did you mean 'show'"):
        run("shw")


@pytest.mark.parametrize(
    "choices", [{"at": "today"}, {"at": "2026-10-31T09:30"}, {"as_of": "31.10.2026"}]
)
def test_moments_and_days_are_checked_at_once(choices: dict[str, str]) -> None:
    with pytest.raises(ChoiceError, match=r"case\.(at|as_of) must"):
        CaseOptions(**choices)


def test_a_password_is_not_a_choice_to_be_kept_with_a_model() -> None:
    with pytest.raises(ChoiceError, match="PGPASSFILE") as caught:
        CaseOptions(database="postgresql://u:hush@h/d")
    assert "hush" not in str(caught.value)
    assert CaseOptions(database="postgresql://u@h/d").database


def test_every_command_and_action_is_named_once() -> None:
    assert {"open", "record", "ask", "act", "show", "clear", "verify"} <= set(COMMANDS)
    assert all(name == kind.name for name, kind in ACTIONS.items())


def test_every_function_of_a_case_is_reached_from_the_command_line(run: Any) -> None:
    case_id = run("open", account_id="A1")["case_id"]
    on = {"case_id": case_id, "actor": "agent-7f3a"}
    told = {"kind": "went_overdue", "amount": "640.00", "due": "2026-10-05"}
    run("record", event=told, **on)
    causes = run("questions", **on)
    assert len(causes["also_possible"]) == 6 and causes["also_possible"][0]["ask"]
    # The income is not known: ask, and no plan is drawn up.
    assert run("propose", **on)["action"] == "friendly_talk"
    assert run("plans", **on)["ask_first"].startswith("case.do=record")
    budget = {"kind": "budget_stated", "income": "1000", "essentials": "880"}
    run("record", event=budget, **on)
    # 120 left, 96 a month: 640 / 96 = 6.67, so 7 instalments.
    proposal = run("propose", **on)
    assert proposal["plan"]["customer"]["instalments"] == 7
    assert proposal["plan"]["all_in_cost"]["other_charges"] == "none"
    written = run("message", message={"template": "reminder", "channel": "letter"}, **on)
    assert "640.00 CNY" in written["body"] and written["decision"]["allowed"]
    sent = {"template": "reminder", "channel": "letter", "send": True}
    assert run("message", message=sent, **on)["sent"]
    with pytest.raises(ChoiceError, match="case.message has no chanel"):
        run("message", message={"template": "reminder", "chanel": "letter"}, **on)
    promised = run("promise", promise={"amount": "640", "due": "2026-11-20"}, **on)
    assert [one["state"] for one in promised["promises"]] == ["open"]
    line = run("timeline", **on)
    assert line["days_past_due"] == 29 and [h["what"] for h in line["holds"]] == ["promise"]
    assert line["holds"][0]["until"] == "2026-11-20"
    asked = {"kind": "question_asked", "question_id": "q-1"}
    run("record", event=asked, **on)
    assert [item["urgency"] for item in run("worklist")] == ["answer is due"]
    assert run("outcomes")["promises"]["kept"]["n"] == 0


def test_one_loan_over_several_debts_is_weighed_and_unknown_keys_are_refused(run: Any) -> None:
    # Two debts of 1,000 at 12 %, 100 a month each; one loan of 2,000 at 0 % over 20 months.
    debts = [{"balance": "1000", "instalment": "100", "annual_rate": "0.12"}] * 2
    better = run("consolidation", debts={"months": 20, "annual_rate": "0", "debts": debts})
    assert better["worth_advising"]
    assert (better["instalment_now"], better["instalment_then"]) == ("200", "100.00")
    assert better["cost_then"] in ("0", "0.00")
    # By hand: 1 % of what is owed, cents rounded down, until 100 a month has paid it: 58.94.
    assert better["cost_now"] == "117.88"
    dear = run("consolidation", debts={"months": 20, "annual_rate": "0.30", "debts": debts})
    assert not dear["worth_advising"]
    with pytest.raises(ChoiceError, match="case.debts.debts has no rate"):
        wrong = [{"balance": "1", "instalment": "1", "rate": "0"}]
        run("consolidation", debts={"months": 2, "annual_rate": "0", "debts": wrong})
    with pytest.raises(ChoiceError, match="case.debts needs months"):
        run("consolidation", debts={"annual_rate": "0", "debts": debts})
    with pytest.raises(ChoiceError, match="0.12 for 12 %"):
        run("consolidation", debts={"months": 20, "annual_rate": "12", "debts": debts})
    for wrong in ("ten", "0"):
        with pytest.raises(ChoiceError, match="months must be"):
            run("consolidation", debts={"months": wrong, "annual_rate": "0", "debts": debts})
    with pytest.raises(ChoiceError, match="must be a list"):
        run("consolidation", debts={"months": 20, "annual_rate": "0", "debts": 5})


@pytest.mark.parametrize(
    ("do", "choices", "fault"),
    [
        ("promise", {"amount": "much", "due": "2026-11-20"}, "case.promise.amount: .*'much'"),
        ("promise", {"amount": "1", "due": "Friday"}, "case.promise.due must be a day.*'Friday'"),
        ("message", {"amount": "1e3"}, "case.message.amount: .*'1e3'"),
        ("message", {"due": "20.11.2026"}, "case.message.due must be a day"),
        ("message", {"months": "six"}, "case.message.months must be a whole number. Got 'six'"),
    ],
)
def test_what_is_typed_wrong_is_named(
    run: Any, do: str, choices: dict[str, str], fault: str
) -> None:
    case_id = run("open", account_id="A1")["case_id"]
    run("record", event={"kind": "went_overdue", "amount": "9.00", "due": "2026-10-05"},
        case_id=case_id)  # fmt: skip
    with pytest.raises(ChoiceError, match=fault):
        run(do, case_id=case_id, **{do: choices})


def test_a_debt_may_be_typed_as_a_number(run: Any) -> None:
    debts = [{"balance": 1000.5, "instalment": 100, "annual_rate": 0.12}]
    found = run("consolidation", debts={"months": 20, "annual_rate": 0.1, "debts": debts})
    assert found["instalment_now"] == "100"
    debts[0]["balance"] = "one thousand"
    with pytest.raises(ChoiceError, match="case.debts.balance: .*'one thousand'"):
        run("consolidation", debts={"months": 20, "annual_rate": 0.1, "debts": debts})


def test_other_lenders_records_become_a_bureau_table(run: Any, tmp_path: Path) -> None:
    record = make_record("A1", lender="bank-b")
    delivered = tmp_path / "in.csv"
    delivered.write_bytes(FORMATS["csv"].write(list(record_rows([record]))))
    run("import", file=str(delivered))
    for name in ("bureau.csv", "bureau.parquet"):
        out = run("bureau", file=str(tmp_path / name))
        assert (out["records"], out["rows"]) == (1, len(record.buckets))
    typed = pd.read_csv(tmp_path / "bureau.csv", dtype=str)
    assert set(typed["account_id"]) == {"A1"}
    assert float(typed["worst_status_elsewhere"].iloc[0]) == 1
    assert pd.read_parquet(tmp_path / "bureau.parquet").astype(str).equals(typed)
    with pytest.raises(ChoiceError, match=r"must end in .csv, .parquet. Got 'bureau.xls'"):
        run("bureau", file=str(tmp_path / "bureau.xls"))
    assert run("schema")["$schema"].startswith("https://json-schema.org")
