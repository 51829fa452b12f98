"""Possible futures of people, and of one account under every coalition of traits, compiled.

The futures of traits, jobs and grievances are drawn; given one of them, the chance of falling
behind is *computed*, not drawn, by moving probabilities over repayment states and the delinquency
memory. That takes far fewer futures for the same precision.
"""

import numpy as np
from numba import njit

from delinquency.portfolio import parameters as p
from delinquency.portfolio.parameters import Array

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
    level, latent : ndarray of shape (6,)
        Long-run and present traits.
    start : ndarray of shape (4,)
        Unemployed, grievance, memory, state.
    shared : ndarray of shape (2, 12)
        State of the economy; macro and season in log-odds; by month ahead.
    normals, uniforms : ndarray of shape (n_paths, 12, 6) and (n_paths, 12, 2)
        The futures' draws.

    Returns
    -------
    ndarray of shape (64,)
        Bit k of the position says whether trait k keeps its own path, else it is at its mean.
    """
    n_paths, n_months = normals.shape[0], normals.shape[1]
    bad = np.zeros(64)
    record = _record(weights, latent)
    parts = np.zeros((n_months, 6))
    masses = np.zeros((2, BAD_STATE, GRID_POINTS))
    for path in range(n_paths):
        _draw_path(weights, level, latent, start, shared[0], normals[path], uniforms[path], parts)
        for coalition in range(64):
            bad[coalition] += _chance(
                coalition, parts, state_base, start, shared[1], record, masses
            )
    return bad / n_paths


@njit(cache=True, error_model="numpy", nogil=True)
def bad_probabilities(
    weights: Array,
    state_base: Array,
    level: Array,
    latent: Array,
    start: Array,
    shared: Array,
    normals: Array,
    uniforms: Array,
) -> Array:  # pragma: no cover - compiled
    """Return the probability of being bad within the horizon for each of some people.

    Parameters
    ----------
    weights, state_base, shared
        As of ``coalition_probabilities``.
    level, latent : ndarray of shape (n, 6)
    start : ndarray of shape (n, 4)
    normals, uniforms : ndarray of shape (n, n_paths, 12, 6) and (n, n_paths, 12, 2)

    Returns
    -------
    ndarray of shape (n,)
        What ``coalition_probabilities`` gives at position 63: every trait keeps its own path.
    """
    n, n_paths, n_months = normals.shape[0], normals.shape[1], normals.shape[2]
    bad = np.zeros(n)
    parts = np.zeros((n_months, 6))
    masses = np.zeros((2, BAD_STATE, GRID_POINTS))
    for i in range(n):
        record = _record(weights, latent[i])
        for path in range(n_paths):
            _draw_path(
                weights, level[i], latent[i], start[i], shared[0], normals[i, path],
                uniforms[i, path], parts,
            )  # fmt: skip
            bad[i] += _chance(63, parts, state_base, start[i], shared[1], record, masses)
    return bad / n_paths


@njit(cache=True, error_model="numpy", nogil=True)
def _record(weights: Array, latent: Array) -> Array:  # pragma: no cover - compiled
    """Return the factor of the record on the odds of paying, by state and memory.

    Row 0: without the record; row 1: with it. Constant over the months, as the record trait has
    no monthly deviation.
    """
    record = np.ones((2, BAD_STATE, GRID_POINTS))
    for s in range(BAD_STATE):
        for j in range(GRID_POINTS):
            raw = p.TRAIT_2_LATENT * latent[1] + p.TRAIT_2_MEMORY * MEMORY_GRID[j]
            record[1, s, j] = np.exp(-_SLOPE[s] * weights[1] * (raw - _CENTRES[1]))
    return record


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
    start: Array,
    shared: Array,
    record: Array,
    masses: Array,
) -> float:  # pragma: no cover - compiled
    """Return the chance of being bad in one future under one coalition."""
    has_record = coalition >> 1 & 1
    mass, after = masses[0], masses[1]
    mass[:] = 0.0
    position = np.log1p(start[2]) / _GRID_STEP
    low = min(int(position), GRID_POINTS - 2)
    state = int(start[3]) if has_record else 0
    if state >= BAD_STATE:
        return 1.0
    if has_record:
        mass[state, low] = 1.0 - (position - low)
        mass[state, low + 1] = position - low
    else:
        # Without the record its memory does not matter: one cell stands for all.
        mass[state, 0] = 1.0
    lost = 0.0
    cells = GRID_POINTS if has_record else 1
    for h in range(parts.shape[0]):
        traits = 0.0
        for k in range(6):
            if k != 1 and coalition >> k & 1:
                traits += parts[h, k]
        if coalition & 1 and coalition >> 2 & 1:
            traits += p.ECONOMY_DEBT_INTERACTION * parts[h, 0] * parts[h, 2]
        after[:] = 0.0
        for s in range(BAD_STATE):
            pays = np.exp(-(state_base[s] + _SLOPE[s] * traits + shared[h]))
            for j in range(cells):
                here = mass[s, j]
                if here < SMALLEST:
                    continue
                missed = here / (1.0 + pays * record[has_record, s, j])
                cured = (here - missed) * _CURE[s]
                stays = here - missed - cured
                if s + 1 == BAD_STATE:
                    lost += missed
                else:
                    _put(after, s + 1, j, missed, has_record)
                _put(after, 0, j, cured, has_record)
                if s > 0:
                    _put(after, s, j, stays, has_record)
                else:
                    _put(after, 0, j, stays, has_record)
        mass, after = after, mass
    return lost


@njit(cache=True, error_model="numpy", nogil=True)
def _put(
    mass: Array, state: int, j: int, amount: float, has_record: int
) -> None:  # pragma: no cover - compiled
    """Move probability to a state, and with it the memory to its next value."""
    if not has_record:
        mass[state, 0] += amount
        return
    behind = 1 if state > 0 else 0
    low, above = _LOWER[behind, j], _ABOVE[behind, j]
    mass[state, low] += amount * (1.0 - above)
    mass[state, low + 1] += amount * above
