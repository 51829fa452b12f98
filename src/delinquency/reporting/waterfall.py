"""A waterfall by trait as inline SVG: from the reference to the account, in log-odds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from delinquency.log_odds import signed_text

WIDTH, ROW, BAR = 640, 26, 16
LEFT, RIGHT, TOP = 150, 60, 26
PROBABILITIES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99)
"""Where the axis is marked, as far as it reaches."""
MIN_GAP = 44
"""Pixels between two marks."""


@dataclass(frozen=True)
class Step:
    """One trait's step.

    Attributes
    ----------
    label : str
    excess : float
        Log-odds above the reference.
    faint : bool
        Whether the evidence for it is weak or absent; drawn hatched.
    label_zh : str
        The label in Chinese; "" for a drawing in one language.
    """

    label: str
    excess: float
    faint: bool = False
    label_zh: str = ""


def waterfall_svg(
    start: float,
    steps: Sequence[Step],
    *,
    labels: tuple[str, str],
    labels_zh: tuple[str, str] = ("", ""),
    as_probability: bool,
) -> Markup:
    """Return the waterfall as one SVG element, safe to put into a page.

    Parameters
    ----------
    start : float
        Log-odds of the reference.
    steps : sequence of Step
        In the order of drawing.
    labels : tuple of str
        What stands beside the first and the last bar: reference and account.
    labels_zh : tuple of str
        The same in Chinese; empty for a drawing in one language.
    as_probability : bool
        Mark the axis in probabilities; False for raw log-odds, which are none.

    Returns
    -------
    Markup
        Shapes take their colours from the classes ``up``, ``down``, ``total`` and ``faint``.
    """
    levels = [start]
    for step in steps:
        levels.append(levels[-1] + step.excess)
    low, high = min(levels), max(levels)
    margin = max(0.12 * (high - low), 0.15)
    low, high = low - margin, high + margin
    span = (WIDTH - LEFT - RIGHT) / (high - low)

    def x(level: float) -> float:
        return round(LEFT + (level - low) * span, 1)

    height = TOP + ROW * (len(steps) + 2) + 6
    parts = [
        f'<svg class="waterfall" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(_summary(levels, steps, labels, labels_zh))}">'
    ]
    marks = _marks(low, high, span, as_probability)
    lines = "".join(f"M{x(level)} {TOP}V{height - 6}" for level, _ in marks)
    parts.append(f'<path class="grid" d="{lines}"/>')
    parts += [f'<text class="mark" x="{x(level)}" y="16">{text}</text>' for level, text in marks]
    both = (x(low), x(start))
    parts.append(_row(0, (labels[0], labels_zh[0]), both, "total", ""))
    for number, step in enumerate(steps, start=1):
        kind = ("up" if step.excess > 0 else "down") + (" faint" if step.faint else "")
        both = (x(levels[number - 1]), x(levels[number]))
        words = (step.label, step.label_zh)
        parts.append(_row(number, words, both, kind, signed_text(step.excess)))
    both = (x(low), x(levels[-1]))
    parts.append(_row(len(steps) + 1, (labels[1], labels_zh[1]), both, "total", ""))
    parts.append("</svg>")
    return Markup("".join(parts))


def _row(
    number: int, label: tuple[str, str], ends: tuple[float, float], kind: str, text: str
) -> str:
    """Return one bar with its label and figure."""
    top = TOP + ROW * number + (ROW - BAR) // 2
    left, width = min(ends), max(abs(ends[1] - ends[0]), 1.0)
    middle = top + BAR - 4
    out = (
        f'<text class="name" x="{LEFT - 8}" y="{middle}">{_name(label)}</text>'
        f'<rect class="{kind}" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{BAR}"/>'
    )
    if text:
        out += f'<text class="figure" x="{left + width + 5:.1f}" y="{middle}">{text}</text>'
    return out


def _name(label: tuple[str, str]) -> Markup:
    """Return a label in one language, or in both, of which the page shows what was chosen."""
    en, zh = map(escape, label)
    if not zh:
        return en
    number, _, rest = en.partition(" ")
    shared = Markup("")
    if rest and zh.startswith(f"{number} "):  # a trait's number is one for both languages
        shared, en, zh = number + " ", rest, zh.removeprefix(f"{number} ")
    return shared + Markup(
        f"<tspan lang='en'>{en}</tspan><tspan class='dot'> · </tspan><tspan lang='zh'>{zh}</tspan>"
    )


def _marks(low: float, high: float, span: float, as_probability: bool) -> list[tuple[float, str]]:
    """Return the axis marks that fit, with their texts."""
    if as_probability:
        wanted = [(math.log(p / (1 - p)), f"{100 * p:g}%") for p in PROBABILITIES]
    else:
        wanted = [(float(level), f"{level:+d}") for level in range(-20, 21)]
    out: list[tuple[float, str]] = []
    for level, text in wanted:
        fits = not out or (level - out[-1][0]) * span >= MIN_GAP
        if low <= level <= high and fits:
            out.append((level, text))
    return out


def _summary(
    levels: Sequence[float],
    steps: Sequence[Step],
    labels: tuple[str, str],
    labels_zh: tuple[str, str],
) -> str:
    """Return the waterfall in words, for readers who do not see it."""
    moves = "; ".join(f"{step.label} {signed_text(step.excess)}" for step in steps)
    told = (
        f"Waterfall in log-odds from {labels[0]} ({levels[0]:.2f}) to {labels[1]} "
        f"({levels[-1]:.2f}): {moves}."
    )
    if not labels_zh[0]:
        return told
    moves_zh = "；".join(f"{step.label_zh} {signed_text(step.excess)}" for step in steps)
    return f"{told} {labels_zh[0]}至{labels_zh[1]}（对数几率）：{moves_zh}。"
