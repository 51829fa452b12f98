"""The checks: what they call red, what they let pass, and figures recomputed another way."""

import json
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import beta, kendalltau, ks_2samp, norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from delinquency.config import load
from delinquency.log_odds import probability
from delinquency.metrics import level_p_value
from delinquency.reporting.validation_document import passed_beyond
from delinquency.stages.validate import recalibration
from delinquency.validation import fairness_checks
from delinquency.validation.check_record import AMBER, NOT_APPLICABLE, PASS, RED, judge
from delinquency.validation.explanation_checks import by_definition, kendall_tau
from delinquency.validation.fairness_checks import flagged, group_columns, group_table
from delinquency.validation.leakage_checks import feature_areas
from delinquency.validation.planted_faults import FAULTS, SEEN_AGAIN, WITHOUT_DOCUMENTS
from delinquency.validation.registered_checks import all_checks, run_checks
from delinquency.validation.simulated_evidence import (
    COEFFICIENTS,
    NAMES,
    WHOLE_PAPERS,
    linear_score,
    right_evidence,
    trait_values,
)
from delinquency.validation.stability_checks import relative_spread
from delinquency.validation.validation_options import Documents, Threshold, shown


@pytest.fixture(scope="module")
def options():
    return replace(load(["validation.n_boot=40"]).validation, documents=WHOLE_PAPERS)


@pytest.fixture(scope="module")
def evidence():
    return right_evidence(7)


@pytest.fixture(scope="module")
def items(evidence, options):
    return {one.check.number: one for one in run_checks(evidence, options)}


def found(evidence, options, number):
    (item,) = run_checks(evidence, options, numbers=(number,))
    return item.finding


def test_there_are_forty_items_each_with_source_limit_and_advice(options):
    checks = all_checks()
    assert [one.number for one in checks] == list(range(1, 41))
    for one in checks:
        assert one.source
        assert one.what_to_do
        assert options.threshold(one.needs)


def test_a_right_model_is_red_nowhere(items):
    assert {n: i.finding.state for n, i in items.items() if i.finding.state == RED} == {}
    assert items[29].finding.state == NOT_APPLICABLE
    assert "two observation months" in items[29].finding.why


@pytest.mark.parametrize("name", list(FAULTS))
def test_a_planted_fault_turns_its_item_red_or_amber_where_it_knows_no_red(
    evidence, options, name
):
    fault = FAULTS[name]
    if fault.caught_by in SEEN_AGAIN:
        evidence = SEEN_AGAIN[fault.caught_by](evidence, np.random.default_rng(4))
        assert found(evidence, options, fault.caught_by).state == PASS
    planted = fault.plant(evidence, np.random.default_rng(3))
    chosen = replace(options, documents=Documents()) if name in WITHOUT_DOCUMENTS else options
    assert found(planted, chosen, fault.caught_by).state == fault.state


def test_every_item_has_a_planted_fault():
    assert {one.caught_by for one in FAULTS.values()} == set(range(1, 41))


def test_every_item_is_written_as_json(items):
    plain = json.loads(json.dumps([one.to_dict() for one in items.values()], allow_nan=False))
    keys = {
        "number",
        "item",
        "figure",
        "low",
        "high",
        "threshold",
        "state",
        "source",
        "what_to_do",
    }
    assert all(keys <= set(one) for one in plain)


# --- a limit, an interval, and what is shown of them


def test_red_needs_the_whole_interval_beyond_the_limit():
    limit = Threshold(least=0.9, most=1.1)
    assert judge(0.80, limit, "", low=0.75, high=0.85).state == RED
    assert judge(0.80, limit, "", low=0.70, high=0.95).state == AMBER
    accepted = judge(1.00, limit, "", low=0.95, high=1.40)
    assert accepted.state == PASS and "interval reaches beyond the limit" in accepted.why
    # Both ends beyond, but not beyond the same end: too little is known for a pass.
    assert judge(1.00, limit, "", low=0.50, high=1.50).state == AMBER


def test_the_amber_band_lies_inside_the_limit():
    limit = Threshold(most=0.25, watch_most=0.10)
    assert [judge(x, limit, "").state for x in (0.10, 0.11, 0.25, 0.26)] == [
        PASS, AMBER, AMBER, RED,
    ]  # fmt: skip


def test_the_words_of_amber_do_not_speak_of_a_limit_that_is_not_there():
    open_ended = judge(0.4, Threshold(watch_most=0.1, unit="share"), "")
    assert open_ended.state == AMBER
    assert "No limit is set" in open_ended.why and "Inside the limit" not in open_ended.why
    inside = judge(0.75, Threshold(least=0.0, watch_least=1.0), "")
    assert "Inside the limit, but beyond the mark" in inside.why


