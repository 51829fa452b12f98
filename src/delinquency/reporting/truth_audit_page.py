"""The audit of explanations as a figure and a page."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from delinquency.panel.windows import Array
from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.pages import page_environment
from delinquency.traits import TRAITS
from delinquency.validation.truth_scores import attribution_slope, correlation, leakage

FIGURES = (
    ("top_hit", "Top trait right"),
    ("effect_found", "Effect of the named trait, of the largest"),
    ("top_two_recall", "Top two found"),
    ("sign_agreement", "Sign right"),
    ("pearson", "Correlation"),
)

TOGETHER = "\N{NO-BREAK SPACE}"
"""A narrow window breaks a line between a figure and its interval, not within the interval."""


def audit_figure(phi: Array, tau: Array, *, slopes: Sequence[float], title: str) -> Figure:
    """Return trait values against the truth, a panel a trait, and the leakage matrix.

    Parameters
    ----------
    phi, tau : ndarray of shape (n_accounts, 6), log-odds
    slopes : sequence of 6 floats
        With traits exchanged between accounts; drawn as a line. NaN where there is none.
    title : str
        Which data.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(13, 6.6), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"Trait values against the causal truth: {title}", x=0.01, ha="left")
    grid = figure.add_gridspec(2, 5, width_ratios=(1, 1, 1, 0.08, 1.5))
    for position, trait in enumerate(TRAITS.values()):
        axes = figure.add_subplot(grid[position // 3, position % 3])
        own, true = phi[:, position], tau[:, position]
        axes.scatter(own, true, s=5, alpha=0.35, color="#1f6f8b", linewidths=0)
        ends = np.array([min(own.min(), true.min()), max(own.max(), true.max())])
        axes.plot(ends, ends, color="#99a8b2", linewidth=1, label="1 is right")
        exchanged = slopes[position]
        if np.isfinite(exchanged):
            seen = np.array([own.min(), own.max()])
            axes.plot(seen, true.mean() + exchanged * (seen - own.mean()), color="#c8553d",
                      linewidth=1.6, label="traits exchanged")  # fmt: skip
        if not position:
            axes.legend(fontsize=7, frameon=False, loc="upper left")
        axes.set_title(
            f"{trait.number} {trait.short}: r {correlation(own, true):.2f}\nslope "
            f"{exchanged:.2f}, by account {attribution_slope(own, true):.2f}",
            fontsize=9, loc="left",
        )  # fmt: skip
        axes.set_xlabel("trait value", fontsize=8)
        axes.set_ylabel("true effect", fontsize=8)
        axes.tick_params(labelsize=8)
    _heat(figure, grid[:, 4], leakage(phi, tau))
    return figure


def audit_page(report: Mapping[str, Any], *, figure: str) -> str:
    """Return the audit as one HTML page beside its figure.

    Parameters
    ----------
    report : mapping
        As the stage writes it to JSON.
    figure : str
        Address of the figure, relative to the page.

    Returns
    -------
    str
    """
    environment = page_environment()
    environment.filters["figure"] = _text
    environment.filters["by_trait"] = _range_by_trait
    page = environment.get_template("audit.html").render(
        report=report, figures=FIGURES, figure=figure, traits=list(TRAITS.values())
    )
    return with_policy(page)


def _heat(figure: Figure, place: Any, values: Sequence[Sequence[float]] | Array) -> None:
    """Draw the leakage matrix."""
    axes = figure.add_subplot(place)
    matrix = np.asarray(values)
    axes.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
    names = [trait.short for trait in TRAITS.values()]
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    for row, column in np.ndindex(matrix.shape):
        dark = abs(matrix[row, column]) > 0.6
        axes.text(column, row, f"{matrix[row, column]:.2f}", ha="center", va="center",
                  fontsize=7, color="white" if dark else "#1f2933")  # fmt: skip
    axes.set_title("Leakage: trait value (row) with another's\ntrue effect (column), own held",
                   fontsize=9, loc="left")  # fmt: skip


def _range_by_trait(score: Mapping[str, Mapping[str, float | None]], name: str) -> str:
    """Return the smallest and the largest of a figure's values by trait."""
    found = [score[f"{name}/{key}"]["value"] for key in TRAITS if f"{name}/{key}" in score]
    known = [value for value in found if value is not None and value == value]
    return f"{min(known):.2f} to {max(known):.2f}".replace(" ", TOGETHER) if known else "n/a"


def _text(estimate: Mapping[str, float | None] | None, name: str) -> str:
    """Return an estimate with its interval."""
    if estimate is None or estimate["value"] is None or estimate["value"] != estimate["value"]:
        return "n/a"
    value, low, high = (estimate[key] or 0.0 for key in ("value", "low", "high"))
    if name == "pearson_ahead":
        return f"{value:+.4f} [{low:+.4f},{TOGETHER}{high:+.4f}]"
    if name == "top_hit_ahead":
        return f"{value:+.1%} [{low:+.1%},{TOGETHER}{high:+.1%}]"
    if name in ("pearson", "slope"):
        return f"{value:.2f} [{low:.2f},{TOGETHER}{high:.2f}]"
    return f"{value:.1%} [{low:.1%},{TOGETHER}{high:.1%}]"
