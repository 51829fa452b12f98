import json
import re
from dataclasses import replace

import numpy as np
import pytest

from delinquency.features.feature_description import meanings_of
from delinquency.features.registered_features import FEATURES
from delinquency.policy.rule_groups import specifications
from delinquency.reasons.monthly_margin import MonthlyMargin
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.reason_options import ReasonOptions
from delinquency.reasons.reason_selection import select_reasons
from delinquency.reasons.reference_population import (
    Contributions,
    build_reference,
    in_reference,
    scale_of,
)
from delinquency.reasons.what_if import PAYMENT_SHARES, SPENDING_LEVELS, Scenario, WhatIf
from delinquency.reporting.card_facts import (
    BookFacts,
    CardAccounts,
    CardParts,
    Treatment,
    observed_rates,
)
from delinquency.reporting.card_pages import proposal_beside_what_if, render_cards, script_json
from delinquency.reporting.rule_words import RULES_ZH
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

EVIL = '</script><script>document.title="broken"</script><img src=x onerror=alert(1)>'
TRAIT_KEYS = tuple(TRAITS)
MEANINGS = meanings_of(FEATURES.values(), window_months=12)
BOOK = BookFacts(
    title="Hand-made accounts", real=False, outcome="two payments missed within 12 months",
    outcome_zh="12个月内逾期两期",
    n_accounts=1_000, model="LightGBM, run 1234", citation="Made for a test.",
)  # fmt: skip


def _facts_of_each_trait():
    return [
        name
        for key in TRAIT_KEYS
        for name in [f.name for f in FEATURES.values() if f.trait.key == key][:5]
    ]


def _accounts(n, ids=None, calibration="none"):
    rng = np.random.default_rng(7)
    facts = _facts_of_each_trait()
    features = np.round(np.abs(rng.normal(size=(n, len(facts)))), 2)
    fact_values = rng.normal(scale=0.3, size=(n, len(facts)))
    order = [TRAIT_KEYS.index(FEATURES[name].trait.key) for name in facts]
    trait_values = np.zeros((n, 6))
    np.add.at(trait_values.T, order, fact_values.T)
    pd_hat = 1 / (1 + np.exp(1.5 - trait_values.sum(axis=1)))
    reference = build_reference(
        trait_values, features, pd_hat, traits=TRAIT_KEYS, facts=facts,
        fact_values=fact_values[in_reference(pd_hat)].mean(axis=0),
    )  # fmt: skip
    context = ReasonContext(MEANINGS, reference, scale_of(calibration), ReasonOptions(), "CNY")
    top = np.argsort(-pd_hat)
    contributions = Contributions(trait_values[top], fact_values[top], features[top])
    evidence = np.tile(np.array([1, 3, 3, 2, 1, 1], np.int8), (n, 1))
    return CardAccounts(
        account_ids=ids or [f"C-{number:05d}" for number in range(n)],
        months=np.repeat(np.datetime64("2026-10"), n),
        pd_hat=pd_hat[top],
        contributions=contributions,
        evidence=evidence,
        reasons=select_reasons(contributions, evidence, context),
    )


def _what_if(excess):
    """Every point of the grid: the probability falls by 1 % with each step of payment."""
    grid = tuple(
        Scenario(p, c, 0, 0.1 - 0.01 * p, 100.0 * (p + 1), excess)
        for p in range(len(PAYMENT_SHARES))
        for c in range(len(SPENDING_LEVELS))
    )
    left = MonthlyMargin(640.0, 3, np.datetime64("2026-09"))
    return WhatIf("Paying more brings it under.", "多还即可。", grid, margin=left)


def _page(n=3, ids=None, parts=None, calibration="none"):
    parts = parts or CardParts({}, {})
    return render_cards(_accounts(n, ids, calibration), BOOK, parts)


def test_the_page_stands_alone():
    page = _page()
    assert not re.search(r'(src|href)="(?!#)', page)
    assert "http://" not in page and "https://" not in page
    assert "default-src 'none'" in page


