"""Figures of trait values: how large they are, how they spread, and one account's waterfall."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from delinquency.panel.windows import Array
from delinquency.reporting.performance_plots import panel
from delinquency.traits import TRAITS

UP, DOWN, TOTAL = "#b23c17", "#1f6fa8", "#5b6776"
MOST_POINTS = 3_000
"""Accounts in a beeswarm at most; the eye sees no more."""
LANES = 60


def _labels(traits: Sequence[str]) -> list[str]:
    return [f"{TRAITS[key].number} {TRAITS[key].short}" for key in traits]


def trait_bars(values: Array, *, traits: Sequence[str], title: str) -> Figure:
    """Return the mean size of each trait's value, largest first.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_traits), log-odds
    traits : sequence of str
    title : str
        Which data.

    Returns
    -------
    Figure
    """
    size = np.abs(values).mean(axis=0)
    order = np.argsort(size)
    figure = panel("What moves the probability", title)
    axes = figure.axes[0]
    names = _labels(traits)
    bars = axes.barh([names[k] for k in order], size[order], color=DOWN)
    axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=9)
    axes.set_xlabel("Mean absolute trait value, log-odds")
    axes.grid(visible=False, axis="y")
    return figure


def trait_beeswarm(
    values: Array, pd_hat: Array, *, traits: Sequence[str], title: str, seed: int
) -> Figure:
    """Return every account's trait values, coloured by its probability.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_traits), log-odds
    pd_hat : ndarray of shape (n_rows,)
    traits : sequence of str
    title : str
    seed : int
        Of the sample that is drawn when there are many accounts.

    Returns
    -------
    Figure
    """
    rows = np.random.default_rng(seed).permutation(len(values))[:MOST_POINTS]
    order = np.argsort(np.abs(values).mean(axis=0))
    rank = np.argsort(np.argsort(pd_hat[rows])) / max(len(rows) - 1, 1)
    figure = panel("Trait values by account", title, width=7.6)
    axes = figure.axes[0]
    for height, trait in enumerate(order):
        own = values[rows, trait]
        points = axes.scatter(
            own, height + _spread(own), c=rank, cmap="coolwarm", s=5, linewidths=0, vmin=0, vmax=1
        )
        points.set_rasterized(True)  # thousands of marks are smaller as one image in a drawing
    axes.axvline(0.0, color=TOTAL, linewidth=0.8)
    names = _labels(traits)
    axes.set_yticks(range(len(order)), [names[k] for k in order])
    axes.set_xlabel("Trait value, log-odds")
    bar = figure.colorbar(points, ax=axes, ticks=[0, 1], shrink=0.6)
    bar.ax.set_yticklabels(["lowest PD", "highest PD"], fontsize=8)
    return figure


def trait_waterfall(
    values: Array, *, base_value: float, traits: Sequence[str], title: str
) -> Figure:
    """Return one account's way from the base value to its raw score, largest step first.

    Parameters
    ----------
    values : ndarray of shape (n_traits,), log-odds
    base_value : float
    traits : sequence of str
    title : str

    Returns
    -------
    Figure
    """
    order = np.argsort(-values)
    ends = base_value + np.concatenate([[0.0], np.cumsum(values[order])])
    figure = panel("From the base value to one account", title)
    axes = figure.axes[0]
    names = _labels(traits)
    low = min(ends.min(), base_value) - 0.3
    axes.barh("Base value", base_value - low, left=low, color=TOTAL)
    for step, trait in enumerate(order):
        change = values[trait]
        bar = axes.barh(names[trait], change, left=ends[step], color=UP if change > 0 else DOWN)
        axes.bar_label(bar, labels=[f"{change:+.2f}"], padding=3, fontsize=9)
    axes.barh("This account", ends[-1] - low, left=low, color=TOTAL)
    axes.invert_yaxis()
    axes.set_xlim(low, ends.max() + 0.12 * (ends.max() - low))
    axes.set_xlabel("Log-odds")
    axes.grid(visible=False, axis="y")
    return figure


def _spread(values: Array) -> Array:
    """Return how far each point is moved aside, so that equal values lie beside each other."""
    span = values.max() - values.min()
    lane = np.floor((values - values.min()) / (span if span > 0 else 1.0) * LANES).astype(int)
    out = np.zeros(len(values))
    widest = max(int(np.bincount(lane).max()), 1)
    for number in np.unique(lane):
        inside = np.flatnonzero(lane == number)
        out[inside] = (np.arange(len(inside)) - (len(inside) - 1) / 2) * 0.8 / widest
    return out
