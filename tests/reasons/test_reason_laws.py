"""Laws of the reasons, over random models, tables and panels: every sentence is true."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delinquency.features.feature_description import FeatureMeaning, meanings_of
from delinquency.features.registered_features import FEATURES
from delinquency.panel.schema import protected_columns
from delinquency.reasons.reason_causes import CAUSE, CAUSES
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.reason_options import ReasonOptions
from delinquency.reasons.reason_selection import common_sentences, select_reasons
from delinquency.reasons.reference_population import (
    Contributions,
    build_reference,
    in_reference,
    scale_of,
)
from delinquency.reasons.sentences.every_family import is_summary_of, witnesses_of
from delinquency.reasons.statable_facts import barred_facts, values_to_show
from delinquency.reasons.value_wording import displayed, is_code_without_label, value_text
from delinquency.traits import TRAITS

TRAIT_KEYS = tuple(TRAITS)
MONTH = np.datetime64("2023-12")
CATALOGUE = meanings_of(FEATURES.values(), window_months=12)
UNITS = ("", "count", "EUR", "months", "ratio", "code", "0/1", "%", "visits")


@st.composite
def own_columns(draw):
    """Return meanings of a user's own table: codes, names, marks, unknown directions."""
    out = {}
    for number in range(draw(st.integers(2, 7))):
        name = f"column_{number}"
        unit = draw(st.sampled_from(UNITS))
        categories = draw(st.sampled_from([(), ("owner", "tenant", "other")]))
        labels = ((0.0, "none", "无"), (1.0, "some", "有")) if draw(st.booleans()) else ()
        out[name] = FeatureMeaning(
            name=name, trait_key=draw(st.sampled_from(TRAIT_KEYS)),
            direction=0 if categories else draw(st.sampled_from([-1, 0, 1])),
            unit="" if categories else unit, phrase=f"Title {number}",
            phrase_zh=draw(st.sampled_from([f"标题{number}", f"Title {number}"])),
            actionable=draw(st.booleans()), needs=(name,), from_table=True,
            categories=categories, labels=labels if unit == "code" else (),
            headline=draw(st.sampled_from(["", f"Own words {number}"])),
            headline_zh=f"说明{number}", capped=draw(st.sampled_from([(), (4.0,)])),
        )  # fmt: skip
        if draw(st.booleans()):
            mark = f"{name}_not_applicable"
            out[mark] = FeatureMeaning(
                name=mark, trait_key=out[name].trait_key, direction=0, unit="0/1",
                phrase="Mark", phrase_zh="标记", actionable=True, needs=(mark,),
                from_table=True, mark_of=name,
            )  # fmt: skip
    return out


@st.composite
def catalogue_features(draw):
    """Return meanings of some features of the catalogue."""
    every = st.sampled_from(sorted(CATALOGUE))
    names = draw(st.lists(every, min_size=2, max_size=12, unique=True))
    return {name: CATALOGUE[name] for name in names}


def _selected(meanings, seed, *, n=40, disputed_share=0.1):
    """Return reasons of random accounts, their features, and what is disputed."""
    rng = np.random.default_rng(seed)
    facts = tuple(meanings)
    features = np.empty((n, len(facts)))
    for place, one in enumerate(meanings.values()):
        whole = rng.integers(-2 if one.unit == "level" else 0, 5, n).astype(float)
        if one.mark_of or one.unit == "0/1":
            whole = rng.integers(0, 2, n).astype(float)
        elif one.categories:
            whole = rng.integers(0, 3, n).astype(float)
        elif one.unit in ("ratio", "EUR", "log money") and rng.random() < 0.7:
            whole = np.round(np.abs(rng.normal(size=n)) * 3, 3)
        features[:, place] = np.where(rng.random(n) < 0.15, np.nan, whole)
    for place, one in enumerate(meanings.values()):
        if one.mark_of:
            features[:, place] = np.nan_to_num(features[:, place])
            features[features[:, place] == 1, facts.index(one.mark_of)] = np.nan
    values = rng.normal(scale=0.5, size=features.shape)
    traits = np.zeros((n, len(TRAIT_KEYS)))
    places = [TRAIT_KEYS.index(one.trait_key) for one in meanings.values()]
    np.add.at(traits.T, places, values.T)
    accounts = Contributions(traits, values, features)
    pd_hat = 1 / (1 + np.exp(1 - traits.sum(axis=1)))
    reference = build_reference(
        traits, features, pd_hat, traits=TRAIT_KEYS, facts=facts,
        fact_values=values[in_reference(pd_hat)].mean(axis=0),
    )  # fmt: skip
    context = ReasonContext(meanings, reference, scale_of("none"), ReasonOptions(), "CNY", 12)
    strong = np.full(traits.shape, 3, np.int8)
    disputed = rng.random(features.shape) < disputed_share
    told = select_reasons(accounts, strong, context, disputed=disputed)
    second = ReasonContext(
        meanings, reference, scale_of("none"), ReasonOptions(), "CNY", 12, common_sentences(told)
    )
    return select_reasons(accounts, strong, second, disputed=disputed), accounts, disputed


