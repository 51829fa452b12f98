"""Possible futures of an account under every coalition of its traits, compiled.

The futures of traits, jobs and grievances are drawn; given one of them, the chance of falling
behind is *computed*, not drawn, by moving probabilities over repayment states and the delinquency
memory. That takes far fewer futures for the same precision.
"""

import numpy as np
from numpy.typing import NDArray

from delinquency.compiled import njit
from delinquency.synthetic import parameters as p
from delinquency.synthetic.parameters import Array

HORIZON_MONTHS = 12
BAD_STATE = 3
"""60 to 89 days past due: from here on an account is bad."""
GRID_POINTS = 12
MEMORY_GRID: Array = np.linspace(
    0.0, np.log1p(p.MEMORY_STEP / (1.0 - p.MEMORY_DECAY)), GRID_POINTS
).astype(np.float64)
"""Log of 1 + memory, from none to its largest value; log odds are linear in it."""
SMALLEST = 1e-9
"""Probability mass below which a cell is passed over."""

_PERSISTENCE, _INNOVATION, _CENTRES = p.PERSISTENCE, p.INNOVATION, p.CENTRES
_SLOPE, _CURE = p.STATE_SLOPE, p.CURE


def _steps() -> tuple[np.ndarray, Array]:
    """Return where the memory goes from each grid point: lower neighbour and share above it.

    Row 0: the account is current after the month; row 1: it is behind.
    """
    memory = np.expm1(MEMORY_GRID)
    after = np.stack([p.MEMORY_DECAY * memory, p.MEMORY_DECAY * memory + p.MEMORY_STEP])
    position = np.log1p(after) / (MEMORY_GRID[1] - MEMORY_GRID[0])
    lower = np.minimum(position.astype(np.int64), GRID_POINTS - 2)
    return lower, np.minimum(position - lower, 1.0)


_LOWER, _ABOVE = _steps()
_GRID_STEP = float(MEMORY_GRID[1])


@njit(cache=True, error_model="numpy", nogil=True)
def coalition_probabilities(
    weights: Array,
    state_base: Array,
    level: Array,
    latent: Array,
    start: Array,
    shared: Array,
    normals: Array,
    uniforms: Array,
) -> Array:  # pragma: no cover - compiled
    """Return the probability of being bad within the horizon for each of 64 coalitions.

    Parameters
    ----------
    weights : ndarray of shape (6,)
    state_base : ndarray of shape (7,)
    level, latent : ndarray of shape (n, 6), n 1 or 2
        Long-run and present traits, of one account or of two.
    start : ndarray of shape (n, 4)
        Unemployed, grievance, memory, state.
    shared : ndarray of shape (2, 12)
        State of the economy; macro and season in log-odds; by month ahead.
    normals, uniforms : ndarray of shape (n_paths, 12, 6) and (n_paths, 12, 2)
        The futures' draws, the same for both accounts.

    Returns
    -------
    ndarray of shape (64,)
        Bit k of the position says whether trait k keeps the first account's path. Else it takes
        the second account's; where there is one account only, it is at its mean.
    """
    n_people, n_paths, n_months = level.shape[0], normals.shape[0], normals.shape[1]
    bad = np.zeros(64)
    # Factor of the record on the odds of paying, by person, state and memory; constant over the
    # months, as the record trait has no monthly deviation. At the mean it is 1.
    record = np.ones((2, BAD_STATE, GRID_POINTS))
    parts = np.zeros((2, n_months, 6))
    begin = np.zeros((2, 4))
    remembers = np.zeros(2, np.bool_)
    for person in range(n_people):
        begin[person] = start[person]
        remembers[person] = True
        for s in range(BAD_STATE):
            for j in range(GRID_POINTS):
                raw = p.TRAIT_2_LATENT * latent[person, 1] + p.TRAIT_2_MEMORY * MEMORY_GRID[j]
                record[person, s, j] = np.exp(-_SLOPE[s] * weights[1] * (raw - _CENTRES[1]))
    masses = np.zeros((2, BAD_STATE, GRID_POINTS))
    for path in range(n_paths):
        for person in range(n_people):
            _draw_path(
                weights, level[person], latent[person], start[person], shared[0], normals[path],
                uniforms[path], parts[person],
            )  # fmt: skip
        for coalition in range(64):
            bad[coalition] += _chance(
                coalition, parts, state_base, begin, shared[1], record, remembers, masses
            )
    return bad / n_paths


