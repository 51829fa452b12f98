"""What one request asks for, checked; and several requests that are scored as one.

What scoring one account costs is the number of steps, not its numbers: four accounts take hardly
longer. So requests that wait for each other are scored together. No row's bits depend on the rows
beside it; a request whose columns are others, or needed conversion, is scored on its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from delinquency.panel.observations import Observations
from delinquency.panel.plain_columns import TableColumns
from delinquency.panel.windows import Array
from delinquency.scoring.account_scorer import AccountScorer, ScoredAccounts


@dataclass(frozen=True, eq=False)
class AskedAccounts:
    """The accounts of a request: their tables, or their features.

    Attributes
    ----------
    observed : Observations
        In the order of the answer.
    tables : mapping of str to TableColumns
        Empty for features.
    features : ndarray of shape (n_features, n_rows), optional
        In the order of the model's features.
    """

    observed: Observations
    tables: Mapping[str, TableColumns] = field(default_factory=dict)
    features: Array | None = None

    def __len__(self) -> int:
        return len(self.observed)

    @property
    def kind(self) -> object:
        """What is equal for requests that may be scored as one; only with itself for others."""
        if self.features is not None:
            return "features"
        plain = all(
            isinstance(values, np.ndarray)
            for table in self.tables.values() for values in table.held.values()
        )  # fmt: skip
        if not plain:
            return object()
        return frozenset((name, frozenset(table.held)) for name, table in self.tables.items())

    def scored(self, scorer: AccountScorer) -> ScoredAccounts:
        """Return the scores."""
        if self.features is not None:
            # What features were made from is not told: they count as the training's.
            return scorer.score_features(self.features, self.observed, scorer.trained_tables)
        return scorer.score(self.tables, self.observed)


def scored_together(
    requests: Sequence[AskedAccounts], scorer: AccountScorer
) -> list[ScoredAccounts]:
    """Return the scores of several requests, each as if it had been scored alone.

    Parameters
    ----------
    requests : sequence of AskedAccounts
    scorer : AccountScorer

    Returns
    -------
    list of ScoredAccounts
        One a request.
    """
    alike: dict[object, list[int]] = {}
    for place, one in enumerate(requests):
        alike.setdefault(one.kind, []).append(place)
    out: dict[int, ScoredAccounts] = {}
    for places in alike.values():
        own = [requests[place] for place in places]
        scored = _joined(own).scored(scorer)
        ends = np.cumsum([len(one) for one in own]).tolist()
        for place, one, end in zip(places, own, ends, strict=True):
            part = scored.part(slice(end - len(one), end))
            out[place] = replace(part, observed=one.observed)
    return [out[place] for place in range(len(requests))]


def _joined(requests: Sequence[AskedAccounts]) -> AskedAccounts:
    """Return requests of one kind as one; two may ask for accounts of the same name."""
    if len(requests) == 1:
        return requests[0]
    ids, months = [], []
    for number, one in enumerate(requests):
        ids += [f"{number} {account}" for account in one.observed.account_id]
        months.append(np.asarray(one.observed.observation_month))
    observed = Observations.of_lists(ids, np.concatenate(months))
    first = requests[0]
    if first.features is not None:
        matrices = [one.features for one in requests if one.features is not None]
        return AskedAccounts(observed, features=np.concatenate(matrices, axis=1))
    tables = {}
    for name, table in first.tables.items():
        own = [one.tables[name] for one in requests]
        held = {
            column: np.concatenate([np.asarray(one.held[column]) for one in own])
            for column in table.held if column != "account_id"
        }  # fmt: skip
        n_rows = sum(len(one) for one in own)
        accounts = np.empty(n_rows, object)
        accounts[:] = [
            f"{number} {account}"
            for number, one in enumerate(own) for account in one.held["account_id"]
        ]  # fmt: skip
        tables[name] = TableColumns({"account_id": accounts, **held}, n_rows)
    return AskedAccounts(observed, tables=tables)
