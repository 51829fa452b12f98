import re

import pandas as pd

from delinquency.panel.outcomes import KEPT_BAD, KEPT_GOOD, REASONS
from delinquency.pipeline.prepared_features import limits
from delinquency.reporting.run_page import RunFacts, effect_svg, run_page
from delinquency.reporting.run_words import EXCLUSIONS_ZH, how_zh, limit_zh

EVIL = "</script><img src=x onerror=alert(1)>"


def _facts(**changes):
    estimate = {"value": 0.8, "low": 0.7, "high": 0.9}
    known = {
        "title": "Hand-made", "citation": EVIL, "real": False, "model": "LightGBM",
        "rows": {"train": 1_000, "test": 200},
        "evaluation": {
            "n": 200, "n_bad": 20, "how": "out of time", "interval": "95 %, bootstrap",
            "metrics": {"roc_auc": estimate, "ece": {"value": None, "low": None, "high": None}},
        },
        "figures": {"roc": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" />'},
        "coverage": {"credit_record": (40, 48)},
        "withheld": {"credit_record": {("stated as a reason", "已作为原因说明"): 12}},
        "links": [("cards/index.html", "Cards", "客户卡片")],
    }  # fmt: skip
    return RunFacts(**{**known, **changes})


def test_the_page_stands_alone_and_escapes_what_came_from_data():
    page = run_page(_facts())
    assert "http://" not in page and "https://" not in page
    assert "<img src=x" not in page
    assert set(re.findall(r'href="([^"]*)"', page)) == {"cards/index.html"}
    assert "SYNTHETIC ACCOUNTS" in page and "合成账户" in page


def test_a_figure_is_shown_with_its_interval_and_left_out_where_unknown():
    page = run_page(_facts())
    assert "0.800 <small>[0.700, 0.900]</small>" in page
    assert "Calibration error" not in page


def test_what_became_of_the_traits_is_counted():
    page = run_page(_facts())
    assert "stated as a reason" in page and "已作为原因说明" in page and ": 12" in page


def test_a_run_that_was_not_evaluated_says_so():
    page = run_page(_facts(evaluation={}, figures={}))
    assert "Not evaluated yet" in page


def test_a_phone_of_360_pixels_needs_no_sideways_scroll(browser, tmp_path):
    path = tmp_path / "index.html"
    path.write_text(run_page(_facts()), encoding="utf-8")
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1,
        mobile=True,
    )  # fmt: skip
    browser.open(path)
    assert browser.run("document.documentElement.scrollWidth") == 360
    assert browser.low_contrast() == []
    browser.run("document.querySelector('h2').style.color = '#999'")
    assert len(browser.low_contrast()) == 1, "a pale heading is found"
    browser.click("[data-language=zh]")
    assert browser.run("document.querySelector('#result').innerText") == "结果"
    assert browser.complaints() == []


def test_every_reason_for_leaving_rows_out_has_chinese_words():
    assert set(EXCLUSIONS_ZH) == {*REASONS, KEPT_GOOD, KEPT_BAD}
    assert how_zh("out of time, observed 2023-11 to 2023-12") == "时间外，观察月2023-11至2023-12"


def test_later_stages_add_effects_comparison_worth_and_audit():
    auc = {"mean": 0.81, "low": 0.79, "high": 0.83}
    lead = {"mean": -0.0123, "low": -0.02, "high": None}
    page = run_page(
        _facts(
            importance=[
                {"phrase": "Days late", "phrase_zh": "逾期天数", "trait": "credit_record",
                 "share": 0.4, "trait_share": 0.7, "effect": [-0.5, 0.0, 1.5]},
            ],
            comparison={"protocol": "2 folds", "model": {"roc_auc": auc},
                        "peers": {EVIL: {"roc_auc": {**auc, "difference": lead}}}, "variants": {}},
            worth={"how": "out of time", "n": 5, "n_bad": 1, "sets": [
                {"name": "statements", "n_features": 3, "roc_auc": auc}]},
            audit={"n_accounts": 60, "explanations": {"exact traits": {"score": {
                "top_hit": {"value": 0.5, "low": 0.4, "high": 0.6}}}}},
        )
    )  # fmt: skip
    assert "<img src=x" not in page
    assert ": 70.0%" in page and "40.0%" in page
    assert "-0.50 … +1.50" in page and "-0.0123" in page
    assert "0.50 <small>[0.40, 0.60]</small>" in page
    for title in ("Beside its peers", "What each table is worth", "known causes"):
        assert title in page


def test_an_effect_is_drawn_from_low_values_to_high_with_risk_upward():
    heights = re.findall(r"[ML][\d.]+ ([\d.]+)H", str(effect_svg([-1.0, 0.0, 1.0])))
    # The first path is the line of 0 in the middle of the 28 pixels, then the three bins.
    assert [float(one) for one in heights] == [14.0, 26.0, 14.0, 2.0]
    assert effect_svg([]) == ""


def test_what_data_cannot_support_is_said_in_chinese_too():
    months = pd.DataFrame({"observation_month": pd.to_datetime(["2024-03"] * 3), "bad": [0, 1, 0]})
    by_trait = {"credit_record": 2, "debt_burden": 0, "spending_behavior": 0}
    found = limits(months, {"dated": True}, by_trait, ["statements"])
    told = {key: limit_zh(why) for key, why in found.items()}
    assert len(told) == 5 and all(not re.search("[A-Za-z]{3}", why) for why in told.values())
    assert "2024-03" in told["drift"] and "负债状况、消费行为" in told["traits"]
    assert limit_zh("Something new.") == "Something new."
