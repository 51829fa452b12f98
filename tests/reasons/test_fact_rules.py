"""The borders between what reads below, like and above a reference agree with the wording."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.reasons.fact_rules import reading_borders
from delinquency.reasons.value_wording import Style, displayed

STYLES = [
    Style("share"), Style("share", "difference"), Style("money"), Style("log money"),
    Style("log money", "difference"), Style("months"), Style("flag"), Style("count"),
]  # fmt: skip
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.floats(-2000, 2000), st.floats(-1.5, 1.5),
    st.integers(-50, 50).map(float),
)  # fmt: skip


@pytest.mark.parametrize("style", STYLES, ids=lambda one: f"{one.unit} {one.change}")
@given(reference=NUMBERS, value=NUMBERS)
def test_a_value_reads_below_like_or_above_as_its_borders_say(style, reference, value):
    against = float(displayed(np.array([reference]), style)[0])
    low, high = reading_borders(against, style)
    near = [value, reference, *(
        math.nextafter(border, toward)
        for border in (low, high) if math.isfinite(border) for toward in (-math.inf, math.inf)
    ), *(border for border in (low, high) if math.isfinite(border))]  # fmt: skip
    values = np.array([one for one in near if math.isfinite(one)])
    shown = displayed(values, style)
    np.testing.assert_array_equal(values >= low, shown >= against)
    np.testing.assert_array_equal(values >= high, shown > against)
