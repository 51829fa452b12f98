"""Pictures of explanations: how much every two groups interact, and a row's mains and pairs."""

from itertools import combinations
from typing import Any

import numpy as np

from delinquency.shapley.explanation import Explanation


def pair_heatmap(explanation: Explanation, *, ax: Any = None) -> Any:
    """Draw the mean size of every pair, and of the mains on the diagonal.

    Parameters
    ----------
    explanation : Explanation
        Explained with ``pairs=True``.
    ax : matplotlib Axes or None
        None for a figure of its own.

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt  # slow to import, and only needed here

    names, n_traits = explanation.traits, len(explanation.traits)
    size = np.full((n_traits, n_traits), np.nan)
    np.fill_diagonal(size, np.abs(explanation.main_values).mean(axis=0))
    for at, (one, two) in enumerate(combinations(range(n_traits), 2)):
        size[two, one] = np.abs(explanation.pair_values[:, at]).mean()
    if ax is None:
        _, ax = plt.subplots(figsize=(1.6 + 0.9 * n_traits, 1.2 + 0.75 * n_traits))
    off = np.where(np.eye(n_traits, dtype=bool), np.nan, size)
    most = np.nanmax(off) if n_traits > 1 and np.nanmax(off) > 0 else 1.0
    ax.imshow(off, cmap="Blues", vmin=0.0, vmax=most)
    for row in range(n_traits):
        for column in range(row + 1):
            dark = row != column and size[row, column] > 0.6 * most
            ax.text(
                column,
                row,
                f"{size[row, column]:.3f}",
                ha="center",
                va="center",
                fontsize=9,
                color="white" if dark else "black",
                fontweight="bold" if row == column else "normal",
            )
    ax.set_xticks(range(n_traits), names, rotation=30, ha="right")
    ax.set_yticks(range(n_traits), names)
    ax.spines[:].set_visible(False)
    ax.set_title(
        f"Mean size of interactions of {len(explanation.values):,} rows, {explanation.scale}\n"
        "bold: what each group adds alone",
        fontsize=10,
    )
    return ax


def pair_bars(explanation: Explanation, row: int, *, most: int = 10, ax: Any = None) -> Any:
    """Draw the mains and pairs of one row, the largest first.

    Parameters
    ----------
    explanation : Explanation
        Explained with ``pairs=True``.
    row : int
        Which row.
    most : int
        Bars to draw; the others are added up in a last one.
    ax : matplotlib Axes or None
        None for a figure of its own.

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt

    names = [*explanation.traits, *(f"{one} x {two}" for one, two in explanation.pairs)]
    values = np.concatenate([explanation.main_values[row], explanation.pair_values[row]])
    order = np.argsort(-np.abs(values), kind="stable")
    shown, rest = order[:most], order[most:]
    labels = [names[at] for at in shown]
    sizes = [values[at] for at in shown]
    if len(rest):
        labels.append(f"{len(rest)} others")
        sizes.append(values[rest].sum())
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 0.8 + 0.34 * len(sizes)))
    ax.barh(range(len(sizes)), sizes, color=["#b2182b" if one > 0 else "#2166ac" for one in sizes])
    ax.set_yticks(range(len(sizes)), labels)
    ax.invert_yaxis()
    ax.axvline(0.0, color="black", linewidth=0.8)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel(
        f"{explanation.scale}; base {explanation.base_value:+.3f}, "
        f"sum {explanation.raw_score[row]:+.3f}"
    )
    return ax