def test_a_figure_that_is_not_defined_does_not_pass():
    assert judge(float("nan"), Threshold(most=1), "").state == NOT_APPLICABLE


@given(
    value=st.floats(0, 2, allow_nan=False),
    limit=st.sampled_from([0.05, 0.1, 0.25, 0.6, 0.75, 0.9, 1.1]),
    unit=st.sampled_from(["number", "share"]),
)
def test_no_figure_is_rounded_across_its_limit(value, limit, unit):
    text = shown(value, Threshold(most=limit, unit=unit))
    back = float(text.removesuffix(" %").replace(",", "")) / (100 if unit == "share" else 1)
    if abs(value - limit) > 1e-14:
        assert (back > limit) == (value > limit)
        assert (back < limit) == (value < limit)


# --- figures another way


def test_ks_is_scipys_two_sample_statistic(evidence, items):
    rows = evidence.test
    by_scipy = ks_2samp(rows.pd_hat[rows.bad == 1], rows.pd_hat[rows.bad == 0]).statistic
    assert items[15].finding.figure == pytest.approx(by_scipy)


def test_ks_with_ties_is_scipys_too(evidence, options):
    rows = evidence.test
    coarse = np.maximum(rows.pd_hat.round(2), 0.005)
    one = found(replace(evidence, test=replace(rows, pd_hat=coarse)), options, 15)
    assert len(np.unique(coarse)) < 100
    by_scipy = ks_2samp(coarse[rows.bad == 1], coarse[rows.bad == 0]).statistic
    assert one.figure == pytest.approx(by_scipy)


def test_auc_and_gini_are_scikit_learns(evidence, items):
    area = roc_auc_score(evidence.test.bad, evidence.test.pd_hat)
    assert items[14].finding.figure == pytest.approx(area)
    assert f"Gini {2 * area - 1:.4f}" in items[14].finding.why


def test_the_error_of_an_area_that_knows_nothing_is_that_of_drawn_scores():
    from delinquency.validation.leakage_checks import null_error

    rng = np.random.default_rng(8)
    bad = np.repeat([1.0, 0.0], [30, 170])
    areas = [roc_auc_score(bad, rng.random(200)) for _ in range(1500)]
    assert null_error(bad) == pytest.approx(np.std(areas), rel=0.06)


def test_inflation_factors_are_those_of_regressions_on_the_others(evidence, options):
    X = evidence.train.X.copy()
    X[NAMES[1]] = X[NAMES[0]] + X[NAMES[5]] + X[NAMES[1]]
    few = replace(evidence, train=replace(evidence.train, X=X))
    table = found(few, options, 13).tables["Inflation factors"].set_index("feature")
    ranks = X.rank().to_numpy()
    ranks = (ranks - ranks.mean(axis=0)) / ranks.std(axis=0)
    for k in (0, 1, 5):
        others = np.delete(ranks, k, axis=1)
        left = ranks[:, k] - others @ np.linalg.lstsq(others, ranks[:, k], rcond=None)[0]
        assert table.loc[NAMES[k], "inflation"] == pytest.approx(1 / left.var(), rel=1e-3)


def test_the_margin_of_conservatism_by_drawing_the_bads(evidence, options):
    rows = evidence.test
    raised = replace(rows, pd_hat=probability(rows.raw_score + 0.2))  # level above what was seen
    one = found(replace(evidence, test=raised), options, 26)
    rng = np.random.default_rng(2)
    drawn = [(rng.random(len(rows)) < raised.pd_hat).sum() for _ in range(2000)]
    ratio = rows.bad.sum() / raised.pd_hat.sum()
    spread = np.std(drawn) / raised.pd_hat.sum()
    assert one.figure == pytest.approx(max(0.0, ratio - 1) + 1.645 * spread, rel=0.05)


def test_what_an_absent_table_costs_by_hand(evidence, items):
    rows, loss = evidence.test, {}
    for table, names in evidence.tables.items():
        weights = np.where(np.isin(NAMES, names), 0.0, COEFFICIENTS)  # missing: the mean, 0
        without = roc_auc_score(rows.bad, rows.X[list(NAMES)].to_numpy() @ weights)
        loss[table] = roc_auc_score(rows.bad, rows.pd_hat) - without
    assert items[32].finding.figure == pytest.approx(max(loss.values()))
    assert f"Without {max(loss, key=loss.get)}" in items[32].finding.why


