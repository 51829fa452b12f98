"""What a stage is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One step of the work.

    Attributes
    ----------
    name : str
        Name on the command line, and of its module in ``delinquency.stages``, which has a
        function ``run(config)``.
    purpose : str
        What it does, for the help page.
    """

    name: str
    purpose: str
