from html.parser import HTMLParser

import pandas as pd
import pytest

from delinquency.panel.label_options import LabelOptions
from delinquency.reporting.portfolio_page import portfolio_page
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
    assert len(parser.addresses) == 3
    assert all(address.startswith("data:image/png;base64,") for address in parser.addresses)
    assert "<title>SYNTHETIC: Portfolio</title>" in page
    for figure in calibration.figures:
        assert figure.name in page
    for trait in TRAITS.values():
        assert trait.label_zh in page


def test_a_title_cannot_bring_markup_in(calibration):
    page = portfolio_page(calibration, title="<script>alert(1)</script>")
    assert "<script" not in page and "&lt;script&gt;" in page


def test_the_same_calibration_gives_the_same_page(calibration):
    assert portfolio_page(calibration, title="A") == portfolio_page(calibration, title="A")