def test_a_shock_of_one_trait_by_hand(evidence, items):
    table = items[30].finding.tables["Shocks"]
    rows = np.random.default_rng(evidence.seed).choice(len(evidence.test), 5_000, replace=False)
    X = evidence.test.X.iloc[rows][list(NAMES)].to_numpy()
    step = np.zeros_like(X)
    step[:, :2] = 0.10 * np.maximum(np.abs(X[:, :2]), X[:, :2].std(axis=0))
    after = probability(-2.9 + (X + step) @ COEFFICIENTS).mean()
    assert table.iloc[0]["mean PD"] == pytest.approx(after)


def test_intervals_of_ratios_and_gaps_between_groups_cover_as_often_as_they_say(options):
    """Groups that are alike, drawn anew: hardly any corrected interval misses 1 or 0."""
    from types import SimpleNamespace

    rng = np.random.default_rng(12)
    missed = np.zeros(3)
    for _ in range(150):
        pd_hat = rng.uniform(0.01, 0.5, 1200)
        rows = SimpleNamespace(bad=(rng.random(1200) < pd_hat).astype(float), pd_hat=pd_hat)
        groups = pd.DataFrame({"sex": rng.choice(["f", "m"], 1200)})
        table = group_table(SimpleNamespace(test=rows, protected=groups), options)
        missed += [
            (table["ratio_high"] < 1).any(),
            ((table["tpr_gap_low"] > 0) | (table["tpr_gap_high"] < 0)).any(),
            ((table["level_low"] > 1) | (table["level_high"] < 1)).any(),
        ]
        assert (table["level_low"] >= 0).all()  # no ratio of counts is negative
    assert (missed <= 12).all()


def test_the_slope_is_that_of_a_logistic_regression_on_the_log_odds(evidence, items):
    rows = evidence.test
    line = LogisticRegression(C=np.inf, tol=1e-10).fit(rows.raw_score[:, None], rows.bad)
    assert items[21].finding.figure == pytest.approx(line.coef_[0, 0], abs=1e-4)


