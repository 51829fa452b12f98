import re
from xml.etree import ElementTree

import pytest

from delinquency.reporting.waterfall import Step, waterfall_svg


def _bars(svg):
    root = ElementTree.fromstring(str(svg))
    return [
        (bar.get("class"), float(bar.get("x")), float(bar.get("width")))
        for bar in root.iter("rect")
    ]


def test_steps_are_drawn_to_scale_and_meet():
    steps = [Step("Debt", 1.0), Step("Record", -0.5, faint=True)]
    svg = waterfall_svg(-2.0, steps, labels=("Reference", "Account"), as_probability=True)
    start, debt, record, end = _bars(svg)
    assert [bar[0] for bar in (start, debt, record, end)] == ["total", "up", "down faint", "total"]
    assert debt[2] == pytest.approx(2 * record[2], abs=0.3)
    assert debt[1] == pytest.approx(start[1] + start[2], abs=0.2)
    assert record[1] + record[2] == pytest.approx(debt[1] + debt[2], abs=0.2)
    assert end[1] + end[2] == pytest.approx(record[1], abs=0.2)


def test_the_figure_is_told_to_readers_who_do_not_see_it():
    svg = waterfall_svg(-2.0, [Step("Debt", 1.0)], labels=("A", "B"), as_probability=True)
    assert 'role="img"' in svg
    assert "from A (-2.00) to B (-1.00): Debt +1.00." in svg


def test_marks_are_probabilities_only_on_a_calibrated_scale():
    steps = [Step("Debt", 2.0)]
    marks = re.findall(
        r'class="mark"[^>]*>([^<]*)',
        waterfall_svg(-2.0, steps, labels=("A", "B"), as_probability=True),
    )
    assert "50%" in marks
    marks = re.findall(
        r'class="mark"[^>]*>([^<]*)',
        waterfall_svg(-2.0, steps, labels=("A", "B"), as_probability=False),
    )
    assert "%" not in "".join(marks) and "-1" in marks


def test_labels_are_escaped():
    svg = waterfall_svg(0.0, [Step("<b>", 0.1)], labels=("a&b", '"'), as_probability=False)
    ElementTree.fromstring(str(svg))
    assert "<b>" not in svg


def test_a_drawing_in_two_languages_says_a_trait_once_by_its_number():
    svg = waterfall_svg(
        0.0, [Step("T2 Record", 0.1, label_zh="T2 信用记录")], labels=("Reference", "Account"),
        labels_zh=("参考客户", "本账户"), as_probability=False,
    )  # fmt: skip
    texts = [
        "".join(one.itertext())
        for one in ElementTree.fromstring(str(svg)).iter("text")
        if one.get("class") == "name"
    ]
    assert texts == ["Reference · 参考客户", "T2 Record · 信用记录", "Account · 本账户"]
    assert "T2 信用记录 +0.10" in svg  # the words for readers who do not see it
