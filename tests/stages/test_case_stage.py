import json
from pathlib import Path
from typing import Any

import pytest

from delinquency.casebook.pseudonym_keys import make_key
from delinquency.config import Config, load
from delinquency.errors import ChoiceError, MissingArtifactError
from delinquency.pipeline import prepared_features
from delinquency.stages import case


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The choices of a small portfolio in a folder of its own."""
    monkeypatch.setenv("DELINQUENCY_ROOT", str(tmp_path))
    monkeypatch.setenv("DELINQUENCY_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.delenv("DELINQUENCY_KEY", raising=False)
    make_key(tmp_path / "key")

    def configure(*overrides: str) -> Config:
        small = ["stage=case", "data=synthetic", "data.n_accounts=80", "n_threads=1"]
        return load([*small, *overrides])

    return configure


def _answer(capsys: pytest.CaptureFixture[str], config: Config) -> Any:
    """Run the stage and return what it printed as JSON."""
    capsys.readouterr()
    case.run(config)
    out = capsys.readouterr().out
    return json.loads(out[out.index("{") :])


def test_every_shipped_policy_is_read() -> None:
    names = {"seed_2021", "cn_2026", "us_reg_f", "template", "eu_ccd2", "uk_conc"}
    assert set(case.load_policies()) == names


def test_the_chosen_policy_decides_and_a_case_keeps_the_one_it_was_opened_under(
    configured: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = _answer(capsys, configured("case.do=open", "case.account_id=A1", "policy=us_reg_f"))
    assert opened["policy"] == "us_reg_f"
    number = f"case.case_id={opened['case_id']}"
    shown = _answer(capsys, configured("case.do=show", number, "policy=cn_2026"))
    assert shown["policy"] == "us_reg_f"


def test_a_new_customer_lives_where_the_policy_holds_unless_somebody_says_where(
    configured: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    # 21:30 on a weekday in New York is 9:30 of the next morning in Shanghai.
    evening = "case.at=2026-06-02T21:30-04:00"
    for zone, hours in (
        ([], False),
        (["treatment.time_zone=Asia/Shanghai"], True),
        (["case.time_zone=America/Los_Angeles"], True),
    ):
        account = f"case.account_id=A{len(zone)}{hours}{len(str(zone))}"
        opened = configured("case.do=open", account, "policy=us_reg_f", evening, *zone)
        number = f"case.case_id={_answer(capsys, opened)['case_id']}"
        asked = configured("case.do=ask", number, "case.action={name: call}", evening, *zone)
        assert (_answer(capsys, asked)["rule"] != "contact.hours") is hours


def test_a_case_is_opened_from_the_command_line(
    configured: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = _answer(capsys, configured("case.do=open", "case.account_id=A1"))
    number = f"case.case_id={opened['case_id']}"
    asked = ["case.do=ask", number, "case.action={name: legal_step, legal_step: suit}"]
    answer = _answer(capsys, configured(*asked))
    assert not answer["allowed"]
    assert answer["rule_source"]


def test_reported_records_are_in_the_currency_of_the_statements(configured: Any) -> None:
    # Once every record said CNY, the Taiwan dollars too.
    assert case.currency_of(load(["stage=case", "data=taiwan"])) == "TWD"
    assert case.currency_of(configured("policy=us_reg_f")) == "CNY"
    unnamed = "data.currency=''"
    assert case.currency_of(configured("policy=us_reg_f", unnamed)) == "USD"
    assert case.currency_of(configured("case.currency=EUR", unnamed)) == "EUR"
    with pytest.raises(ChoiceError, match="case.currency=CNY, but .* data=taiwan are in TWD"):
        case.currency_of(load(["stage=case", "data=taiwan", "case.currency=CNY"]))


@pytest.mark.slow
def test_what_is_cleared_leaves_the_features_and_stays_out_of_a_rebuild(
    configured: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = prepared_features.prepare(configured()).X
    reported = _answer(capsys, configured("case.do=report"))["put"]["new"]
    assert reported > 0
    # Reporting alone erases nothing.
    assert prepared_features.prepare(configured()).X.equals(before)
    cleared = _answer(capsys, configured("case.do=clear", "case.as_of=2030-01-01"))
    assert 0 < cleared["n_records"] <= reported
    after = prepared_features.prepare(configured()).X
    assert not after.equals(before)
    # The tables are made again from their source, and the store still knows.
    (tmp_path / "data" / "interim" / "synthetic" / "manifest.json").unlink()
    assert prepared_features.prepare(configured()).X.equals(after)
    # Delivered again, nothing comes back.
    again = _answer(capsys, configured("case.do=report"))["put"]
    assert again["erased"] == cleared["n_records"]
    # Without the key nobody can tell whose history is erased: stop rather than bring it back.
    (tmp_path / "key").unlink()
    (tmp_path / "data" / "processed" / "synthetic" / "manifest.json").unlink()
    with pytest.raises(MissingArtifactError, match="pseudonym key"):
        prepared_features.prepare(configured())
