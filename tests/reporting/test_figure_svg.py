import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from delinquency.reporting.figure_svg import bilingual_svg
from delinquency.reporting.figure_words import figure_words
from delinquency.reporting.pages import in_page
from delinquency.reporting.performance_plots import (
    Scored,
    calibration_figure,
    decile_figure,
    ks_figure,
    precision_recall_figure,
    roc_figure,
)
from delinquency.reporting.trait_plots import trait_bars, trait_beeswarm, trait_waterfall
from delinquency.traits import TRAITS

TITLE = "A portfolio whose title is so long that the line under the heading has to be broken"
WHICH = f"{TITLE} (SYNTHETIC accounts, made by a generator)"
WORDS = figure_words(TITLE, "组合")
BAD = np.array([0, 0, 1, 0, 1, 1] * 20)
PD = np.linspace(0.01, 0.9, 120)
VALUES = np.random.default_rng(1).normal(size=(40, 6))


def _figures():
    scored = Scored(BAD, PD, f"{WHICH}, out of time, observed 2023-12")
    deciles = pd.DataFrame({"decile": [1, 2], "bad_rate": [0.3, 0.1], "pd_mean": [0.28, 0.12]})
    keys = tuple(TRAITS)
    return {
        "roc": roc_figure(scored, auc=0.8, low=0.7, high=0.9),
        "precision_recall": precision_recall_figure(scored, area=0.6),
        "calibration": calibration_figure(scored, ece=0.01),
        "ks": ks_figure(scored, ks=0.4),
        "deciles": decile_figure(deciles, scored.title),
        "trait_bars": trait_bars(VALUES, traits=keys, title=f"{WHICH}, 40 rows"),
        "trait_beeswarm": trait_beeswarm(
            VALUES, PD[:40], traits=keys, title=f"{WHICH}, 40 rows", seed=1
        ),
        "trait_waterfall": trait_waterfall(
            VALUES[0], base_value=-3.0, traits=keys,
            title=f"{WHICH}, the row with the highest probability",
        ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def drawings():
    return {name: bilingual_svg(figure, name, WORDS) for name, figure in _figures().items()}


def _texts(svg):
    for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        yield text.get("lang"), text.text or ""


def test_every_word_of_every_figure_of_the_run_page_is_there_in_chinese(drawings):
    for name, svg in drawings.items():
        for language, text in _texts(svg):
            if language is None:  # the same in both: numbers only
                assert not re.search("[A-Za-z]{4}", text), (name, text)
            if language == "zh":
                assert not re.search("[A-Za-z]{4}", text), (name, text)
        assert {"en", "zh"} <= {language for language, _ in _texts(svg)}, name


def test_a_broken_line_is_translated_as_one_sentence(drawings):
    chinese = [text for language, text in _texts(drawings["roc"]) if language == "zh"]
    whole = "组合（合成账户，由生成器产生），时间外，观察月2023-12：120个账户，其中60个逾期"
    first = next(k for k, text in enumerate(chinese) if whole.startswith(text))
    assert (
        chinese[first].endswith(("，", "：", "）"))
        and "".join(chinese[first : first + 3]) == whole
    )


def test_drawings_share_no_id_and_name_no_font(drawings):
    ids = [one for svg in drawings.values() for one in re.findall(r' id="([^"]+)"', svg)]
    assert len(ids) == len(set(ids))
    for svg in drawings.values():
        used = re.findall(r'(?:url\(|href=")#([\w-]+)', svg)
        assert set(used) <= set(re.findall(r' id="([^"]+)"', svg))
        assert "DejaVu" not in svg


def test_the_words_of_a_figure_can_be_read_on_the_page(browser, drawings, tmp_path):
    drawn = "".join(in_page(svg, ("a figure", "图")) for svg in drawings.values())
    path = tmp_path / "figures.html"
    path.write_text(f'<!DOCTYPE html><html lang="en" data-lang="en"><body>{drawn}', "utf-8")
    browser.open(path)
    assert browser.low_contrast() == []


def test_the_same_figure_gives_the_same_bytes():
    one, other = (trait_bars(VALUES, traits=tuple(TRAITS), title="few") for _ in range(2))
    assert bilingual_svg(one, "few", WORDS) == bilingual_svg(other, "few", WORDS)


def test_a_title_that_holds_markup_stays_text():
    evil = "<script>alert(1)</script>"
    figure = trait_bars(VALUES, traits=tuple(TRAITS), title=f"{evil} (REAL accounts), 40 rows")
    page = in_page(bilingual_svg(figure, "evil", figure_words(evil, "")), ("a", "b"))
    assert "<script" not in page and "http" not in page