def test_the_page_says_what_data_it_is_about():
    assert "SYNTHETIC ACCOUNTS, MADE BY A GENERATOR" in _page()
    assert page_of_real().count("REAL account") >= 1


def test_the_reference_is_told_in_observations_and_the_title_in_both_languages():
    """An account observed in three months is in the reference up to three times."""
    book = replace(BOOK, title_zh="手工账户", model_zh="LightGBM，运行1234")
    page = render_cards(_accounts(3), book, CardParts({}, {}))
    assert "observations (one an account and month)" in page
    assert "条观察记录（每账户每月一条）" in page
    assert "客户卡片：手工账户" in page and "模型：LightGBM，运行1234。" in page


def page_of_real():
    real = BookFacts("Card accounts", True, "default", "违约", 10, "LightGBM")
    return render_cards(_accounts(1), real, CardParts({}, {}))


def test_texts_from_data_cannot_break_out():
    page = _page(1, ids=[EVIL])
    assert "<img src=x" not in page
    assert page.count("</script>") == 4  # the page's own: two of data, two of code
    data = re.search(r'id="accounts">(.*?)</script>', page, re.S).group(1)
    assert json.loads(data)[0]["id"] == EVIL


def test_json_in_a_script_is_inert_and_unchanged():
    value = {"text": "<!-- </script> & \u2028 余额"}
    text = str(script_json(value))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value


def test_a_non_linear_calibration_shows_no_probability_axis():
    assert "Axis: the probability" in _page(calibration="none")
    page = _page(calibration="isotonic")
    assert "Axis: the probability" not in page
    assert "isotonic calibration is not linear" in page


def test_two_hundred_cards_stay_under_three_megabytes():
    accounts = _accounts(200)
    parts = CardParts(
        {one: _what_if((0.1,) * 6) for one in accounts.account_ids},
        {one: Treatment((("Friendly reminder", "提醒"),), (("Legal means", "法律手段"),))
         for one in accounts.account_ids},
        observed_rates(accounts.pd_hat, test_pd=accounts.pd_hat, test_bad=np.ones(200)),
    )  # fmt: skip
    assert len(render_cards(accounts, BOOK, parts).encode()) < 3_000_000


def test_observed_rates_come_from_as_many_test_accounts_below_as_above():
    test_pd = np.array([0.1, 0.2, 0.3, 0.8, 0.9])
    test_bad = np.array([0, 0, 0, 1, 0])
    low, high = observed_rates(
        np.array([0.15, 0.85]), test_pd=test_pd, test_bad=test_bad, neighbours=1
    )
    assert (low.n, low.rate) == (2, 0.0) and (high.n, high.rate) == (2, 0.5)
    # Wilson, 1 of 2: centre 0.5, half-width z sqrt(1/8 + z^2/16) / (1 + z^2/2)
    z = 1.959964
    half = z * np.sqrt(0.125 + z * z / 16) / (1 + z * z / 2)
    assert (high.low, high.high) == pytest.approx((0.5 - half, 0.5 + half))
    assert low.low == 0.0
    assert (low.from_pd, low.to_pd) == (0.1, 0.2)
    assert (low.mean_pd, high.mean_pd) == pytest.approx((0.15, 0.85))


def test_a_score_without_neighbours_on_both_sides_has_no_check():
    rng = np.random.default_rng(0)
    test_pd = np.sort(rng.random(1_000))
    test_bad = rng.random(1_000) < test_pd
    checks = observed_rates(np.array([0.999, 0.81, 0.35]), test_pd=test_pd, test_bad=test_bad)
    assert checks[0] is None
    assert checks[1].from_pd < 0.81 < checks[1].to_pd
    assert checks[2].from_pd < 0.35 < checks[2].to_pd
    assert checks[1] != checks[2] and checks[2].n == 400


def test_every_trait_and_its_evidence_is_on_every_card():
    page = _page(2)
    for trait in TRAITS.values():
        assert page.count(f'<th scope="row">{trait.number} <span lang=en>{trait.label}') == 2
    assert set(re.findall(r'badge (\w+)"', page)) <= set(EVIDENCE_LEVELS)