def _stated(reasons):
    """Yield row, rank, position, value and reference of every fact that is stated."""
    for fact, value, against in (
        (reasons.fact, reasons.value, reasons.reference),
        (reasons.second, reasons.second_value, reasons.second_reference),
    ):
        for row, rank in zip(*np.nonzero(fact >= 0), strict=True):
            yield row, rank, fact[row, rank], value[row, rank], against[row, rank]


@pytest.mark.parametrize("columns", [own_columns(), catalogue_features()], ids=["table", "panel"])
def test_every_stated_fact_is_true(columns):
    @settings(max_examples=40, deadline=None)
    @given(meanings=columns, seed=st.integers(0, 2**32 - 1))
    def law(meanings, seed):
        reasons, accounts, disputed = _selected(meanings, seed)
        context = reasons.context
        for row, _rank, position, value, reference in _stated(reasons):
            meaning, style = context.facts[position], context.styles[position]
            raw = accounts.features[row, position]
            assert not disputed[row, position]
            assert not meaning.mark_of, "a mark is no value"
            assert np.isfinite(reference)
            if np.isnan(raw):
                # Only what a user's own table leaves open, and only as "not stated".
                assert meaning.from_table
                assert np.isnan(value)
                mark = f"{meaning.name}_not_applicable"
                if mark in meanings:
                    assert accounts.features[row, list(meanings).index(mark)] == 0
                continue
            assert value != reference
            if not style.named:
                # On the adverse side, where the direction says which that is.
                assert (value - reference) * meaning.direction >= 0
            witnesses = None if meaning.from_table else witnesses_of(meaning.name)
            if raw == 0 and witnesses == ():
                raise AssertionError(f"{meaning.name}: 0 stands for nothing to measure")

    law()


@pytest.mark.parametrize("columns", [own_columns(), catalogue_features()], ids=["table", "panel"])
def test_text_and_columns_agree_in_both_languages(columns):
    @settings(max_examples=40, deadline=None)
    @given(meanings=columns, seed=st.integers(0, 2**32 - 1))
    def law(meanings, seed):
        reasons, accounts, _ = _selected(meanings, seed)
        frame = reasons.frame(np.repeat(MONTH, len(accounts)))
        for rank in range(1, 5):
            for row in np.flatnonzero(frame[f"reason_{rank}"] != ""):
                english, chinese = frame[f"reason_{rank}"][row], frame[f"reason_zh_{rank}"][row]
                feature = frame[f"reason_{rank}_feature"][row]
                value, reference, side = (
                    frame[f"reason_{rank}_{part}"][row]
                    for part in ("value", "reference", "direction")
                )
                assert side == ("high" if value > reference else "low") or side == ""
                meaning = meanings[feature]
                assert frame[f"reason_{rank}_trait"][row] == meaning.trait_key
                assert meaning.phrase in english and meaning.phrase_zh in chinese
                assert _digits(english, meaning.phrase) == _digits(chinese, meaning.phrase_zh)
                if np.isnan(value):
                    assert "not stated" in english and "未提供" in chinese
                if meaning.categories:
                    assert side == ""
                    assert any(name in english for name in meaning.categories)
            without = frame[f"reason_{rank}"] == ""
            assert (frame.loc[without, f"reason_{rank}_feature"] == "").all()
            assert (frame.loc[without, f"reason_{rank}_direction"] == "").all()

    law()