def test_lift_at_capacity_by_hand(evidence, options, items):
    rows = evidence.test
    first = sorted(zip(-rows.pd_hat, rows.bad, strict=True))[: len(rows) // 10]
    precision = np.mean([bad for _, bad in first])
    assert items[16].finding.figure == pytest.approx(precision / rows.bad.mean())
    k, n = precision * len(first), len(first)
    low = beta.ppf(0.025, k + 0.5, n - k + 0.5) / rows.bad.mean()
    assert items[16].finding.low == pytest.approx(low)


def test_single_feature_areas_are_scikit_learns(evidence):
    from sklearn.metrics import roc_auc_score

    rows = evidence.test
    X = rows.X[list(NAMES[:3])].copy()
    X.iloc[::7, 1] = np.nan
    areas = feature_areas(X, rows.bad)
    filled = [X.iloc[:, 1].fillna(fill) for fill in (1e9, -1e9)]
    expected = max(max(a, 1 - a) for a in (roc_auc_score(rows.bad, f) for f in filled))
    assert areas.iloc[1] == pytest.approx(expected)
    assert areas.iloc[0] == pytest.approx(roc_auc_score(rows.bad, X.iloc[:, 0]))


def test_group_rates_are_fairlearns(evidence, options):
    from fairlearn.metrics import (
        MetricFrame,
        false_positive_rate,
        selection_rate,
        true_positive_rate,
    )

    rows = evidence.test
    flag = flagged(rows.pd_hat, options.capacity)
    frame = MetricFrame(
        metrics={"tpr": true_positive_rate, "fpr": false_positive_rate, "rate": selection_rate},
        y_true=rows.bad, y_pred=flag, sensitive_features=evidence.protected["sex"],
    ).by_group  # fmt: skip
    own = group_table(evidence, options)
    own = own[own["attribute"] == "sex"].set_index("group")
    for group in ("female", "male"):
        for name in ("tpr", "fpr"):
            assert own.loc[group, name] == pytest.approx(frame.loc[group, name])
        assert own.loc[group, "favourable"] == pytest.approx(1 - frame.loc[group, "rate"])
    ratio = (1 - frame["rate"]).min() / (1 - frame["rate"]).max()
    assert own["ratio"].min() == pytest.approx(ratio)


def test_ages_are_groups_of_ten_years(evidence):
    groups = group_columns(evidence.protected)["age"]
    assert groups[evidence.protected["age"] == 25].unique().tolist() == ["25 to 34"]
    assert groups[evidence.protected["age"] == 24].unique().tolist() == ["below 25"]


def test_values_by_definition_are_those_of_a_linear_score(evidence):
    rows, back = evidence.test.X.iloc[:3], evidence.train.X.iloc[:50]
    groups = [list(NAMES[k : k + 2]) for k in range(0, 12, 2)]
    phi, _ = by_definition(linear_score, rows, back, groups)
    centred = rows - back.mean()
    assert phi == pytest.approx(trait_values(centred, COEFFICIENTS))


def test_the_spread_over_refits_finds_the_spread_that_was_drawn():
    rng = np.random.default_rng(4)
    true = 0.12
    pd_hat = 0.1 * (1 + true * rng.normal(size=(6, 4000)))
    # Halves: r / (n - r) is 1, so the spread between them is the model's own.
    assert relative_spread(pd_hat, rows=500, fitted_rows=1000) == pytest.approx(true, rel=0.08)
    # A third of the rows: half the variance.
    third = relative_spread(pd_hat, rows=1000, fitted_rows=3000)
    assert third == pytest.approx(true / np.sqrt(2), rel=0.08)


def shifted(evidence, shift):
    raw = evidence.test.raw_score + shift
    return replace(evidence, test=replace(evidence.test, raw_score=raw, pd_hat=probability(raw)))


def test_a_level_inside_the_limit_that_chance_hardly_gives_is_amber_and_told(evidence, options):
    def z(shift):
        rows = shifted(evidence, shift).test
        spread = np.sqrt((rows.pd_hat * (1 - rows.pd_hat)).sum())
        return (rows.bad.sum() - rows.pd_hat.sum()) / spread

    # Scores lowered until more bads are seen than expected, by so many standard errors.
    sure, less = (brentq(lambda shift, far=far: z(shift) - far, -1, 1) for far in (2.9, 2.4))
    options = replace(options, n_boot=400)
    one = found(shifted(evidence, sure), options, 20)
    assert one.low > 1 and one.figure < 1.1
    assert one.state == AMBER
    # Two-sided normal tail beyond 2.9, from the tables: 0.37 %.
    assert "excludes 1" in one.why and "0.37%" in one.why
    # One right model in sixty looks like this: it is told, and the light stays.
    other = found(shifted(evidence, less), options, 20)
    assert other.low > 1 and other.state == PASS and "excludes 1" in other.why
    # 1.64 %, from the tables.
    assert "1.64%" in other.why


def test_rows_of_one_person_count_once_in_the_chance_of_the_level():
    bad, pd_hat = np.repeat([1.0, 0.0], [5, 5]), np.full(10, 0.2)
    # (5 - 2) / sqrt(10 x 0.16), by hand.
    alone = 2 * norm.sf(3 / np.sqrt(1.6))
    assert level_p_value(bad, pd_hat) == pytest.approx(alone)
    # The five bad rows are one person's, the good ones one person's each: the squares of what was
    # missed are 4^2 + 5 x 0.2^2 = 16.2 by person, 5 x 0.8^2 + 5 x 0.2^2 = 3.4 by row.
    groups = ["a"] * 5 + list("bcdef")
    together = 2 * norm.sf(3 / np.sqrt(1.6 * 16.2 / 3.4))
    assert level_p_value(bad, pd_hat, groups=groups) == pytest.approx(together)
    mixed = np.random.default_rng(0).permutation(10)
    ragged = pd_hat + np.linspace(0, 0.1, 10)
    assert level_p_value(bad[mixed], ragged[mixed], groups=np.array(groups)[mixed]) == (
        pytest.approx(level_p_value(bad, ragged, groups=groups))
    )
    # Nobody of 40 is bad where 2.4 were expected: the PDs themselves say how far chance goes.
    none = 2 * norm.sf(2.4 / np.sqrt(40 * 0.06 * 0.94))
    assert level_p_value(np.zeros(40), np.full(40, 0.06), groups=range(40)) == pytest.approx(none)


def test_a_margin_beyond_the_mark_by_bads_that_chance_gives_is_no_amber(evidence, options):
    def margin(shift):
        rows = shifted(evidence, shift).test
        spread = 1.645 * np.sqrt((rows.pd_hat * (1 - rows.pd_hat)).sum()) / rows.pd_hat.sum()
        return max(0.0, rows.bad.sum() / rows.pd_hat.sum() - 1) + spread

    by_chance, more = (
        brentq(lambda shift, to=to: margin(shift) - to, -0.5, -0.001) for to in (0.1005, 0.13)
    )
    one = found(shifted(evidence, by_chance), options, 26)
    assert one.figure > 0.10 and one.state == PASS and "chance alone" in one.why
    assert found(shifted(evidence, more), options, 26).state == AMBER


def test_rows_of_a_single_person_have_no_interval_and_no_red(evidence, options):
    rows = evidence.test
    raw = rows.raw_score + 1.0
    moved = replace(rows, raw_score=raw, pd_hat=probability(raw), groups=np.full(len(rows), "one"))
    for number in (14, 15, 16, 19, 20, 21):
        one = found(replace(evidence, test=moved), options, number)
        assert one.state != RED
        assert "nan" not in one.why
        if number in (15, 20):
            assert (one.low, one.high) == (None, None)
    level = found(replace(evidence, test=moved), options, 20)
    assert level.state == AMBER and "not known" in level.why


def test_without_bads_nothing_breaks(evidence, options):
    none = replace(evidence, test=replace(evidence.test, bad=np.zeros(len(evidence.test))))
    states = {i.check.number: i.finding.state for i in run_checks(none, options)}
    for number in (10, 14, 15, 16, 17, 18, 19, 21):
        assert states[number] == NOT_APPLICABLE


def test_one_score_for_all_is_told_and_the_order_of_the_file_decides_nothing(evidence, options):
    """Bads first in the file: cutting within equal scores would find a lift that is not there."""
    test = evidence.test
    same = np.full(len(test), -2.2)
    bad = np.sort(test.bad)[::-1]
    moved = replace(test, bad=bad, raw_score=same, pd_hat=probability(same))
    chosen = replace(evidence, test=moved)
    assert found(chosen, options, 16).figure == pytest.approx(1.0)
    told = {number: found(chosen, options, number) for number in (17, 21, 33)}
    assert {one.state for one in told.values()} == {NOT_APPLICABLE}
    assert "same score" in told[17].why and "same score" in told[21].why
    assert "nan" not in " ".join(one.why for one in told.values())


def test_no_bads_where_a_handful_was_expected_is_not_called_red(evidence, options):
    """Nobody of 40 is bad where 2.4 were expected: that happens in one case of eleven."""
    test = evidence.test
    few = np.flatnonzero(test.pd_hat < 0.1)[:40]
    pd_hat = np.full(40, 0.06)
    rows = replace(test, X=test.X.iloc[few], bad=np.zeros(40), pd_hat=pd_hat,
                   raw_score=np.log(pd_hat / (1 - pd_hat)), groups=test.groups[few])  # fmt: skip
    one = found(replace(evidence, test=rows), options, 20)
    assert one.state == AMBER
    # 1 - 0.025^(1/40), by hand, over 0.06.
    assert one.high == pytest.approx((1 - 0.025 ** (1 / 40)) / 0.06)


def test_undated_rows_have_no_years_of_outcomes_and_an_outcome_that_came_has_no_window(
    evidence, options
):
    undated = [replace(p, months=np.full(len(p), np.datetime64("NaT"), "M8[M]"))
               for p in (evidence.train, evidence.test)]  # fmt: skip
    came = replace(evidence, train=undated[0], test=undated[1], performance_months=None)
    assert found(came, options, 25).state == NOT_APPLICABLE
    window = found(came, options, 4)
    assert (window.state, window.figure) == (AMBER, None)


def test_a_grade_of_two_accounts_is_not_red_by_one_bad(evidence, options):
    """One bad of two at a PD of 5 %: one case of ten, which Jeffreys' mass calls one of fifty."""
    pd_hat = np.array([0.05, 0.05])
    rows = replace(evidence.test, bad=np.array([1.0, 0.0]), pd_hat=pd_hat)
    one = found(replace(evidence, test=rows), options, 24)
    assert one.figure < 0.05
    assert one.state == AMBER and "does not bear it out" in one.why


def test_a_pd_that_is_too_high_is_told_by_the_figure_that_says_so(evidence, options):
    bad = np.repeat([1.0, 0.0], [20, 1980])
    rows = replace(evidence.test, bad=bad, pd_hat=np.full(2000, 0.05))
    one = found(replace(evidence, test=rows), options, 24)
    # Mass of Jeffreys' posterior above the PD, by scipy.
    # Of one grade and two directions: twice.
    assert one.figure == pytest.approx(2 * beta.sf(0.05, 20.5, 1980.5), rel=1e-6)
    assert one.state == AMBER and "a PD is too high" in one.why


def test_a_small_test_part_has_no_published_rates_but_few_values(evidence):
    from delinquency.validation.feature_movement import of_the_calendar

    rng = np.random.default_rng(3)
    before = rng.normal(size=500)
    assert not of_the_calendar(before, rng.normal(size=30))
    assert of_the_calendar(before, np.repeat([4.31, 4.52], 15))


def test_whole_numbers_do_not_tremble(evidence):
    from delinquency.validation.explanation_checks import _under_noise

    counts = evidence.test.X.round()
    jumping = replace(evidence, test=replace(evidence.test, X=counts),
                      explain=lambda X: 5.0 * (X.to_numpy() > 0).astype(float))  # fmt: skip
    assert _under_noise(jumping, np.arange(100)) == 0


def test_decisions_by_people_that_cannot_be_read_are_refused(tmp_path):
    from delinquency.errors import ChoiceError
    from delinquency.pipeline.validation_evidence import _overrides

    with pytest.raises(ChoiceError, match="does not exist"):
        _overrides(str(tmp_path / "no.csv"))
    (tmp_path / "decisions.csv").write_text("account_id,decided\n1,help\n")
    with pytest.raises(ChoiceError, match="lacks proposed; it has account_id, decided"):
        _overrides(str(tmp_path / "decisions.csv"))


# --- the documents


@pytest.fixture(scope="module")
def record(items, evidence, options):
    from delinquency.reporting.validation_document import validation_record

    return validation_record(
        list(items.values()), evidence, options, model={"trees": 12},
        comments={20: "<b>seen</b> & noted"},
    )  # fmt: skip


def test_the_page_is_self_contained_small_and_escapes_what_people_write(record, evidence):
    from delinquency.reporting.validation_document import pictures, validation_page

    page = validation_page(record, pictures(evidence))
    assert len(page) < 2_000_000
    assert "http://" not in page
    assert "https://" not in page
    assert "&lt;b&gt;seen&lt;/b&gt; &amp; noted" in page
    for one in record["items"]:
        assert f'id="item-{one["number"]}"' in page


def test_the_word_file_opens_says_the_same_and_is_the_same_bytes_again(record, evidence):
    import io

    from docx import Document

    from delinquency.reporting.validation_document import pictures
    from delinquency.reporting.validation_word import validation_word

    drawn = pictures(evidence)
    first = validation_word(record, drawn)
    assert first == validation_word(record, drawn)
    document = Document(io.BytesIO(first))
    cells = [c.text for row in document.tables[0].rows for c in row.cells]
    for one in record["items"]:
        assert one["item"] in cells
        assert one["shown"] in cells
    assert any("<b>seen</b> & noted" in p.text for p in document.paragraphs)
    page = document.sections[0]
    between = page.page_width - page.left_margin - page.right_margin
    assert sum(c.width for c in document.tables[0].columns) <= between
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert len(headings) == len(set(headings))


def test_items_that_pass_beyond_their_mark_are_named_at_the_top():
    limits = asdict(Threshold(most=0.05, watch_most=0.02, unit="share"))
    items = [
        {"number": n, "state": state, "figure": figure, "limits": limits}
        for n, state, figure in
        ((23, PASS, 0.06), (24, AMBER, 0.06), (26, PASS, 0.03), (27, PASS, 0.01), (29, PASS, None))
    ]  # fmt: skip
    assert passed_beyond(items).startswith("Items 23 and 26 pass although")
    assert passed_beyond(items[:1]).startswith("Item 23 passes although")
    assert passed_beyond(items[3:]) == ""


def test_one_month_is_no_plural():
    assert Threshold(least=1, watch_least=12, unit="months").in_words() == (
        "at least 1 month; amber below 12 months"
    )


def test_card_and_development_document_take_every_figure_from_the_record(record):
    from delinquency.reporting.model_card import model_papers

    papers = model_papers(record)
    by_number = {one["number"]: one for one in record["items"]}
    for number in (14, 20, 33):
        assert by_number[number]["shown"] in papers["model_card.md"]
        assert by_number[number]["why"].split()[0] in papers["development.md"]
    assert "Annex IV" in papers["development.md"]


def test_comments_survive_and_a_wrong_file_is_refused(tmp_path):
    from delinquency.errors import ChoiceError
    from delinquency.stages.validate import read_comments

    path = tmp_path / "validation_comments.yaml"
    assert read_comments(path) == {}
    path.write_text("20: Recalibrated on the first of May.\n")
    assert read_comments(path) == {20: "Recalibrated on the first of May."}
    assert path.read_text() == "20: Recalibrated on the first of May.\n"
    path.write_text("41: no such item\n")
    with pytest.raises(ChoiceError, match="1 to 40"):
        read_comments(path)


def test_the_gap_that_makes_the_light_red_is_the_gap_that_is_shown(evidence, options, monkeypatch):
    """A small group's wide interval is not shown where a large group's gap is the sure one."""
    rows = [("age", "65 and more", 0.17, -0.03, 0.37), ("sex", "female", 0.09, 0.07, 0.11)]
    table = pd.DataFrame(
        [
            {"attribute": a, "group": g, "tpr_gap": gap, "tpr_gap_low": low, "tpr_gap_high": high,
             "fpr_gap": 0.0, "fpr_gap_low": -0.01, "fpr_gap_high": 0.01,
             "level": 1.0, "level_low": 0.9, "level_high": 1.1}
            for a, g, gap, low, high in rows
        ]
    )  # fmt: skip
    monkeypatch.setattr(fairness_checks, "group_table", lambda *_: table)
    one = found(evidence, options, 34)
    assert (one.figure, one.low, one.high, one.state) == (0.09, 0.07, 0.11, RED)
    assert "TPR of sex female, 0.0900" in one.why and "65 and more, 0.1700" in one.why


@pytest.mark.parametrize(
    ("low", "state", "words"),
    [(-0.02, PASS, "one of 0.26 is not excluded"), (0.01, AMBER, "0.1200"), (0.06, RED, "0.1200")],
)
def test_a_gap_that_may_be_none_at_all_is_no_amber_and_its_reach_is_told(
    evidence, options, monkeypatch, low, state, words
):
    """Groups of a hundred bads differ by more than the limit nearly always, all alike."""
    table = pd.DataFrame(
        [{"attribute": "age", "group": "below 25", "tpr_gap": 0.12, "tpr_gap_low": low,
          "tpr_gap_high": 0.26, "fpr_gap": 0.0, "fpr_gap_low": -0.01, "fpr_gap_high": 0.01,
          "level": 1.3, "level_low": 0.9, "level_high": 1.7}]
    )  # fmt: skip
    monkeypatch.setattr(fairness_checks, "group_table", lambda *_: table)
    one = found(evidence, options, 34)
    assert one.state == state and words in one.why
    assert "(limit: 0.8 to 1.25; pass)" in one.why


def test_the_definition_of_bad_is_looked_at_by_the_days_that_the_lender_has_chosen(
    evidence, options
):
    worse = pd.DataFrame(
        {"days_past_due": [30.0, 60.0], "accounts": [900, 400], "never_recover": [0.2, 0.8]}
    )
    panel = replace(evidence.panel, worse_later=worse)
    assert found(replace(evidence, panel=panel), options, 2).state == PASS
    by_30 = found(replace(evidence, panel=replace(panel, mark=30.0)), options, 2)
    assert by_30.state == RED and "900 accounts that reached 30 days" in by_30.why
    by_90 = found(replace(evidence, panel=replace(panel, mark=90.0)), options, 2)
    assert by_90.state == NOT_APPLICABLE and "90 days" in by_90.why


def test_a_second_figure_that_makes_the_light_red_is_named_with_its_limit(evidence, options):
    fallen = replace(evidence.refits, auc_left_out=evidence.refits.auc_test + 0.08)
    why = found(replace(evidence, refits=fallen), options, 14).why
    assert "less on the test: +0.0800" in why and "(limit: at most 0.03; red)" in why


def test_the_movement_that_is_judged_is_the_movement_that_is_shown(options):
    from delinquency.validation.feature_movement import _moved

    records = [{"feature": "by chance", "psi": 0.4, "p corrected": 0.3},
               {"feature": "sure", "psi": 0.15, "p corrected": 0.001}]  # fmt: skip
    one = _moved(records, options, threshold="csi", words="features")
    assert (one.figure, one.state) == (0.15, AMBER) and "sure, 0.1500" in one.why


def test_grades_that_move_have_the_interval_of_a_share(evidence, options):
    from delinquency.validation.simulated_evidence import seen_again

    again = seen_again(evidence, np.random.default_rng(4))
    one = found(again, options, 29)
    bounds = [0, *options.master_scale]
    then, now = (pd.cut(r.pd_hat, bounds, labels=False) for r in (again.train, again.test))
    far = int((np.abs(now - then) >= 3).sum())
    assert one.figure == pytest.approx(far / len(now))
    assert one.low == pytest.approx(beta.ppf(0.025, far + 0.5, len(now) - far + 0.5))


def test_a_published_rate_that_moved_is_told_and_is_no_drift_of_the_accounts(evidence, options):
    """Its values may have been seen before: what it is made of says that it is one figure."""
    name = NAMES[0]
    moved = replace(evidence.test, X=evidence.test.X.assign(**{name: 2.0}))
    meaning = replace(evidence.meanings[name], needs=("regional_unemployment",))
    drifted = replace(evidence, test=moved)
    assert found(drifted, options, 28).state == RED
    published = replace(drifted, meanings={**evidence.meanings, name: meaning})
    told = found(published, options, 28)
    assert told.state == PASS and name in told.why


def test_feature_values_far_from_shaps_make_the_accuracy_red(evidence, options):
    assert found(replace(evidence, shap_gap=(1e-7, 20, 100)), options, 35).state == PASS
    assert found(replace(evidence, shap_gap=(1e-2, 20, 100)), options, 35).state == RED
    told = found(replace(evidence, shap_cannot="categorical splits"), options, 35)
    assert told.state == PASS and "categorical splits" in told.why


def test_kendalls_tau_is_scipys_ties_too():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 4, (2, 300, 6)).astype(float)
    expected = [kendalltau(a, b).statistic for a, b in zip(first, second, strict=True)]
    assert np.allclose(kendall_tau(first, second), np.nan_to_num(expected))