@pytest.mark.slow
def test_a_person_can_search_sort_and_open_cards(browser, tmp_path):
    accounts = _accounts(30, ids=[EVIL, *(f"C-{n:05d}" for n in range(1, 30))])
    parts = CardParts({one: _what_if((0.5,) * 6) for one in accounts.account_ids}, {})
    path = tmp_path / "index.html"
    book = replace(BOOK, currency="EUR")
    path.write_text(render_cards(accounts, book, parts), encoding="utf-8")
    browser.open(path)
    visible = "Array.from(document.querySelectorAll('article')).filter(a => !a.hidden)"
    title = f"{visible}.map(a => a.querySelector('h2').innerText).join('|')"
    assert browser.run("document.title") == "Case book: Hand-made accounts"
    assert browser.run(title) == f"Account {EVIL}"
    assert browser.run("window.scrollY") == 0, "the head must be seen first"

    browser.click("#list li:nth-child(3) button")
    assert browser.run(title) == "Account C-00002"
    browser.press("ArrowDown")
    assert browser.run(title) == "Account C-00003"
    assert browser.run("document.activeElement.getAttribute('aria-current')") == "true"

    browser.click("#search")
    browser.type("c-00017")
    assert browser.run(title) == "Account C-00017"
    assert browser.run("document.getElementById('count').textContent").startswith("1 of 30")
    browser.type(" nothing has this word")
    assert browser.run(title) == ""

    browser.run("document.getElementById('search').value = ''")
    browser.choose("#sort", "low")
    assert browser.run(title) == "Account C-00029"

    # The slider shows the point of the grid: 10 % less 1 % a step, three steps.
    browser.run(
        "(() => { const e = document.querySelector('article:nth-of-type(30) .payment');"
        "e.value = 3; e.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    after = "document.querySelector('article:nth-of-type(30) td.after').textContent"
    assert browser.run(after) == "+0.50"
    assert browser.run(
        "document.querySelector('article:nth-of-type(30) .after-pd').textContent"
    ).endswith("7.0%")
    amount = "document.querySelector('article:nth-of-type(30) .payment + output').textContent"
    assert browser.run(amount) == "50% of the balance each month (about EUR 400 a month)"

    browser.click("[data-language=zh]")
    assert browser.run(amount).endswith("（约每月EUR 400）")
    assert browser.run("document.documentElement.lang") == "zh"
    assert browser.run(title) == "账户 C-00029"
    assert browser.complaints() == []


@pytest.mark.slow
def test_the_page_prints(browser, tmp_path):
    path = tmp_path / "index.html"
    path.write_text(_page(3), encoding="utf-8")
    browser.open(path, "#card-2")
    assert browser.run("document.querySelector('article:not([hidden])').id") == "card-2"
    assert browser.pdf().count(b"/Type /Page\n") == 1
    browser.run("document.documentElement.classList.add('all-cards')")
    assert browser.pdf().count(b"/Type /Page\n") >= 3


@pytest.mark.slow
def test_a_phone_of_360_pixels_needs_no_sideways_scroll(browser, tmp_path):
    accounts = _accounts(3)
    parts = CardParts(
        {one: _what_if((0.5,) * 6) for one in accounts.account_ids},
        {one: Treatment((("Talk", "沟通"),), (("Legal step", "法律手段"),))
         for one in accounts.account_ids},
    )  # fmt: skip
    path = tmp_path / "index.html"
    path.write_text(render_cards(accounts, BOOK, parts), encoding="utf-8")
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1,
        mobile=True,
    )  # fmt: skip
    browser.open(path)
    for language in ("en", "zh", "both"):
        browser.click(f"[data-language={language}]")
        assert browser.run("document.documentElement.scrollWidth") == 360
        names = (
            "Array.from(document.querySelectorAll('input,select,button')).filter(e => !("
            "e.labels?.[0]?.innerText || e.innerText || e.ariaLabel).trim()).length"
        )
        assert browser.run(names) == 0, "every control has a name"
        assert browser.low_contrast() == []


