import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import delinquency
from delinquency.errors import DataError
from delinquency.log_odds import probability
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.outcomes import label_outcomes
from delinquency.panel.schema import TABLES
from delinquency.synthetic import parameters as p
from delinquency.synthetic.account_history import next_state, simulate_life
from delinquency.synthetic.blocks import blocks
from delinquency.synthetic.generator import generate_portfolio
from delinquency.synthetic.hidden_truth import (
    KEYS,
    audit_observations,
    causal_truth,
    hidden_lives,
    present_lives,
    shapley_weights,
)
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.synthetic.trait_swaps import swapped_traits
from delinquency.traits import TRAITS

SETTINGS = {"name": "synthetic", "n_accounts": 200, "n_months": 20, "seed": 9, "tables": []}


def all_lives(options):
    lives = [hidden_lives(options, block) for block in blocks(options)]
    return pd.concat(lives, ignore_index=True)


@pytest.fixture(scope="module")
def observations():
    tables = generate_portfolio(SyntheticData(**SETTINGS))
    labels = label_outcomes(tables["statements"], None, LabelOptions(history_months=6)).frame
    return audit_observations(labels, SyntheticData(**SETTINGS, audit_accounts=12))


def truth_of(observations, **choices):
    options = SyntheticData(**(SETTINGS | {"audit_paths": 60} | choices))
    return causal_truth(options, present_lives(options, observations))


def taus(frame):
    return frame[[f"tau_{key}" for key in TRAITS]]


@pytest.mark.slow  # the first to call it compiles it
def test_the_causal_truth_adds_up(observations):
    frame = truth_of(observations)
    whole = frame["worth_00"] + taus(frame).sum(axis=1)
    assert np.abs(whole - frame["worth_63"]).max() < 1e-9
    # The base is a person of average traits without arrears: the same for all in one month.
    assert np.ptp(frame["worth_00"]) < 1e-12


def test_the_causal_truth_is_reproducible_row_by_row(observations):
    whole = truth_of(observations)
    alone = truth_of(observations.iloc[[3]])
    pd.testing.assert_frame_equal(whole.iloc[[3]].reset_index(drop=True), alone)


def test_a_placebo_trait_has_no_true_effect(observations):
    frame = truth_of(observations.iloc[:0], placebo="debt_burden")
    assert len(frame) == 0
    options = SyntheticData(**SETTINGS, placebo="debt_burden", audit_accounts=5, audit_paths=20)
    labels = label_outcomes(
        generate_portfolio(options)["statements"], None, LabelOptions(history_months=6)
    ).frame
    frame = causal_truth(options, present_lives(options, audit_observations(labels, options)))
    assert frame["tau_debt_burden"].abs().max() < 1e-12
    assert (frame["tau_repayment_capacity"].abs() > 0.0).any()
    hidden = all_lives(options)
    assert (hidden["proximate_debt_burden"] == 0.0).all()
    assert hidden["latent_debt_burden"].std() > 0.5


def test_the_computed_chance_agrees_with_drawing_every_payment(observations):
    """The same account, its payments drawn one by one with the generator's own function."""
    options = SyntheticData(**SETTINGS, audit_paths=400)
    frame = causal_truth(options, present_lives(options, observations))
    row = int(frame["worth_63"].argmax())
    name, month = observations.loc[row, "account_id"], observations.loc[row, "observation_month"]
    block = next(blocks(options))
    life = simulate_life(options, block)
    place = int(name[1:8])
    at = int(np.datetime64(month, "M").astype(int) - life.months[0])
    drawn = _share_bad(options, life, place, at, n=40_000)
    # Standard error of the drawn share, and as much again for the 400 futures of the other.
    error = 3 * np.sqrt(drawn * (1 - drawn) / 40_000) + 0.03
    assert abs(drawn - probability(frame.loc[row, "worth_63"])) < error


