import io
from dataclasses import asdict

import numpy as np
import pytest

from delinquency.reporting.truth_audit_page import audit_figure, audit_page
from delinquency.traits import TRAITS
from delinquency.validation.attribution_slope import TraitSwaps, sizes
from delinquency.validation.audit_options import AuditOptions
from delinquency.validation.truth_scores import compare, leakage


def _report(phi, tau):
    options = AuditOptions(resamples=10)
    scores = compare(
        {"exact traits": phi, "constant": np.zeros_like(phi), "upside down": -phi}, tau,
        pd_hat=np.full(len(tau), 0.2), traits=tuple(TRAITS), options=options, seed=0,
    )  # fmt: skip
    one, other = np.split(np.arange(len(tau)), 2)
    first, second = np.concatenate([one, other]), np.concatenate([other, one])
    # Coalitions of nobody and of one trait: enough for effects that add up.
    own = np.vstack([np.zeros(6, np.bool_), np.eye(6, dtype=np.bool_)])
    worth = np.column_stack([np.where(o, tau[first], tau[second]).sum(axis=1) for o in own]) - 3
    alone = np.vstack([-np.ones(6), np.eye(6)])
    scores["exact traits"]["score"] |= sizes(
        phi, TraitSwaps(first, second, worth, alone), traits=tuple(TRAITS), options=options, seed=0
    )
    return {
        "data": "Made <portfolio> (SYNTHETIC accounts)", "n_accounts": len(tau),
        "n_above_cut_off": len(tau), "options": asdict(options),
        "explanations": {
            name: {
                kind: {
                    figure: {k: v if np.isfinite(v) else None for k, v in asdict(one).items()}
                    for figure, one in figures.items()
                }
                for kind, figures in parts.items()
            }
            for name, parts in scores.items()
        },
        "leakage": leakage(phi, tau).tolist(),
        "placebo": {"trait": "debt_burden", "size": 0.04, "top": 0.0},
        "notes": ["LIME is not installed."],
    }  # fmt: skip


def test_the_page_shows_scores_intervals_and_placebo_and_escapes():
    rng = np.random.default_rng(0)
    tau = rng.normal(size=(60, 6))
    page = audit_page(_report(tau, tau), figure="audit.png")
    assert "100.0% [100.0%,\N{NO-BREAK SPACE}100.0%]" in page  # the truth itself
    # Upside down, everybody's top trait is the lowest. Correlation 1 less -1, in every resample.
    assert "+100.0% [+100.0%,\N{NO-BREAK SPACE}+100.0%]" in page
    assert "+2.0000 [+2.0000,\N{NO-BREAK SPACE}+2.0000]" in page
    # The truth's own values, in a world whose effects add up.
    assert "1.00\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}1.00" in page
    assert page.count("Slope, traits exchanged") == 2  # by explanation and by trait
    assert "n/a" in page  # a constant has no correlation
    assert "debt_burden has no true effect" in page
    assert "Made &lt;portfolio&gt;" in page and "<portfolio>" not in page


def test_the_figure_has_a_panel_for_each_trait_and_the_leakage():
    rng = np.random.default_rng(1)
    tau = rng.normal(size=(40, 6))
    phi = tau + rng.normal(size=tau.shape)
    figure = audit_figure(phi, tau, slopes=[0.5] * 5 + [np.nan], title="made")
    assert len(figure.axes) == 7
    _, exchanged = figure.axes[0].lines
    (x0, x1), (y0, y1) = exchanged.get_data()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(0.5)
    assert len(figure.axes[5].lines) == 1  # a trait that does not vary has no slope to draw
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    assert buffer.getvalue().startswith(b"\x89PNG")
