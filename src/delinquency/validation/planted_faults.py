"""Faults to plant into simulated portfolios, each with the item that has to catch it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from delinquency.log_odds import probability
from delinquency.named_choices import Registry
from delinquency.validation.check_inputs import Array, Evidence, Rows
from delinquency.validation.check_record import AMBER, RED
from delinquency.validation.simulated_evidence import (
    COEFFICIENTS,
    NAMES,
    TEST_MONTH,
    drawn_rows,
    linear_score,
    seen_again,
)

Plant = Callable[[Evidence, np.random.Generator], Evidence]


@dataclass(frozen=True)
class Fault:
    """One planted fault.

    Attributes
    ----------
    name : str
    caught_by : int
        Number of the item that must turn red.
    plant : callable
        (evidence, random numbers) -> evidence with the fault.
    state : str
        Light that counts as caught: amber where the check knows no red.
    """

    name: str
    caught_by: int
    plant: Plant
    state: str = RED


FAULTS: Registry[Fault] = Registry("fault")
"""Every fault by name."""


def fault(name: str, *, caught_by: int, state: str = RED) -> Callable[[Plant], Plant]:
    """Return a decorator that registers a planted fault."""

    def register(plant: Plant) -> Plant:
        FAULTS.add(name, Fault(name, caught_by, plant, state))
        return plant

    return register


def _test(evidence: Evidence, **changes: object) -> Evidence:
    return replace(evidence, test=replace(evidence.test, **changes))  # type: ignore[arg-type]


def _scored(rows: Rows, raw_score: Array) -> Rows:
    return replace(rows, raw_score=raw_score, pd_hat=probability(raw_score))


@fault("purpose is not written", caught_by=1)
def no_purpose(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Leave the evidence; the harness runs this one without documents."""
    return evidence


