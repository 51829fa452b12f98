"""A hash of account ids, by which a portfolio is brought into parts: taken where the ids lie."""

import numpy as np
import pyarrow
from numpy.typing import NDArray

from delinquency.compiled import njit

_OFFSET, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


def id_hashes(ids: pyarrow.ChunkedArray) -> NDArray[np.uint64]:
    """Return a hash of every id, written as text: the same for 7 and "7", in every table and run.

    Parameters
    ----------
    ids : ChunkedArray of shape (n_rows,)

    Returns
    -------
    ndarray of uint64, shape (n_rows,)
    """
    chunks = [_hashes_of(chunk) for chunk in ids.chunks]
    return np.concatenate(chunks) if chunks else np.empty(0, np.uint64)


def _hashes_of(ids: pyarrow.Array) -> NDArray[np.uint64]:
    if pyarrow.types.is_dictionary(ids.type):
        of_names = _hashes_of(ids.dictionary)
        places = ids.indices.fill_null(0).to_numpy(zero_copy_only=False)
        return of_names[places] if len(of_names) else np.zeros(len(ids), np.uint64)
    text = ids.cast(pyarrow.large_string())
    _, offsets, letters = text.buffers()
    if letters is None:
        return np.full(len(text), _OFFSET)
    starts = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    return _fnv(starts, np.frombuffer(letters, np.uint8))


@njit(cache=True, nogil=True)
def _fnv(starts, letters):  # type: ignore[no-untyped-def]
    """Return the FNV-1a hash of every text between two starts, its bits mixed once more."""
    out = np.empty(len(starts) - 1, np.uint64)
    for row in range(len(out)):
        total = _OFFSET
        for place in range(starts[row], starts[row + 1]):
            total = (total ^ np.uint64(letters[place])) * _PRIME
        out[row] = total ^ (total >> np.uint64(32))
    return out
