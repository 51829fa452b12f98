import re

from delinquency.reporting.run_page import RunFacts, run_page

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
        "figures": {"roc": b"png"},
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
    browser.click("[data-language=zh]")
    assert browser.run("document.querySelector('#result').innerText") == "结果"
    assert browser.complaints() == []