def _digits(text, phrase):
    """Return the numbers of a reason without its date and without its first title."""
    text = re.sub(r", Dec 2023|，2023年12月", "", text).replace(phrase, "")
    text = re.sub(r"(Title|标题|Own words|说明) ?\d", "", text)
    text = re.sub(r"\bnone\b|(?<!几乎)无(?!使用)", "0", text)
    return sorted(re.findall(r"\d[\d,.]*\d|\d", text))


def _cause_of(row, position, context):
    """Return why a fact that raises the risk may not be stated, cell by cell."""
    meaning, style = context.facts[position], context.styles[position]
    value, places = row[position], {one.name: p for p, one in enumerate(context.facts)}
    against = displayed(context.reference.medians[[position]], style)[0]
    if meaning.mark_of:
        return "not_applicable"
    if np.isnan(value):
        if not meaning.from_table:
            return "missing"
        marks = [row[p] for p, one in enumerate(context.facts) if one.mark_of == meaning.name]
        if 1.0 in marks:
            return "not_applicable"
        return "not_stated_by_customer" if np.isfinite(against) else "no_reference_value"
    own = None if meaning.from_table else witnesses_of(meaning.name)
    if own is not None and (value == 0 or value >= style.empty_from):
        tell = [row[p] for name, p in places.items() for one in own if is_summary_of(name, one)]
        if not np.isfinite(tell).any():
            return "nothing_to_measure"
    if is_code_without_label(meaning, style):
        return "code_without_words"
    if np.isnan(against):
        return "no_reference_value"
    shown = displayed(np.array([value]), style)[0]
    if style.named and not style.categories:
        words = [code for code, _, _ in style.labels]
        if shown not in words or against not in words:
            return "code_without_words"
    if shown == against:
        return "like_the_reference"
    if not style.named and (shown - against) * meaning.direction < 0:
        return "favourable_side"
    return "stated"


@pytest.mark.parametrize("columns", [own_columns(), catalogue_features()], ids=["table", "panel"])
def test_the_cause_of_every_fact_is_what_its_value_says(columns):
    @settings(max_examples=30, deadline=None)
    @given(meanings=columns, seed=st.integers(0, 2**32 - 1))
    def law(meanings, seed):
        reasons, accounts, _ = _selected(meanings, seed, n=40)
        context = reasons.context
        gain = np.random.default_rng(seed).normal(size=accounts.features.shape)
        barred = barred_facts(accounts.features, gain, context)
        for row, position in np.ndindex(gain.shape):
            told = CAUSES[barred[row, position]]
            if not gain[row, position] > 0:
                assert told == "no_fact_raises_it"
                continue
            assert told == _cause_of(accounts.features[row], position, context)

    law()


@settings(max_examples=60, deadline=None)
@given(meanings=own_columns(), seed=st.integers(0, 2**32 - 1))
def test_a_missing_values_weight_is_never_told_through_another_fact(meanings, seed):
    reasons, accounts, _ = _selected(meanings, seed, disputed_share=0.0)
    context = reasons.context
    gain = accounts.fact_values - context.reference.fact_values
    facts = list(meanings)
    for place, one in enumerate(meanings.values()):
        if one.mark_of:  # what a mark adds belongs to its column
            gain[:, facts.index(one.mark_of)] += gain[:, place]
            gain[:, place] = 0.0
    for row in range(len(accounts)):
        for rank in np.flatnonzero(reasons.fact[row] >= 0):
            columns = np.flatnonzero(context.fact_places.trait == reasons.trait[row, rank])
            top = columns[gain[row, columns].argmax()]
            if np.isnan(accounts.features[row, top]) and not context.facts[top].mark_of:
                assert reasons.fact[row, rank] == top
                assert np.isnan(reasons.value[row, rank])