def test_a_proposed_plan_stands_beside_the_budget_and_the_nearest_payment_tried():
    # Grid: 100, 200, ... 600 a month lead to 10 % less 1 % a step; 640 is left.
    told, told_zh = proposal_beside_what_if(
        Treatment((("Offer instalments", "分期"),), (), 350.0, fits=True),
        _what_if((0.1,) * 6),
        BOOK,
    )
    assert told.startswith("The proposed plan asks for 350.00 a month, which fits the budget it ")
    assert "符合拟定方案时的收支" in told_zh and "but is more" not in told
    assert "brings the model's estimate to 8.0% in 3 months" in told and "8.0%" in told_zh
    over, over_zh = proposal_beside_what_if(
        Treatment((("Offer instalments", "分期"),), (), 700.0, fits=True),
        _what_if((0.1,) * 6),
        BOOK,
    )
    assert "but is more than what is left after essentials up to Sep 2026: ask for the" in over
    assert "但超过截至2026年9月扣除必要支出后的结余：请先核实收支" in over_zh and "5.0%" in over
    assert proposal_beside_what_if(Treatment(()), _what_if((0.1,) * 6), BOOK) is None


def test_a_card_names_the_command_that_proposes_or_says_what_the_data_lack():
    none = render_cards(_accounts(1), BOOK, CardParts({}, {}))
    assert "a plan rests on monthly statements, and this data set has none" in none
    command = 'make treat ARGS="data=mine"'
    page = render_cards(_accounts(1), replace(BOOK, treat_command=command), CardParts({}, {}))
    assert "<code>make treat ARGS=&#34;data=mine&#34;</code>" in page and "has none" not in page


def test_an_account_without_a_proposal_is_not_sent_to_the_command_that_made_the_others():
    book = replace(BOOK, treat_command="make treat", proposed_from=0.2)
    accounts = _accounts(2)
    one = Treatment((("H2 Talk", "H2 沟通"),))
    page = render_cards(accounts, book, CardParts({}, {accounts.account_ids[0]: one}))
    assert page.count("proposals are made from a probability of 20% on") == 1
    assert "仅对概率达到20%或已逾期的账户提出建议" in page and "No proposal yet" not in page


def test_every_rule_that_can_refuse_has_chinese_words():
    asked = {k for k in specifications() if k.split(".")[0] in ("contact", "plan", "legal")}
    assert asked <= set(RULES_ZH)


def test_a_card_never_shows_a_fact_beside_the_same_value():
    accounts = _accounts(30)
    medians = accounts.reasons.context.reference.medians
    features = accounts.contributions.features.copy()
    features[:, ::2] = medians[::2]  # every other fact of every account reads like its reference
    alike = replace(accounts, contributions=replace(accounts.contributions, features=features))
    page = render_cards(alike, BOOK, CardParts({}, {}))
    facts = re.findall(r"<li><span lang=en>[^<]*: ([^:<]+) \(([^()<]+)\)</span>", page)
    assert len(facts) > 50
    assert [pair for pair in facts if pair[0] == pair[1]] == []


def test_what_holds_for_every_card_is_said_once():
    accounts = _accounts(20)
    refused = (("Legal step. Days past due before it. Rule legal.x", "法律手段：最少逾期天数"),)
    parts = CardParts(
        {one: _what_if((0.1,) * 6) for one in accounts.account_ids},
        {one: Treatment((("Talk", "沟通"),), refused) for one in accounts.account_ids},
    )
    page = render_cards(accounts, BOOK, parts)
    for words in ("Every change runs for", "red raises, blue lowers", "the proposal goes first",
                  "Days past due before it", "滑块显示模型", "最少逾期天数"):  # fmt: skip
        assert page.count(words) == 1
    assert page.count('<a href="#rule-1">') == 20 and page.count('id="rule-1"') == 1
