from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_card_pages import BOOK, _accounts

from delinquency.reporting.card_facts import CardParts
from delinquency.reporting.card_pages import render_cards
from delinquency.reporting.pair_words import LEAST_PAIR, pair_line
from delinquency.traits import TRAITS

KEYS = tuple(TRAITS)
ALL = tuple(TRAITS.values())
PAIRS = list(combinations(KEYS, 2))
STRONG = ["strong"] * 6


def values(**pairs):
    out = np.zeros(len(PAIRS))
    for name, size in pairs.items():
        out[PAIRS.index(tuple(name.split("__")))] = size
    return out


def line(size, levels=STRONG):
    return pair_line(values(credit_record__debt_burden=size), ALL, levels)


def test_the_largest_pair_is_named_with_its_size_in_both_languages():
    found = pair_line(
        values(credit_record__debt_burden=-0.31, economic_condition__debt_burden=0.25),
        ALL,
        STRONG,
    )
    assert found[0].startswith("Credit record and debt burden together: -0.31 log-odds")
    assert found[1].startswith("信用记录与负债状况共同作用：")
    assert "-0.31" in found[1]


@given(st.floats(-5, 5))
def test_law_a_pair_is_named_only_where_it_matters(size):
    found = line(size)
    assert (found is None) == (abs(size) < LEAST_PAIR)


@pytest.mark.parametrize("level", ["none", "weak"])
def test_weak_evidence_is_said(level):
    found = line(0.4, [level if key == "debt_burden" else "strong" for key in KEYS])
    assert "evidence of one of them is weak" in found[0] and "证据不足" in found[1]


def test_a_card_shows_the_pair_on_the_stated_scale_and_none_where_none_is_known():
    accounts = _accounts(2)
    pairs = np.zeros((2, len(PAIRS)))
    pairs[1, PAIRS.index(("credit_record", "debt_burden"))] = 0.4
    page = render_cards(replace(accounts, pair_values=pairs), BOOK, CardParts({}, {}))
    assert page.count("together: +0.40 log-odds") == 1
    assert page.count("共同作用：在") == 1
    # A customer reads facts: the bare name of a trait would accuse.
    for_customer = page.split('<details class="wording">')[1:]
    assert for_customer
    assert not any("together" in part.split("</details>")[0] for part in for_customer)
    assert "together:" not in render_cards(accounts, BOOK, CardParts({}, {}))
