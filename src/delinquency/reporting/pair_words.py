"""The line of a card that says where two traits together add what neither adds alone."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from delinquency.panel.windows import Array
from delinquency.traits import Trait

LEAST_PAIR = 0.1
"""Log-odds from which a pair is named: the odds are then a tenth higher, or lower. On the default
portfolio two of five accounts with a PD above 30 % have such a pair; hardly any reaches 0.2."""

_TOO_WEAK = ("none", "weak")


def pair_line(
    pair_values: Array, traits: Sequence[Trait], levels: Sequence[str]
) -> tuple[str, str] | None:
    """Say what the pair of traits adds whose interaction is the largest.

    Parameters
    ----------
    pair_values : ndarray of shape (n_pairs,), stated log-odds
        Interaction of every two traits, in the order of ``itertools.combinations``.
    traits : sequence of Trait
    levels : sequence of str
        Evidence of each trait.

    Returns
    -------
    tuple of str, or None
        English and Chinese, for the account manager; None where no pair reaches ``LEAST_PAIR``. A
        customer reads facts, and never a bare trait.
    """
    if not len(pair_values):
        return None
    most = int(np.argmax(np.abs(pair_values)))
    size = float(pair_values[most])
    if abs(size) < LEAST_PAIR:
        return None
    first, second = list(combinations(range(len(traits)), 2))[most]
    one, two = traits[first], traits[second]
    weak = levels[first] in _TOO_WEAK or levels[second] in _TOO_WEAK
    en = (
        f"{one.label} and {two.label.lower()} together: {size:+.2f} log-odds beyond what each "
        "adds alone."
    )
    zh = f"{one.label_zh}与{two.label_zh}共同作用：在各自单独影响之外另计{size:+.2f}对数几率。"
    if weak:
        en += " The evidence of one of them is weak."
        zh += "其中一方面证据不足。"
    return en, zh
