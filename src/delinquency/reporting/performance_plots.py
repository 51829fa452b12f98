"""Figures of a model's performance: each says on which data, how many accounts, how certain."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from delinquency.reporting.figure_svg import SUBTITLE

INK, GRID = "#1f2933", "#d9e2ec"
MAIN, SECOND, WARM = "#1f6f8b", "#99a8b2", "#c8553d"
SUBTITLE_WIDTH = 84
MAX_POINTS = 2_000
"""Curves are thinned to this many points; the eye sees no more."""


@dataclass(frozen=True)
class Scored:
    """Rows whose outcome is known, with their PD.

    Attributes
    ----------
    bad : ndarray of shape (n_rows,), 0 or 1
    pd_hat : ndarray of shape (n_rows,), in [0, 1]
    title : str
        Which data and which part of it, e.g. "Taiwan 2005 (REAL accounts), test part".
    """

    bad: NDArray[np.int64]
    pd_hat: NDArray[np.float64]
    title: str


def panel(title: str, subtitle: str, *, width: float = 6.4, height: float = 4.8) -> Figure:
    """Return an empty figure with one axes in the house style."""
    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=12, fontweight="bold")
    lines = textwrap.fill(subtitle, SUBTITLE_WIDTH)
    axes.set_title(lines, loc="left", color="#52606d", fontsize=8.5).set_gid(SUBTITLE)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(SECOND)
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9)
    return figure


def _describe(scored: Scored) -> str:
    return f"{scored.title}: {len(scored.bad):,} accounts, {int(scored.bad.sum()):,} bad"


def _thin(*curves: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    step = max(1, len(curves[0]) // MAX_POINTS)
    keep = np.unique(np.append(np.arange(0, len(curves[0]), step), len(curves[0]) - 1))
    return tuple(curve[keep] for curve in curves)


def roc_figure(scored: Scored, *, auc: float, low: float, high: float) -> Figure:
    """Return the ROC curve, with the area and its 95 % interval."""
    from sklearn.metrics import roc_curve

    false_rate, true_rate, _ = roc_curve(scored.bad, scored.pd_hat)
    figure = panel("How well the PD ranks accounts (ROC)", _describe(scored))
    axes = figure.axes[0]
    label = f"AUC {auc:.4f} [{low:.4f}, {high:.4f}]"
    axes.plot(*_thin(false_rate, true_rate), color=MAIN, linewidth=2, label=label)
    axes.plot([0, 1], [0, 1], color=SECOND, linestyle="--", linewidth=1, label="chance")
    axes.set_xlabel("share of good accounts flagged")
    axes.set_ylabel("share of bad accounts caught")
    axes.set_aspect("equal")
    axes.legend(loc="lower right", frameon=False)
    return figure


def precision_recall_figure(scored: Scored, *, area: float) -> Figure:
    """Return the precision-recall curve."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(scored.bad, scored.pd_hat)
    figure = panel("How many of those flagged fall behind (precision, recall)", _describe(scored))
    axes = figure.axes[0]
    axes.plot(
        *_thin(recall, precision), color=MAIN, linewidth=2, label=f"average precision {area:.4f}"
    )
    rate = float(scored.bad.mean())
    axes.axhline(rate, color=SECOND, linestyle="--", linewidth=1, label=f"bad rate {rate:.1%}")
    axes.set_xlabel("share of bad accounts caught")
    axes.set_ylabel("share of those flagged that are bad")
    axes.set_ylim(0, 1.02)
    axes.legend(loc="upper right", frameon=False)
    return figure


def calibration_figure(scored: Scored, *, ece: float, n_bins: int = 15) -> Figure:
    """Return observed bad rates against predicted ones in bins of equal numbers of accounts.

    The bars are 95 % Wilson intervals of each bin's bad rate.
    """
    order = np.argsort(scored.pd_hat, kind="stable")
    bins = [part for part in np.array_split(order, n_bins) if len(part)]
    expected = np.array([scored.pd_hat[part].mean() for part in bins])
    observed = np.array([scored.bad[part].mean() for part in bins])
    low, high = wilson(observed, np.array([len(part) for part in bins]))
    figure = panel("Whether the PD means what it says (calibration)", _describe(scored))
    axes = figure.axes[0]
    top = float(max(high.max(), expected.max())) * 1.05
    axes.plot([0, top], [0, top], color=SECOND, linestyle="--", linewidth=1, label="perfect")
    axes.errorbar(
        expected,
        observed,
        yerr=np.vstack([observed - low, high - observed]),
        fmt="o",
        color=MAIN,
        ecolor=MAIN,
        elinewidth=1,
        markersize=4,
        label=f"{len(bins)} bins, ECE {ece:.4f}",
    )
    axes.set_xlabel("predicted PD, mean of the bin")
    axes.set_ylabel("observed bad rate, with 95 % interval")
    axes.legend(loc="upper left", frameon=False)
    return figure


