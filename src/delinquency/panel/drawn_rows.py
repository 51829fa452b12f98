"""Which rows of a portfolio that does not fit are kept, and how many each of them stands for.

Persons are drawn by a hash of their id. One that is drawn is kept with all its rows: these are
the portfolio on a smaller scale, so that tests, explanations and reference populations need no
weights. Of all others the bad rows are kept too, for training alone. Bad rows are few and carry
most of what a model learns; good ones are many, and a part of them, counted by the inverse of its
chance, tells nearly as much.

References
----------
Horvitz and Thompson (1952), Journal of the American Statistical Association 47, 663-685.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
SALT = "|drawn"
"""Keeps the draw apart from the split by account, which orders a hash of the same ids."""
HASHES = 2.0**64


def drawn_rows(group_id: ArrayLike, share: float) -> NDArray[np.bool_]:
    """Return which rows belong to a person that is drawn.

    Parameters
    ----------
    group_id : array of str, shape (n_rows,)
        Person, or account where none is known.
    share : float, in (0, 1]
        A smaller share is a part of a larger one.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
        The same for an id in every run, whatever other rows there are.

    Examples
    --------
    >>> ids = [str(number) for number in range(10_000)]
    >>> bool(0.24 < drawn_rows(ids, 0.25).mean() < 0.26), bool(drawn_rows(ids, 1.0).all())
    (True, True)
    """
    ids = np.asarray(group_id, dtype=str)
    if share >= 1:
        return np.ones(len(ids), np.bool_)
    hashes = pd.util.hash_array(np.char.add(ids, SALT).astype(object))
    return np.asarray(hashes.astype(np.float64) < share * HASHES)


def rows_stood_for(bad: ArrayLike, share: float, *, trained_share: float = 1.0) -> Array:
    """Return how many rows of the training part each row stands for.

    Parameters
    ----------
    bad : array of shape (n_rows,), 0 or 1
        Of training rows: those of persons that are drawn, and the bad rows of all others.
    share : float, in (0, 1]
        Chance of a person to be drawn.
    trained_share : float, in (0, 1]
        Share of the drawn persons that train; the rest is held out. Bad rows of persons that were
        not drawn all train, as none of their rows is in a test.

    Returns
    -------
    ndarray of shape (n_rows,)

    Notes
    -----
    With s the share and q the trained share, a good row trains with chance ``s q``, a bad one with
    ``s q + 1 - s``; in the whole portfolio both with ``q``. So a good row stands for ``1 / s``
    rows and a bad one for ``q / (s q + 1 - s)``: sums over good and over bad rows are, in
    expectation, those of the whole training part.

    Examples
    --------
    >>> rows_stood_for([0, 1], 0.25).tolist(), rows_stood_for([0, 1], 1.0).tolist()
    ([4.0, 1.0], [1.0, 1.0])
    """
    q = trained_share
    of_bad = q / (share * q + 1.0 - share)
    return np.where(np.asarray(bad) == 1, of_bad, 1.0 / share)
