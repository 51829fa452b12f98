"""Which output of a model is explained."""

from delinquency.errors import ModelError


def class_offset(class_index: int | None, n_outputs: int) -> int:
    """Return the place of the explained output.

    Parameters
    ----------
    class_index : int or None
        None for a model with one output.
    n_outputs : int

    Raises
    ------
    ModelError
        If there are several outputs and none is named, or one that does not exist.
    """
    if n_outputs == 1 and class_index in (None, 0):
        return 0
    if class_index is None or not 0 <= class_index < n_outputs:
        raise ModelError(
            f"class_index must be 0..{n_outputs - 1} for a model with {n_outputs} outputs. "
            f"Got {class_index}."
        )
    return class_index
