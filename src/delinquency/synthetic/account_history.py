"""The hidden lives: latent traits, shocks and repayment states, month by month."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.log_odds import probability
from delinquency.synthetic import parameters as p
from delinquency.synthetic.blocks import Block, block_random, months_simulated
from delinquency.synthetic.parameters import Array
from delinquency.synthetic.portfolio_options import SyntheticData

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Life:
    """What truly happens to the places of a block in every simulated month.

    Attributes
    ----------
    months : ndarray of shape (n_months,)
        Months since 1970-01, burn-in included.
    holder : ndarray of shape (n_places, n_months), int
        Which account holds the place; accounts are numbered by place, then by generation.
    place, generation, opened : ndarray of shape (n_holders,), int
        Of each account: its place, 0 for the place's first, months since 1970-01.
    levels : ndarray of shape (6, n_holders)
        Long-run trait levels of each account's holder.
    latent : ndarray of shape (6, n_places, n_months)
        Latent traits at the end of the month.
    unemployed, grievance, memory : ndarray of shape (n_places, n_months)
    state, state_elsewhere : ndarray of shape (n_places, n_months), int
        Repayment state at the end of the month, here and at other lenders.
    starts : ndarray of shape (n_places, n_months), bool
        The account was opened in this month.
    parts : ndarray of shape (6, n_places, n_months)
        Centred contributions to the log-odds of missing the next payment.
    """

    months: Integers
    holder: Integers
    place: Integers
    generation: Integers
    opened: Integers
    levels: Array
    latent: Array
    unemployed: Array
    grievance: Array
    memory: Array
    state: Integers
    state_elsewhere: Integers
    starts: NDArray[np.bool_]
    parts: Array


def simulate_life(options: SyntheticData, block: Block) -> Life:
    """Simulate the hidden lives of one block.

    Parameters
    ----------
    options : SyntheticData
    block : Block

    Returns
    -------
    Life
        Shapes with ``n_places = block.size`` and ``n_months`` = burn-in + reported months.

    Notes
    -----
    A payment of month t is missed with probability sigmoid(base[s] + slope[s] * x + macro +
    season), where s and x (the traits' sum) are those at the end of month t-1. Charged-off and
    closed accounts are replaced by new ones a month later, else the book would drift to the good.
    """
    months = months_simulated(options)
    n, length = block.size, len(months)
    random = block_random(options, block, "life")
    renewal = block_random(options, block, "renewal")
    truth = p.weighting(options)
    macro, season = p.macro_cycle(months), p.season(months)
    people = _People(renewal, n)
    out = _empty(n, length)
    generation = np.zeros(n, np.int64)
    for t in range(length):
        normals = random.standard_normal((p.N_TRAITS, n))
        uniforms = random.random((8, n))
        if t:
            shared = p.MACRO_EFFECT * macro[t] + season[t]
            ended = _ended(people, uniforms[7])
            people.pay(truth, shared, uniforms)
            people.advance(normals, uniforms, macro[t])
            people.renew(renewal, ended)
            generation += ended
            out["starts"][:, t] = ended
        people.weigh(truth)
        out["generation"][:, t] = generation
        for name in ("latent", "unemployed", "grievance", "memory", "parts"):
            out[name][..., t] = getattr(people, name)
        out["state"][:, t] = people.state
        out["state_elsewhere"][:, t] = people.elsewhere
        out["level"][..., t] = people.level
    return _assemble(months, out)


def _ended(people: "_People", uniform: Array) -> NDArray[np.bool_]:
    """Return which accounts had their last month: charged off, or closed by the customer."""
    closed = (people.state == p.CURRENT) & (uniform < p.CLOSING_RATE)
    return (people.state == p.CHARGED_OFF) | closed


def _empty(n: int, length: int) -> dict[str, NDArray[Any]]:
    """Return empty histories."""
    traits = (p.N_TRAITS, n, length)
    out: dict[str, NDArray[Any]] = {
        name: np.empty(traits) for name in ("latent", "parts", "level")
    }
    out |= {name: np.empty((n, length)) for name in ("unemployed", "grievance", "memory")}
    out |= {
        name: np.empty((n, length), np.int64)
        for name in ("state", "state_elsewhere", "generation")
    }
    out["starts"] = np.zeros((n, length), np.bool_)
    return out


class _People:
    """The holders of a block's places in the current month; arrays are replaced, not changed."""

    def __init__(self, renewal: np.random.Generator, n: int):
        self.level, self.latent = _draw_people(renewal, n)
        self.unemployed = np.zeros(n)
        self.grievance = np.zeros(n)
        self.memory = np.zeros(n)
        self.state = np.zeros(n, np.int64)
        self.elsewhere = np.zeros(n, np.int64)
        self.parts = np.zeros((p.N_TRAITS, n))
        self.parts_elsewhere = self.parts

    def pay(self, truth: p.Weighting, shared: float, uniforms: Array) -> None:
        """Draw this month's payment behaviour, here and at other lenders."""
        self.state = next_state(
            truth, self.state, p.trait_log_odds(self.parts), shared, uniforms[0:2]
        )
        self.elsewhere = np.where(self.elsewhere == p.CHARGED_OFF, p.CURRENT, self.elsewhere)
        self.elsewhere = next_state(
            truth, self.elsewhere, p.trait_log_odds(self.parts_elsewhere), shared, uniforms[2:4]
        )

    def advance(self, normals: Array, uniforms: Array, macro: float) -> None:
        """Let the latent traits, the shocks and the memory move on by a month."""
        gap = self.latent - self.level
        self.latent = self.level + p.PERSISTENCE[:, None] * gap + p.INNOVATION[:, None] * normals
        lose = p.JOB_LOSS_RATE * np.exp(
            p.JOB_LOSS_MACRO * macro + p.JOB_LOSS_TRAIT * self.latent[p.ECONOMY]
        )
        find = p.JOB_FOUND_RATE * np.exp(p.JOB_FOUND_MACRO * macro)
        out_of_work = self.unemployed == 1
        self.unemployed = np.where(out_of_work, uniforms[4] >= find, uniforms[4] < lose) * 1.0
        hazard = p.GRIEVANCE_RATE * np.exp(p.GRIEVANCE_TRAIT * self.latent[p.WILLINGNESS])
        self.grievance = p.GRIEVANCE_DECAY * self.grievance + p.GRIEVANCE_SIZE * (
            uniforms[5] < hazard
        )
        self.memory = p.MEMORY_DECAY * self.memory + p.MEMORY_STEP * (self.state >= 1)

    def renew(self, renewal: np.random.Generator, ended: NDArray[np.bool_]) -> None:
        """Replace the accounts that ended by new ones."""
        if not ended.any():
            return
        level, latent = _draw_people(renewal, int(ended.sum()))
        self.level = self.level.copy()
        self.level[:, ended], self.latent[:, ended] = level, latent
        for values in (self.unemployed, self.grievance, self.memory, self.state, self.elsewhere):
            values[ended] = 0

    def weigh(self, truth: p.Weighting) -> None:
        """Turn traits into contributions to the log-odds of missing the next payment."""
        raw = p.raw_contributions(self.latent, self.unemployed, self.grievance, self.memory)
        self.parts = p.contributions(truth.weights, raw)
        # Unwillingness is towards this lender: others are paid, which is how it shows.
        self.parts_elsewhere = p.ELSEWHERE[:, None] * self.parts


def _draw_people(renewal: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Return long-run levels and first latent traits of n new people, each of shape (6, n)."""
    level = p.CORRELATION_ROOT @ renewal.standard_normal((p.N_TRAITS, n))
    return level, level + p.DEVIATION[:, None] * renewal.standard_normal((p.N_TRAITS, n))


def next_state(
    truth: p.Weighting, state: Integers, traits: Array, shared: float, uniforms: Array
) -> Integers:
    """Return the repayment states a month later.

    Parameters
    ----------
    truth : Weighting
    state : ndarray of shape (n,), int
        States now; those charged off stay so.
    traits : ndarray of shape (n,)
        Sum of the traits' contributions.
    shared : float
        Macro and season.
    uniforms : ndarray of shape (2, n)
        Draws for missing and for curing.

    Returns
    -------
    ndarray of shape (n,), int
    """
    live = np.minimum(state, p.CHARGED_OFF - 1)
    log_odds = truth.state_base[live] + p.STATE_SLOPE[live] * traits + shared
    missed = uniforms[0] < probability(log_odds)
    cured = uniforms[1] < p.CURE[live]
    after = np.where(missed, live + 1, np.where(cured, p.CURRENT, live))
    return np.where(state == p.CHARGED_OFF, p.CHARGED_OFF, after)


def _assemble(months: Integers, out: dict[str, NDArray[Any]]) -> Life:
    """Return the life with its holders numbered, from the histories."""
    per_place = out["generation"][:, -1] + 1
    offset = np.cumsum(per_place) - per_place
    holder = offset[:, None] + out["generation"]
    place = np.repeat(np.arange(len(per_place)), per_place)
    generation = np.arange(len(place)) - offset[place]
    first = np.concatenate([np.ones((len(per_place), 1), np.bool_), out["starts"][:, 1:]], axis=1)
    rows, columns = np.nonzero(first)
    return Life(
        months=months,
        holder=holder,
        place=place,
        generation=generation,
        opened=months[columns],
        levels=out["level"][:, rows, columns],
        **{
            name: out[name]
            for name in (
                "latent",
                "unemployed",
                "grievance",
                "memory",
                "state",
                "state_elsewhere",
                "starts",
                "parts",
            )
        },  # fmt: skip
    )