def test_where_rows_are_many_challengers_are_compared_with_the_recipe_on_their_own_rows(
    evidence, options
):
    """The truth is ahead of a blunted fit of the same rows, however good the model itself is."""
    raw = evidence.test.raw_score
    blunt = probability(raw + np.random.default_rng(1).normal(0, 1, len(raw)))
    changed = replace(evidence, compared=(blunt, 5_000),
                      challengers={"The model": evidence.test.pd_hat})  # fmt: skip
    (item,) = run_checks(changed, options, numbers=(19,))
    gap = roc_auc_score(evidence.test.bad, blunt) - roc_auc_score(
        evidence.test.bad, evidence.test.pd_hat
    )
    assert item.finding.figure == pytest.approx(gap)
    assert "same 5,000 rows" in item.finding.why


@pytest.mark.parametrize(("used", "state"), [(0.0, PASS), (5.0, AMBER)])
def test_a_twin_in_another_trait_matters_as_far_as_the_model_uses_it(
    evidence, options, used, state
):
    twin = evidence.train.X.assign(**{NAMES[2]: evidence.train.X[NAMES[0]] ** 3})
    importance = pd.Series(1.0, index=list(NAMES))
    importance[[NAMES[0], NAMES[2]]] = used
    changed = replace(evidence, train=replace(evidence.train, X=twin), importance=importance)
    found_here = found(changed, options, 13)
    assert found_here.figure == pytest.approx(2 * used / (2 * used + 10))
    assert found_here.state == state


