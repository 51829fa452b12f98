"""The portfolio report: how near the synthetic portfolio is to public figures, on one page."""

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from delinquency.reporting.figure_svg import bilingual_svg
from delinquency.reporting.figure_words import figure_words
from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.pages import in_page, page_environment
from delinquency.reporting.portfolio_words import BASES_ZH, portfolio_figure_zh
from delinquency.reporting.run_words import EXCLUSIONS_ZH
from delinquency.synthetic.published_figures import Figure
from delinquency.synthetic.realism import Calibration
from delinquency.traits import TRAITS

INK, ACCENT, SECOND = "#1c2430", "#1d4f91", "#b23c17"
VINTAGES_SHOWN = 6
AGES_SHOWN = (6, 12, 18, 24, 36)
"""Months on book of the vintage table."""


def portfolio_page(calibration: Calibration, *, title: str, title_zh: str = "") -> str:
    """Return the calibration as one self-contained HTML page.

    Parameters
    ----------
    calibration : Calibration
    title, title_zh : str
        Title of the data set; the English stands where there is no Chinese.

    Returns
    -------
    str
        HTML with its pictures inside; everything from data is escaped.
    """
    environment = page_environment()
    environment.filters["value"] = _value
    environment.filters["target"] = _target
    words = figure_words(title, title_zh)
    with mpl.rc_context({"font.size": 9, "axes.edgecolor": "#8794a3", "text.color": INK}):
        pictures = {
            name: in_page(bilingual_svg(draw(calibration), name, words), said)
            for name, (draw, said) in PICTURES.items()
        }
    page = environment.get_template("portfolio.html").render(
        title=title,
        title_zh=title_zh,
        name_zh=portfolio_figure_zh,
        bases_zh=BASES_ZH,
        exclusions_zh=EXCLUSIONS_ZH,
        figures=calibration.figures,
        near=sum(figure.near is True for figure in calibration.figures),
        data=calibration.to_dict(),
        traits=TRAITS,
        ages=AGES_SHOWN,
        vintages=_vintage_rows(calibration),
        pictures=pictures,
    )
    return with_policy(page)


def _vintage_rows(calibration: Calibration) -> list[dict[str, Any]]:
    """Return for every opening quarter the share that was ever bad at some months on book."""
    rows = []
    for vintage, frame in calibration.vintages.groupby("vintage"):
        shares = dict(zip(frame["months_on_book"], frame["ever_bad"], strict=True))
        rows.append(
            {
                "opened": f"{vintage:%Y-%m}",
                "accounts": int(frame["accounts"].iloc[0]),
                "shares": [shares.get(age) for age in AGES_SHOWN],
            }
        )
    return rows


def _value(figure: Figure) -> str:
    """Return the measured value with its unit."""
    return _amount(figure.measured, figure.unit)


def _target(figure: Figure) -> str:
    """Return the target range with its unit."""
    low, high = _amount(figure.low, figure.unit), _amount(figure.high, figure.unit)
    return low if low == high else f"{low}\N{EN DASH}{high}"


def _amount(value: float, unit: str) -> str:
    if value != value:
        return "not known"
    formats = {"share": "{:.1%}", "money": "{:,.0f}", "ratio": "{:.2f}", "auc": "{:.3f}"}
    return formats[unit].format(value)


def _canvas(width: float, height: float) -> tuple[Canvas, Any]:
    """Return an empty picture and its axes."""
    canvas = Canvas(figsize=(width, height), layout="constrained")
    axes = canvas.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return canvas, axes


def _months(calibration: Calibration) -> Canvas:
    """Draw misses and late accounts by month."""
    canvas, axes = _canvas(7.2, 2.8)
    rows = calibration.by_month
    months = rows["month"].to_numpy()
    axes.plot(months, 100 * rows["late_30"], color=ACCENT, label="30+ days past due")
    axes.plot(months, 100 * rows["missed"], color=SECOND, label="current, then missed")
    axes.set_ylabel("% of accounts")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, ncols=2)
    return canvas


def _vintages(calibration: Calibration) -> Canvas:
    """Draw the share of each opening quarter that was ever bad."""
    canvas, axes = _canvas(7.2, 2.8)
    groups = list(calibration.vintages.groupby("vintage"))[:VINTAGES_SHOWN]
    for place, (vintage, rows) in enumerate(groups):
        shade = mpl.colormaps["viridis"](place / max(len(groups), 1))
        label = f"{vintage:%Y-%m} ({rows['accounts'].iloc[0]})"
        axes.plot(rows["months_on_book"], 100 * rows["ever_bad"], color=shade, label=label)
    axes.set_xlabel("months on book")
    axes.set_ylabel("% ever 60 days past due")
    if groups:
        axes.legend(frameon=False, ncols=2, title="opened in the quarter from (accounts)")
    return canvas


def _traits(calibration: Calibration) -> Canvas:
    """Draw how often each trait dominates among the riskiest tenth."""
    canvas, axes = _canvas(7.2, 2.2)
    rows = calibration.traits.iloc[::-1]
    names = [f"{TRAITS[key].number} {TRAITS[key].short}" for key in rows["trait"]]
    axes.barh(names, 100 * rows["dominant_share"], color=ACCENT)
    axes.set_xlabel("% of the riskiest tenth in which the trait dominates")
    return canvas


PICTURES: Mapping[str, tuple[Callable[[Calibration], Canvas], tuple[str, str]]] = {
    "months": (_months, (
        "Share of accounts that miss a payment and share 30 days and more past due, by month",
        "各月漏还的账户占比与逾期30天以上的账户占比",
    )),
    "vintages": (_vintages, (
        "Share of accounts ever 60 days past due by months on book and opening quarter",
        "各开户季度按账龄曾逾期60天以上的账户占比",
    )),
    "traits": (_traits, (
        "Share of the riskiest tenth of accounts in which each trait dominates",
        "风险最高十分之一账户中各方面主导的占比",
    )),
}  # fmt: skip
"""Each picture of the page, with a name in both languages for who cannot see it."""
