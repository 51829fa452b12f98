"""A table of named things that refuses doubles and helps with misspelt names."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from delinquency.errors import unknown_name

Thing = TypeVar("Thing")


class Registry(Mapping[str, Thing]):
    """Named things of one kind, in the order of their registration.

    Parameters
    ----------
    kind : str
        What the things are, for error texts: "feature", "metric".

    Examples
    --------
    >>> metrics = Registry[float]("metric")
    >>> metrics.add("gini", 0.5)
    0.5
    >>> metrics["gini"]
    0.5
    """

    def __init__(self, kind: str):
        self.kind = kind
        self._things: dict[str, Thing] = {}

    def add(self, name: str, thing: Thing) -> Thing:
        """Register ``thing`` under ``name`` and return it.

        Raises
        ------
        ValueError
            If the name is taken: two definitions of one name are a programming mistake.
        """
        if name in self._things:
            raise ValueError(f"{self.kind} {name!r} is registered twice.")
        self._things[name] = thing
        return thing

    def named(self, name: str) -> Callable[[Thing], Thing]:
        """Return a decorator that registers what it decorates under ``name``."""

        def register(thing: Thing) -> Thing:
            return self.add(name, thing)

        return register

    def __getitem__(self, name: str) -> Thing:
        if name not in self._things:
            raise unknown_name(self.kind, name, list(self._things))
        return self._things[name]

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)