@fault("most accounts at 60 days past due recover", caught_by=2)
def harmless_mark(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let two in five of those at the mark get worse."""
    assert evidence.panel is not None
    lost = rng.binomial(500, 0.40) / 500
    return replace(
        evidence,
        panel=replace(
            evidence.panel, worse_later=evidence.panel.worse_later.assign(never_recover=lost)
        ),
    )


@fault("days past due that jump by months", caught_by=3)
def jumping_days(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let three steps of ten thousand be impossible."""
    assert evidence.panel is not None
    return replace(evidence, panel=replace(evidence.panel, impossible_steps=3))


@fault("outcomes looked for in a quarter of a year", caught_by=4, state=AMBER)
def short_window(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Wait three months for outcomes."""
    return replace(evidence, performance_months=3)


@fault("observations dropped in silence", caught_by=5)
def dropped_rows(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Take 1 % of the rows out of the split."""
    keep = rng.random(len(evidence.split)) > 0.01
    return replace(evidence, split=evidence.split[keep])


@fault("a handful of bads", caught_by=6)
def few_bads(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Keep 20 bads in the test."""
    bads = np.flatnonzero(evidence.test.bad == 1)
    bad = evidence.test.bad.copy()
    bad[rng.permutation(bads)[20:]] = 0.0
    return _test(evidence, bad=bad)


@fault("an account on both sides of the split", caught_by=7)
def shared_account(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Give one test account the group of a training account."""
    split = evidence.split.copy()
    first = split.index[split["part"] == "test"][0]
    split.loc[first, "group_id"] = split.loc[split["part"] == "train", "group_id"].iloc[0]
    return replace(evidence, split=split)


@fault("an outcome that reaches into the test", caught_by=7)
def late_outcome(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Observe one training row within the performance window of the test."""
    split = evidence.split.copy()
    first = split.index[split["part"] == "train"][0]
    split.loc[first, "observation_month"] = pd.Timestamp("2023-06-01")
    return replace(evidence, split=split)


@fault("the strongest driver has moved", caught_by=8)
def moved_driver(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Move the strongest feature by 0.8 standard deviations in the test."""
    name = str(evidence.importance.idxmax())
    return _test(evidence, X=evidence.test.X.assign(**{name: evidence.test.X[name] + 0.8}))


@fault("a feed is missing for a fifth of the accounts", caught_by=9)
def missing_feed(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Blank one table's features in a fifth of the test rows."""
    gone = rng.random(len(evidence.test)) < 0.2
    X = evidence.test.X.copy()
    X.loc[gone, list(NAMES[2:4])] = np.nan
    return _test(evidence, X=X)


@fault("a leaking column", caught_by=10)
def leaking_column(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let a feature know the outcome, with noise: AUC about 0.96."""
    name = NAMES[0]
    leak = evidence.test.bad * 2.5 + rng.normal(size=len(evidence.test))
    return _test(evidence, X=evidence.test.X.assign(**{name: leak}))


@fault("a fact from the future", caught_by=10)
def future_fact(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let a month's older facts rank far worse."""
    assert evidence.shift_auc is not None
    now, before, error = evidence.shift_auc
    return replace(evidence, shift_auc=(now, before - 0.1, error))


@fault("permuted labels can be ranked", caught_by=10)
def ranked_placebo(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let a model of random labels rank the test."""
    assert evidence.placebo_auc is not None
    return replace(evidence, placebo_auc=(0.58, evidence.placebo_auc[1]))


@fault("a feature without a reason", caught_by=11)
def undocumented(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Take one feature's words away."""
    known = dict(evidence.meanings)
    known[NAMES[3]] = replace(known[NAMES[3]], phrase="")
    return replace(evidence, meanings=known)


def _with_score(evidence: Evidence, coefficients: Array) -> Evidence:
    """Return the evidence of a model with other coefficients, whose outcomes stay."""

    def score(X: pd.DataFrame) -> Array:
        return linear_score(X, coefficients)

    return replace(evidence, score=score, test=_scored(evidence.test, score(evidence.test.X)))


@fault("a reversed feature", caught_by=12)
def reversed_feature(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Turn the sign of one feature."""
    coefficients = COEFFICIENTS.copy()
    coefficients[int(rng.integers(len(NAMES)))] *= -1
    return _with_score(evidence, coefficients)


@fault("a feature with a twin in another trait", caught_by=13, state=AMBER)
def twin(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let a feature of one trait be nearly that of another."""
    X = evidence.train.X
    near = X[NAMES[0]] + 0.2 * rng.normal(size=len(X))
    train = replace(evidence.train, X=X.assign(**{NAMES[2]: near}))
    return replace(evidence, train=train)


@fault("scores that rank hardly at all", caught_by=14)
def blunt_scores(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Mix noise of three standard deviations into the scores."""
    raw = evidence.test.raw_score
    noisy = raw.mean() + (raw - raw.mean() + 3 * raw.std() * rng.normal(size=len(raw))) / 3
    return replace(evidence, test=_scored(evidence.test, noisy))


@fault("performance lost since development", caught_by=14)
def fallen(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let refits fall by 0.08 from development to the test."""
    assert evidence.refits is not None
    refits = replace(evidence.refits, auc_left_out=evidence.refits.auc_test + 0.08)
    return replace(evidence, refits=refits)


@fault("bads and goods hardly apart", caught_by=15)
def not_apart(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """As for scores that rank hardly at all."""
    return blunt_scores(evidence, rng)


@fault("the accounts at the top are random", caught_by=16)
def random_top(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Exchange the riskiest tenth with random accounts."""
    raw = evidence.test.raw_score.copy()
    top = np.argsort(-raw)[: len(raw) // 10]
    drawn = rng.choice(len(raw), len(top), replace=False)
    raw[top], raw[drawn] = raw[drawn], raw[top].copy()
    return replace(evidence, test=_scored(evidence.test, raw))


@fault("two tenths in the wrong order", caught_by=17)
def wrong_order(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Exchange the scores of the second and the sixth tenth."""
    raw = evidence.test.raw_score.copy()
    order = np.argsort(-raw)
    n = len(raw) // 10
    second, sixth = order[n : 2 * n], order[5 * n : 6 * n]
    raw[second], raw[sixth] = raw[sixth], raw[second].copy()
    return replace(evidence, test=_scored(evidence.test, raw))


@fault("a segment that is not ranked", caught_by=18)
def blind_segment(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Shuffle the scores within one segment."""
    raw = evidence.test.raw_score.copy()
    own = np.flatnonzero(evidence.segments["standing"] == "late")
    raw[own] = rng.permutation(raw[own])
    return replace(evidence, test=_scored(evidence.test, raw))


@fault("a simple challenger is ahead", caught_by=19)
def beaten(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Blunt the model a little; the challenger is the truth."""
    raw = evidence.test.raw_score
    blunt = raw + rng.normal(0, raw.std(), len(raw))
    challengers = {"The truth": evidence.test.pd_hat}
    return replace(evidence, test=_scored(evidence.test, blunt), challengers=challengers)


@fault("a level that is off by a third", caught_by=20)
def level_off(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Raise every score by 0.45."""
    return replace(evidence, test=_scored(evidence.test, evidence.test.raw_score + 0.45))


@fault("scores that are too sure", caught_by=21)
def too_sure(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Stretch the scores by half around their mean."""
    raw = evidence.test.raw_score
    return replace(evidence, test=_scored(evidence.test, raw.mean() + 1.5 * (raw - raw.mean())))


@fault("tenths that do not fit", caught_by=22)
def tenths_off(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Bend the scores: too low in the middle, too high at the top."""
    return too_sure(evidence, rng)


@fault("a calibration error of three points", caught_by=23)
def bent(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Raise every score by 0.45: five points at the top, one at the bottom."""
    return level_off(evidence, rng)


@fault("PDs of the riskier grades too low", caught_by=24)
def low_grades(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Lower the scores above a PD of 4 % by half."""
    raw = evidence.test.raw_score
    lowered = np.where(evidence.test.pd_hat > 0.04, raw - 0.5, raw)
    return replace(evidence, test=_scored(evidence.test, lowered))


@fault("a year and a half of outcomes", caught_by=25, state=AMBER)
def short_history(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let the development be of the half year before the test."""
    months = np.full(len(evidence.train), np.datetime64("2023-06", "M"))
    return replace(evidence, train=replace(evidence.train, months=months))


@fault("PDs lower by a fifth than the bads", caught_by=26, state=AMBER)
def no_margin(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Lower every score by 0.25."""
    return _test(evidence, pd_hat=probability(evidence.test.raw_score - 0.25))


@fault("a drifted month", caught_by=27)
def drifted_month(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Draw the test from a month in which every feature is worse by 0.35."""
    moved = drawn_rows(rng, len(evidence.test), first=10**6, months=(TEST_MONTH,), drift=0.35)
    return replace(evidence, test=moved)


@fault("a shifted table", caught_by=28)
def shifted_table(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Move one table's features by 0.7 standard deviations in the test."""
    moved = {name: evidence.test.X[name] + 0.7 for name in NAMES[6:8]}
    return _test(evidence, X=evidence.test.X.assign(**moved))


@fault("grades that jump from month to month", caught_by=29, state=AMBER)
def jumping_grades(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let one wild feature swing every earlier score by three units of log-odds."""
    earlier = evidence.train
    swung = earlier.raw_score + rng.normal(0, 3, len(earlier))
    return replace(evidence, train=_scored(earlier, swung))


@fault("an adverse shock that lowers the risk", caught_by=30)
def wrong_shock(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Turn the signs of one trait's features."""
    coefficients = COEFFICIENTS.copy()
    coefficients[2:4] *= -1
    return _with_score(evidence, coefficients)


@fault("PDs that swing with every refit", caught_by=31)
def swinging(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Multiply the odds of every refit by noise."""
    assert evidence.refits is not None
    old = evidence.refits
    odds = old.pd_hat / (1 - old.pd_hat) * np.exp(rng.normal(0, 0.5, old.pd_hat.shape))
    return replace(evidence, refits=replace(old, pd_hat=odds / (1 + odds)))


@fault("no score without one table", caught_by=32)
def brittle(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let the score break where values are missing."""

    def score(X: pd.DataFrame) -> Array:
        gone = X[list(NAMES)].isna().any(axis=1).to_numpy()
        return np.where(gone, np.nan, linear_score(X))

    return replace(evidence, score=score)


@fault("a group that is flagged more often", caught_by=33)
def flagged_group(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Raise the scores of one sex so far that a third of it is flagged."""
    own = (evidence.protected["sex"] == "female").to_numpy() & (
        rng.random(len(evidence.test)) < 0.7
    )
    protected = evidence.protected.assign(sex=np.where(own, "female", "male"))
    raw = evidence.test.raw_score
    some = own & (rng.random(len(raw)) < 0.29)
    return replace(
        evidence, protected=protected, test=_scored(evidence.test, np.where(some, raw + 6.0, raw))
    )


@fault("a group with a biased label", caught_by=34)
def biased_label(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let three in five of one sex's bads go unrecorded."""
    own = (evidence.protected["sex"] == "female").to_numpy()
    hidden = own & (evidence.test.bad == 1) & (rng.random(len(own)) < 0.6)
    return _test(evidence, bad=np.where(hidden, 0.0, evidence.test.bad))


@fault("trait values that do not add up", caught_by=35)
def not_additive(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Lose a thousandth of one trait."""
    phi = evidence.test.phi.copy()
    phi[:, 2] *= 0.999
    return _test(evidence, phi=phi)


@fault("two traits swapped", caught_by=35)
def swapped_traits(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Exchange two columns of trait values: they still add up."""
    first, second = rng.choice(evidence.test.phi.shape[1], 2, replace=False)
    phi = evidence.test.phi.copy()
    phi[:, [first, second]] = phi[:, [second, first]]
    return _test(evidence, phi=phi)


@fault("reasons that change with every refit", caught_by=36)
def fickle_reasons(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Add noise to the trait values of every refit."""
    assert evidence.refits is not None
    noise = rng.normal(0, 0.5, evidence.refits.phi.shape)
    return replace(evidence, refits=replace(evidence.refits, phi=evidence.refits.phi + noise))


@fault("a trait blamed for another's effect", caught_by=37)
def wrong_blame(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Exchange two columns of trait values, as for the accuracy, against the truth."""
    return swapped_traits(evidence, rng)


@fault("people decide otherwise in every sixth case", caught_by=38, state=AMBER)
def overridden(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Let 50 of 300 decisions differ from what was proposed."""
    assert evidence.overrides is not None
    decided = evidence.overrides["decided"].where(evidence.overrides.index >= 50, "none")
    return replace(evidence, overrides=evidence.overrides.assign(decided=decided))


@fault("nobody owns or watches the model", caught_by=39)
def unwatched(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Leave the evidence; the harness runs this one without documents."""
    return evidence


@fault("a run that cannot be repeated", caught_by=40)
def unrecorded(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Lose the digests of data and choices."""
    record: Mapping[str, object] = {**evidence.record, "data_digest": "", "config_digest": ""}
    return replace(evidence, record=record)


WITHOUT_DOCUMENTS = ("purpose is not written", "nobody owns or watches the model")
"""Faults of the papers: the harness runs the checks without any."""
SEEN_AGAIN: Mapping[int, Plant] = {29: seen_again}
"""Items that need another right portfolio than the others, and how to make it."""
