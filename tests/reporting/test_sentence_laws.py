"""The reader of a run's sentences finds what is wrong with them, and passes what is right."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
COLUMNS = ("trait", "feature", "value", "reference", "direction")
MEANING = {
    "name": "enquiries", "trait_key": "debt_burden", "direction": 1, "unit": "count",
    "phrase": "Credit enquiries", "phrase_zh": "征信查询次数", "needs": ["enquiries"],
    "categories": [], "labels": [], "mark_of": "",
}  # fmt: skip
TEXT = "More enquiries were made than is typical. Credit enquiries: 5 (reference 3), Dec 2023."
TEXT_ZH = "征信查询多于通常：征信查询次数5次，参考值3次，2023年12月。"


@pytest.fixture(scope="module")
def laws():
    sys.path.insert(0, str(BENCHMARKS))
    import sentence_laws

    yield sentence_laws
    sys.path.remove(str(BENCHMARKS))


def _run(raw=5.0, text=TEXT, text_zh=TEXT_ZH, meaning=None, **columns):
    told = {
        "observation_month": [np.datetime64("2023-12-01")], "reason_1": [text],
        "reason_zh_1": [text_zh], "evidence_debt_burden": ["strong"],
        "reason_1_trait": ["debt_burden"], "reason_1_feature": ["enquiries"],
        "reason_1_value": [5.0], "reason_1_reference": [3.0], "reason_1_direction": ["high"],
        "reason_1_feature_2": [""], "reason_1_value_2": [np.nan],
        "reason_1_reference_2": [np.nan], "reason_1_direction_2": [""],
    }  # fmt: skip
    told.update({name: [value] for name, value in columns.items()})
    return SimpleNamespace(
        told=pd.DataFrame(told), ranks=[1], marks={}, medians={"enquiries": 3.0},
        meanings={"enquiries": {**MEANING, **(meaning or {})}},
        raw=lambda name, row: (raw, raw != raw),
    )  # fmt: skip


def _broken(laws, **changes):
    found = laws.Findings()
    laws.check_reasons(_run(**changes), found)
    return set(found.broken)


def test_a_true_reason_breaks_no_law(laws):
    assert _broken(laws) == set()


@pytest.mark.parametrize(
    ("law", "changes"),
    [
        ("the value is the account's own", {"raw": 4.0}),
        ("what is missing is said to be not stated", {"raw": float("nan")}),
        ("a fact differs from its reference", {"text": TEXT.replace("e 3", "e 5")}),
        ("both languages carry the same numbers", {"text_zh": TEXT_ZH.replace("5次", "6次")}),
        ("a headline compares truly", {"text": TEXT.replace("More", "Fewer")}),
        ("columns agree with the text", {"reason_1_value": 6.0}),
        ("the direction is that of the numbers", {"reason_1_direction": "low"}),
        ("the month is the observation month", {"text": TEXT.replace("Dec", "Nov")}),
        ("no protected fact", {"meaning": {"needs": ["age"]}}),
        ("a stated fact is adverse", {"meaning": {"direction": -1}}),
        ("a code is shown as words", {"meaning": {"unit": "code"}}),
        ("a mark is not stated as a value", {"meaning": {"mark_of": "other"}}),
        ("a reason rests on evidence", {"evidence_debt_burden": "none"}),
        ("no trace of the program in a sentence", {"text": TEXT.replace("More", "nan more")}),
        ("a reason can be read", {"text": "Too many enquiries."}),
    ],
)  # fmt: skip
def test_a_false_reason_is_found(laws, law, changes):
    assert law in _broken(laws, **changes)


def test_a_card_that_accuses_or_repeats_its_reference_is_found(laws, tmp_path):
    def card(usual, words):
        path = tmp_path / "card.html"
        path.write_text(
            "<article><h2>1</h2><ol class=reasons><li>"
            "<span lang=en>Late. Days: 5 (reference 3).</span>"
            "<span lang=zh>逾期：天数5天，参考值3天</span></li></ol>"
            f"<table><tbody><tr><td><ul><li><span lang=en>Days: 5 ({usual})</span>"
            f"<span lang=zh>天数：5（{usual}）</span> <b>+1</b></li></ul></td></tr>"
            "</tbody></table>"
            f"<details class=wording><ul><li><span lang=en>{words}. Days: 5 (typically 3).</span>"
            "<span lang=zh>天数5天，通常为3天</span></li></ul></details></article>",
            encoding="utf-8",
        )
        found = laws.Findings()
        assert laws.check_cards(path, found) == 1
        return set(found.broken)

    assert card("3", "Payments reached us late") == set()
    assert card("5", "Payments reached us late") == {"a card's fact differs from its reference"}
    assert card("3", "You refused to pay") == {"nothing accuses a customer"}


@pytest.mark.parametrize(
    ("law", "en", "zh"),
    [
        ("each line carries the same numbers",
         "Contact is allowed 08:00-22:00.", "不在可以联系的时段内"),
        ("a Chinese line is in Chinese", "Source: our own design.",
         "依据：Design of this project"),
        ("", "T1 adds +0.2; 12 x CNY 5.00 (contact.hours, Asia/Shanghai).",
         "T1变动+0.2；12期 × CNY 5.00（contact.hours，Asia/Shanghai）"),
    ],
)  # fmt: skip
def test_a_line_of_a_card_is_read_in_both_languages(laws, tmp_path, law, en, zh):
    path = tmp_path / "card.html"
    path.write_text(
        f"<article><h2>1</h2><p><span lang=en>{en}</span><span lang=zh>{zh}</span></p></article>",
        encoding="utf-8",
    )
    found = laws.Findings()
    laws.check_cards(path, found)
    assert set(found.broken) == ({law} if law else set())
