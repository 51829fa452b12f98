import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from delinquency.panel.label_options import LabelOptions
from delinquency.reporting.portfolio_page import portfolio_page
from delinquency.reporting.portfolio_words import portfolio_figure_zh
from delinquency.synthetic.blocks import blocks
from delinquency.synthetic.generator import generate_portfolio
from delinquency.synthetic.hidden_truth import hidden_lives
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.synthetic.realism import calibrate
from delinquency.traits import TRAITS


@pytest.fixture(scope="module")
def calibration():
    options = SyntheticData(
        name="synthetic",
        n_accounts=400,
        n_months=30,
        tables=[],
        label=LabelOptions(history_months=6, observation_every=6),
    )
    hidden = pd.concat([hidden_lives(options, one) for one in blocks(options)], ignore_index=True)
    return calibrate(generate_portfolio(options), hidden, options)


class Balance(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.addresses = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "link"):
            self.open.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_says_that_it_is_synthetic(calibration):
    page = portfolio_page(calibration, title="Portfolio")
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    assert "http://" not in page and page.count('class="drawn"') == 3
    assert all(address.startswith("#") for address in parser.addresses)
    assert "<title>SYNTHETIC: Portfolio</title>" in page
    for figure in calibration.figures:
        assert figure.name in page
    for trait in TRAITS.values():
        assert trait.label_zh in page


def test_a_title_cannot_bring_markup_in(calibration):
    page = portfolio_page(calibration, title="<script>alert(1)</script>")
    assert page.count("<script") == 1 and "&lt;script&gt;alert" in page  # the language switch


def test_every_figure_has_a_chinese_name(calibration):
    for figure in calibration.figures:
        chinese = portfolio_figure_zh(figure.name)
        assert chinese != figure.name and not re.search("[A-Za-z]{4}", chinese), figure.name


def test_the_same_calibration_gives_the_same_page(calibration):
    assert portfolio_page(calibration, title="A") == portfolio_page(calibration, title="A")