def wilson(
    rate: NDArray[np.float64], n: NDArray[np.int64], *, z: float = 1.959964
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Wilson interval of observed rates.

    Parameters
    ----------
    rate : ndarray of shape (k,), in [0, 1]
    n : ndarray of shape (k,)
        Number of trials behind each rate.
    z : float
        Normal quantile; 1.96 for 95 %.

    Returns
    -------
    tuple of ndarray
        Lower and upper bounds.

    References
    ----------
    E. B. Wilson (1927), JASA 22(158), 209-212.
    """
    centre = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.clip(centre - half, 0, rate), np.clip(centre + half, rate, 1)


def ks_figure(scored: Scored, *, ks: float) -> Figure:
    """Return the distributions of good and bad accounts over the PD, and their widest gap."""
    grid = np.sort(scored.pd_hat)
    (grid,) = _thin(grid)
    bad = np.sort(scored.pd_hat[scored.bad == 1])
    good = np.sort(scored.pd_hat[scored.bad == 0])
    bad_share = np.searchsorted(bad, grid, side="right") / len(bad)
    good_share = np.searchsorted(good, grid, side="right") / len(good)
    at = int(np.argmax(good_share - bad_share))
    figure = panel("How far good and bad accounts lie apart (KS)", _describe(scored))
    axes = figure.axes[0]
    axes.plot(grid, good_share, color=MAIN, linewidth=2, label="good accounts")
    axes.plot(grid, bad_share, color=WARM, linewidth=2, label="bad accounts")
    axes.vlines(grid[at], bad_share[at], good_share[at], color=INK, linewidth=1)
    axes.annotate(
        f"KS {ks:.3f} at PD {grid[at]:.1%}",
        (grid[at], (bad_share[at] + good_share[at]) / 2),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        color=INK,
    )
    axes.set_xlabel("PD")
    axes.set_ylabel("share of accounts at or below it")
    axes.legend(loc="lower right", frameon=False)
    return figure


def decile_figure(deciles: pd.DataFrame, title: str) -> Figure:
    """Return bad rates by PD decile.

    Parameters
    ----------
    deciles : DataFrame
        As ``metrics.decile_table`` returns it.
    title : str
        Which data and part.
    """
    figure = panel("Where the bad accounts are (bad rate by PD decile)", title)
    axes = figure.axes[0]
    position = np.arange(len(deciles))
    axes.bar(position, deciles["bad_rate"], color=MAIN, width=0.72, label="observed bad rate")
    axes.plot(
        position, deciles["pd_mean"], "o", color=WARM, markersize=5, label="mean predicted PD"
    )
    axes.set_xticks(position, [str(d) for d in deciles["decile"]])
    # Above bar and point: within a low bar a figure could not be read.
    tops = deciles[["bad_rate", "pd_mean"]].max(axis=1)
    for x, rate, top in zip(position, deciles["bad_rate"], tops, strict=True):
        axes.annotate(f"{rate:.1%}", (x, top), xytext=(0, 5), textcoords="offset points",
                      ha="center", fontsize=7.5, color=INK)  # fmt: skip
    axes.set_xlabel("decile of PD, highest first")
    axes.set_ylabel("share that fell behind")
    axes.legend(loc="upper right", frameon=False)
    return figure


def comparison_figure(contestants: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Return the ROC AUC of the model, its peers and its variants, each with its interval.

    Parameters
    ----------
    contestants : sequence of mapping
        ``name, roc_auc: {mean, low, high}``, the model first.
    title : str
        Which data and folds.
    """
    figure = panel(
        "The model beside its peers and variants (ROC AUC, 95 % interval)",
        f"{title}. Folds are shared: judge by the differences in the table.",
        width=7.6,
        height=1.6 + 0.36 * len(contestants),
    )
    axes = figure.axes[0]
    place = np.arange(len(contestants))[::-1]
    for y, one in zip(place, contestants, strict=True):
        auc = one["roc_auc"]
        axes.plot([auc["low"], auc["high"]], [y, y], color=SECOND, linewidth=2)
        axes.plot(auc["mean"], y, "o", color=WARM if one["name"] == "model" else MAIN)
        axes.annotate(f"{auc['mean']:.3f}", (auc["high"], y), xytext=(6, 0),
                      textcoords="offset points", va="center", fontsize=8, color=INK)  # fmt: skip
    axes.set_yticks(place, [str(one["name"]).replace("_", " ") for one in contestants])
    axes.set_xlabel("ROC AUC; mean of the folds, corrected interval")
    axes.margins(x=0.15)
    axes.grid(axis="y", visible=False)
    return figure


def ablation_figure(sets: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Return the ROC AUC of every set of tables, with its interval.

    Parameters
    ----------
    sets : sequence of mapping
        ``name, n_features, roc_auc: {mean, low, high}``, and ``difference`` where there is one.
    title : str
        Which data and part.
    """
    figure = panel(
        "What each table is worth (ROC AUC, 95 % interval)",
        f"{title}. Intervals of the levels share their accounts: judge a table by its difference.",
        width=7.6,
        height=1.6 + 0.36 * len(sets),
    )
    axes = figure.axes[0]
    place = np.arange(len(sets))[::-1]
    for y, one in zip(place, sets, strict=True):
        auc = one["roc_auc"]
        alone = str(one["name"]).startswith("all but")
        axes.plot([auc["low"], auc["high"]], [y, y], color=SECOND, linewidth=2)
        axes.plot(auc["mean"], y, "o", color=WARM if alone else MAIN, markersize=6)
        words = f"{auc['mean']:.3f}"
        if gap := one.get("difference"):
            by = gap["roc_auc"]
            words += f"   {by['mean']:+.3f} [{by['low']:+.3f}, {by['high']:+.3f}]"
        axes.annotate(words, (auc["high"], y), xytext=(6, 0), textcoords="offset points",
                      va="center", fontsize=8, color=INK)  # fmt: skip
    axes.set_yticks(place, [f"{one['name']} ({one['n_features']})" for one in sets])
    low = min(one["roc_auc"]["low"] for one in sets)
    high = max(one["roc_auc"]["high"] for one in sets)
    axes.set_xlim(low - 0.01, high + 0.75 * (high - low) + 0.01)
    axes.set_xlabel("ROC AUC; the difference is to the set before, or to all tables")
    axes.grid(axis="y", visible=False)
    return figure