@njit(cache=True, error_model="numpy", nogil=True)
def _draw_path(
    weights: Array,
    level: Array,
    latent: Array,
    start: Array,
    macro: Array,
    normals: Array,
    uniforms: Array,
    parts: Array,
) -> None:  # pragma: no cover - compiled
    """Fill the contributions of one future, month by month; the record's is left out."""
    z = latent.copy()
    unemployed, grievance = start[0], start[1]
    for h in range(parts.shape[0]):
        raw1 = p.TRAIT_1_LATENT * z[0] + p.TRAIT_1_UNEMPLOYED * unemployed
        raw6 = (p.TRAIT_6_ABOVE if z[5] > 0 else p.TRAIT_6_BELOW) * z[5]
        parts[h, 0] = weights[0] * (raw1 - _CENTRES[0])
        parts[h, 2] = weights[2] * (z[2] - _CENTRES[2])
        parts[h, 3] = weights[3] * (z[3] - _CENTRES[3])
        parts[h, 4] = weights[4] * (p.TRAIT_5_LATENT * z[4] + grievance - _CENTRES[4])
        parts[h, 5] = weights[5] * (raw6 - _CENTRES[5])
        for k in range(6):
            z[k] = level[k] + _PERSISTENCE[k] * (z[k] - level[k]) + _INNOVATION[k] * normals[h, k]
        if unemployed == 1.0:
            found = p.JOB_FOUND_RATE * np.exp(p.JOB_FOUND_MACRO * macro[h])
            unemployed = 1.0 if uniforms[h, 0] >= found else 0.0
        else:
            risk = p.JOB_LOSS_MACRO * macro[h] + p.JOB_LOSS_TRAIT * z[0]
            unemployed = 1.0 if uniforms[h, 0] < p.JOB_LOSS_RATE * np.exp(risk) else 0.0
        hazard = p.GRIEVANCE_RATE * np.exp(p.GRIEVANCE_TRAIT * z[4])
        grievance = p.GRIEVANCE_DECAY * grievance
        if uniforms[h, 1] < hazard:
            grievance += p.GRIEVANCE_SIZE


@njit(cache=True, error_model="numpy", nogil=True)
def _chance(
    coalition: int,
    parts: Array,
    state_base: Array,
    begin: Array,
    shared: Array,
    record: Array,
    remembers: NDArray[np.bool_],
    masses: Array,
) -> float:  # pragma: no cover - compiled
    """Return the chance of being bad in one future under one coalition.

    ``parts``, ``begin``, ``record`` and ``remembers`` hold the first account, then what stands
    in for it.
    """
    whose = 0 if coalition >> 1 & 1 else 1
    has_memory = 1 if remembers[whose] else 0
    mass, after = masses[0], masses[1]
    mass[:] = 0.0
    position = np.log1p(begin[whose, 2]) / _GRID_STEP
    low = min(int(position), GRID_POINTS - 2)
    state = int(begin[whose, 3])
    if state >= BAD_STATE:
        return 1.0
    if has_memory:
        mass[state, low] = 1.0 - (position - low)
        mass[state, low + 1] = position - low
    else:
        # At the mean the record's memory does not matter: one cell stands for all.
        mass[state, 0] = 1.0
    lost = 0.0
    cells = GRID_POINTS if has_memory else 1
    for h in range(parts.shape[1]):
        traits = 0.0
        for k in range(6):
            if k != 1:
                traits += parts[0 if coalition >> k & 1 else 1, h, k]
        economy = parts[0 if coalition & 1 else 1, h, 0]
        debt = parts[0 if coalition >> 2 & 1 else 1, h, 2]
        traits += p.ECONOMY_DEBT_INTERACTION * economy * debt
        after[:] = 0.0
        for s in range(BAD_STATE):
            pays = np.exp(-(state_base[s] + _SLOPE[s] * traits + shared[h]))
            for j in range(cells):
                here = mass[s, j]
                if here < SMALLEST:
                    continue
                missed = here / (1.0 + pays * record[whose, s, j])
                cured = (here - missed) * _CURE[s]
                stays = here - missed - cured
                if s + 1 == BAD_STATE:
                    lost += missed
                else:
                    _put(after, s + 1, j, missed, has_memory)
                _put(after, 0, j, cured, has_memory)
                if s > 0:
                    _put(after, s, j, stays, has_memory)
                else:
                    _put(after, 0, j, stays, has_memory)
        mass, after = after, mass
    return lost


@njit(cache=True, error_model="numpy", nogil=True)
def _put(
    mass: Array, state: int, j: int, amount: float, has_memory: int
) -> None:  # pragma: no cover - compiled
    """Move probability to a state, and with it the memory to its next value."""
    if not has_memory:
        mass[state, 0] += amount
        return
    behind = 1 if state > 0 else 0
    low, above = _LOWER[behind, j], _ABOVE[behind, j]
    mass[state, low] += amount * (1.0 - above)
    mass[state, low + 1] += amount * above