def test_the_recalibration_is_dated_of_this_model_and_of_the_newest_month_alone(evidence):
    months = np.where(np.arange(len(evidence.test)) % 2, evidence.test.months,
                      np.datetime64("2023-06", "M"))  # fmt: skip
    newest = months == months.max()
    raised = np.where(newest, evidence.test.raw_score + 0.5, evidence.test.raw_score - 2.0)
    rows = replace(evidence.test, months=months, pd_hat=probability(raised), raw_score=raised)
    made = recalibration(replace(evidence, test=rows, record={"model_digest": "abc"}))
    assert made["month"] == "2023-12" and made["model_digest"] == "abc"
    assert made["low"] < -0.5 < made["high"] and made["applied"] is False
    moved = probability(raised[newest] + made["shift"])
    assert moved.sum() == pytest.approx(rows.bad[newest].sum())


def test_undated_rows_have_no_recalibration_by_month(evidence):
    undated = np.full(len(evidence.test), np.datetime64("NaT"), "M8[M]")
    assert recalibration(replace(evidence, test=replace(evidence.test, months=undated))) is None


def test_a_split_by_time_says_nothing_of_groups_that_nobody_kept_apart(evidence, options):
    both = found(evidence, options, 7).why
    assert "0 groups on both sides" in both and "0 training outcomes that reach" in both
    split = evidence.split.assign(group_id="one person")  # stands on both sides
    by_time = found(replace(evidence, split=split, split_by="time"), options, 7).why
    assert "groups on both sides" not in by_time
    assert "100% of the test rows are of accounts seen earlier" in by_time