def _share_bad(options, life, place, at, *, n):
    random = np.random.default_rng(0)
    truth = p.weighting(options)
    level = np.repeat(life.levels[:, [life.holder[place, at]]], n, axis=1)
    z = np.repeat(life.latent[:, place, [at]], n, axis=1)
    work, upset, memory = (
        np.full(n, getattr(life, name)[place, at])
        for name in ("unemployed", "grievance", "memory")
    )
    state = np.full(n, life.state[place, at])
    worst = state.copy()
    for h in range(1, 13):
        month = np.array([life.months[at] + h])
        macro = p.macro_cycle(month)[0]
        parts = p.contributions(truth.weights, p.raw_contributions(z, work, upset, memory))
        shared = p.MACRO_EFFECT * macro + p.season(month)[0]
        state = next_state(truth, state, p.trait_log_odds(parts), shared, random.random((2, n)))
        worst = np.maximum(worst, state)
        noise = random.standard_normal((6, n))
        z = level + p.PERSISTENCE[:, None] * (z - level) + p.INNOVATION[:, None] * noise
        lose = p.JOB_LOSS_RATE * np.exp(p.JOB_LOSS_MACRO * macro + p.JOB_LOSS_TRAIT * z[0])
        find = p.JOB_FOUND_RATE * np.exp(p.JOB_FOUND_MACRO * macro)
        u = random.random(n)
        work = np.where(work == 1, u >= find, u < lose) * 1.0
        hazard = p.GRIEVANCE_RATE * np.exp(p.GRIEVANCE_TRAIT * z[4])
        upset = p.GRIEVANCE_DECAY * upset + p.GRIEVANCE_SIZE * (random.random(n) < hazard)
        memory = p.MEMORY_DECAY * memory + p.MEMORY_STEP * (state >= 1)
    return float((worst >= 3).mean())


def test_shapley_weights_share_an_interaction_equally_and_give_an_own_effect_whole():
    values = np.array([2.0 * (c & 1) + 3.0 * ((c & 6) == 6) for c in range(64)])
    # Trait 1 alone: 2. Traits 2 and 3 together: 3, so 1.5 each.
    assert np.allclose(values @ shapley_weights(), [2.0, 1.5, 1.5, 0.0, 0.0, 0.0])


def test_an_observation_of_another_portfolio_is_refused(observations):
    with pytest.raises(DataError, match="of this portfolio"):
        truth_of(observations.assign(account_id="S0000900-00"))
    with pytest.raises(DataError, match="of this portfolio"):
        truth_of(observations.assign(account_id="S0000001-55"))


def test_the_true_contributions_are_centred_on_accounts_that_can_be_scored():
    hidden = all_lives(SyntheticData(name="s", n_accounts=4_000, n_months=24))
    scorable = hidden[hidden["hidden_state"] <= 1]
    means = scorable[[f"proximate_{key}" for key in TRAITS]].mean()
    assert means.abs().max() < 0.05


def test_the_hidden_lives_have_the_rows_of_the_statements():
    options = SyntheticData(**SETTINGS)
    hidden = all_lives(options)
    statements = generate_portfolio(options)["statements"]
    assert hidden["account_id"].equals(statements["account_id"])
    late = (statements["days_past_due"] + 29) // 30
    assert (late.clip(upper=7) == hidden["hidden_state"]).all()


def test_no_column_of_the_truth_is_a_column_of_the_tables(observations):
    options = SyntheticData(**SETTINGS)
    hidden = set().union(
        all_lives(options), truth_of(observations.iloc[:1]),
        swapped_traits(options, present_lives(options, observations.iloc[:2])),
    )  # fmt: skip
    known = {name for table in TABLES.values() for name in table.column_names}
    keys = set(KEYS)
    assert not (hidden - keys) & (known - keys)


def test_neither_features_nor_models_nor_sources_can_import_the_truth():
    """The import floors forbid it too; this names the module whose reading would be cheating."""
    root = Path(delinquency.__file__).parent
    readers = [
        file
        for folder in ("features", "sources", "modeling")
        for file in (root / folder).rglob("*.py")
    ]
    readers += [root / name for name in ("windows.py", "labels.py", "rolls.py", "splits.py")]
    for file in (file for file in readers if file.exists()):
        imported = {
            name
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            for name in (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in getattr(node, "names", []) if hasattr(alias, "name")]
                if isinstance(node, ast.Import)
                else []
            )
        }
        assert not any(name.startswith("delinquency.synthetic") for name in imported), file