@settings(max_examples=40, deadline=None)
@given(meanings=own_columns(), seed=st.integers(0, 2**32 - 1))
def test_a_code_without_words_is_never_stated(meanings, seed):
    reasons, accounts, _ = _selected(meanings, seed)
    for row, _rank, position, value, _reference in _stated(reasons):
        meaning = reasons.context.facts[position]
        if meaning.unit == "code" and not np.isnan(accounts.features[row, position]):
            assert value in [code for code, _, _ in meaning.labels]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(sorted(protected_columns())))
def test_nothing_that_rests_on_a_protected_attribute_is_stated(seed, name):
    meanings = {
        "plain": FeatureMeaning.of("plain", "debt_burden"),
        name: FeatureMeaning.of(name, "debt_burden"),
        "made_of_it": FeatureMeaning(
            name="made_of_it", trait_key="debt_burden", direction=0, unit="", phrase="x",
            phrase_zh="x", actionable=True, needs=("balance", name),
        ),
    }  # fmt: skip
    reasons, _, _ = _selected(meanings, seed)
    assert {position for _, _, position, _, _ in _stated(reasons)} <= {0}


@settings(max_examples=40, deadline=None)
@given(meanings=catalogue_features(), seed=st.integers(0, 2**32 - 1))
def test_every_trait_that_raises_the_risk_is_accounted_for(meanings, seed):
    reasons, accounts, _ = _selected(meanings, seed)
    raised = reasons.trait_excess >= reasons.context.options.minimum_log_odds
    assert ((reasons.cause >= 0) == raised).all()
    frame = reasons.frame(np.repeat(MONTH, len(accounts)))
    for place, key in enumerate(TRAIT_KEYS):
        told = (reasons.trait == place).any(axis=1)
        stated = np.isin(reasons.cause[:, place], [CAUSE["stated"]])
        assert (stated == told).all()
        assert set(frame[f"outcome_{key}"]) <= {*CAUSES, ""}


@settings(max_examples=40, deadline=None)
@given(meanings=catalogue_features(), seed=st.integers(0, 2**32 - 1))
def test_a_common_sentence_has_a_second_fact_where_the_trait_has_one(meanings, seed):
    reasons, accounts, _ = _selected(meanings, seed, disputed_share=0.0)
    context = reasons.context
    gain = accounts.fact_values - context.reference.fact_values
    for row, rank in zip(*np.nonzero(reasons.fact >= 0), strict=True):
        first, second = reasons.fact[row, rank], reasons.second[row, rank]
        high = reasons.value[row, rank] > reasons.reference[row, rank]
        side = "" if context.styles[first].named else ("high" if high else "low")
        if (context.families[first], side) not in context.common:
            assert second == -1
        elif second >= 0:
            assert second != first and gain[row, second] > 0
            assert context.fact_places.trait[second] == context.fact_places.trait[first]


@pytest.mark.parametrize("columns", [own_columns(), catalogue_features()], ids=["table", "panel"])
def test_a_value_is_shown_beside_another_one_or_not_at_all(columns):
    @settings(max_examples=30, deadline=None)
    @given(meanings=columns, seed=st.integers(0, 2**32 - 1))
    def law(meanings, seed):
        reasons, accounts, _ = _selected(meanings, seed, n=12)
        context = reasons.context
        shows = values_to_show(accounts.features, context)
        for row, position in zip(*np.nonzero(shows), strict=True):
            meaning, style = context.facts[position], context.styles[position]
            raw, median = accounts.features[row, position], context.reference.medians[position]
            assert np.isfinite(raw) and np.isfinite(median) and not meaning.mark_of
            en, usual = (
                value_text(float(one), style) for one in displayed(np.array([raw, median]), style)
            )
            assert en != usual
            assert raw != 0 or meaning.from_table or witnesses_of(meaning.name) != ()
            if meaning.unit == "code":
                assert en in [words for _, words, _ in meaning.labels]

    law()
