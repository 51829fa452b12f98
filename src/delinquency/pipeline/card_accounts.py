"""The accounts of a case book: which they are, in which order, and what their cards rest on.

Tables are read part by part, and of each part only the accounts that get a card are kept: memory
follows from the number of cards, not from the size of the portfolio.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.features.registered_features import FEATURES
from delinquency.panel.window_rows import take_rows
from delinquency.panel.windows import Array, Windows, build_windows
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import READY_MADE, part_folders
from delinquency.pipeline.cleared_records import without_cleared
from delinquency.pipeline.feature_parts import KEYS, read_tables
from delinquency.pipeline.prepared_features import Prepared, known_months
from delinquency.pipeline.scored_rows import reasons_of
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.reason_selection import evidence_codes, select_reasons
from delinquency.reasons.reference_population import Contributions
from delinquency.reporting.card_facts import CardAccounts
from delinquency.shapley import PAIRS
from delinquency.workspace.artifacts import read_frame


@dataclass(frozen=True, eq=False)
class BookAccounts:
    """The accounts that get a card, in the order of the book.

    Attributes
    ----------
    keys : DataFrame of shape (n_cards, 2)
        ``account_id`` and ``observation_month``.
    n_accounts : int
        Accounts that they were chosen from.
    accounts : callable
        Takes places in ``keys`` and returns their ``CardAccounts``.
    windows : Windows or None
        Row-aligned with ``keys``; None where the months of the accounts are not known.
    """

    keys: pd.DataFrame
    n_accounts: int
    accounts: Callable[[NDArray[np.intp]], CardAccounts]
    windows: Windows | None


def explained_book(
    config: Config, fitted: saved_model.Trained, prepared: Prepared
) -> BookAccounts:
    """Return the accounts of the book among those that stage ``explain`` explained.

    Raises
    ------
    MissingArtifactError
        If the accounts have not been explained yet.
    """
    explained = saved_model.explanations_of(config, fitted)
    latest = explained["observation_month"] == explained["observation_month"].max()
    wanted = wanted_accounts(config)
    rows = rows_of_accounts(explained, wanted) if wanted else rows_at_risk(
        explained, config.cards.count
    )  # fmt: skip
    context = reasons_of(config, fitted).context
    keys = explained.loc[rows, KEYS].reset_index(drop=True)
    return BookAccounts(
        keys=keys,
        n_accounts=int(latest.sum()),
        accounts=lambda places: card_accounts(fitted, prepared, explained, rows[places], context),
        windows=_windows_of_explained(config, fitted, keys),
    )


def wanted_accounts(config: Config) -> list[str]:
    """Return the accounts that the choices name; empty for those most at risk.

    Raises
    ------
    ChoiceError
        If the file of ids does not exist, is no text in UTF-8, or holds none.
    """
    if not config.cards.file:
        return [str(one) for one in config.cards.accounts]
    path = Path(config.cards.file).expanduser()
    if not path.is_file():
        raise ChoiceError(f"cards.file: expected a text file, one account id a line. Got {path}.")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ChoiceError(
            f"cards.file: expected text in UTF-8, one account id a line. Got {path}, which is in "
            "another encoding or no text: save it as UTF-8."
        ) from None
    ids = [one for one in (line.strip() for line in lines) if one]
    if not ids:
        raise ChoiceError(f"cards.file: {path} holds no account id.")
    return ids


def rows_of_accounts(
    frame: pd.DataFrame, wanted: Sequence[str], *, done: str = "explained"
) -> NDArray[np.intp]:
    """Return the latest row of each account that is asked for, in the order asked.

    Parameters
    ----------
    frame : DataFrame
        ``account_id`` and ``observation_month``.
    wanted : sequence of str
        Each id counts once.
    done : str
        What was done with the accounts of the frame, for the error.

    Returns
    -------
    ndarray of int

    Raises
    ------
    ChoiceError
        If an account is not there, naming some that are.
    """
    ids = frame["account_id"].astype(str)
    asked = list(dict.fromkeys(wanted))
    hits = frame.index[ids.isin(asked)]
    months = frame.loc[hits, "observation_month"]
    latest = months.groupby(ids.loc[hits].to_numpy()).idxmax()
    unknown = [one for one in asked if one not in latest.index]
    if unknown:
        scored = "" if done == "scored" else (
            " An account that was only scored has a card with cards.scored=true."
        )  # fmt: skip
        verb, more = "was" if len(unknown) == 1 else "were", " ..." if len(unknown) > 5 else ""
        n_asked = f"{len(unknown)} of {len(asked)} accounts"
        raise ChoiceError(
            f"{n_asked if len(asked) > 1 else 'The account'} {verb} not {done}: "
            f"{', '.join(unknown[:5])}{more}. Expected ids of the data set, such as "
            f"{', '.join(_alike(ids, unknown))}.{scored}"
        )
    return latest.loc[asked].to_numpy(np.intp)


def _alike(ids: pd.Series, unknown: Sequence[str]) -> list[str]:
    """Return three ids to try: first those that an unknown one is, but for zeros before it."""
    known = ids.drop_duplicates()
    bare = {one.lstrip("0") for one in unknown}
    near = known[known.str.lstrip("0").isin(bare)]
    return list(dict.fromkeys([*near.iloc[:3], *known.iloc[:3]]))[:3]


def rows_at_risk(explained: pd.DataFrame, count: int) -> NDArray[np.intp]:
    """Return the rows of the latest month with the highest probabilities, highest first.

    Parameters
    ----------
    explained : DataFrame
        ``account_id``, ``observation_month`` and ``pd_hat``.
    count : int

    Returns
    -------
    ndarray of int
    """
    latest = explained["observation_month"] == explained["observation_month"].max()
    rows = np.flatnonzero(latest.to_numpy())
    order = np.argsort(-explained["pd_hat"].to_numpy()[rows], kind="stable")
    return rows[order[:count]]


def card_accounts(
    fitted: saved_model.Trained,
    prepared: Prepared,
    explained: pd.DataFrame,
    rows: NDArray[np.intp],
    context: ReasonContext,
) -> CardAccounts:
    """Return the accounts of the cards, with exact contributions of every feature.

    Parameters
    ----------
    fitted : Trained
    prepared : Prepared
    explained : DataFrame
        As stage ``explain`` wrote it, row-aligned with ``prepared``.
    rows : ndarray of int
    context : ReasonContext

    Returns
    -------
    CardAccounts
    """
    matrix = fitted.model.matrix(prepared.X.iloc[rows])
    with_pairs = fitted.explainer.can_give(PAIRS)
    exact = fitted.explainer.explain(matrix, features=True, pairs=with_pairs)
    part = explained.iloc[rows]
    contributions = Contributions(
        part[[f"trait_{key}" for key in context.reference.traits]].to_numpy(np.float64),
        exact.feature_values,
        matrix,
    )
    evidence = evidence_codes(
        part[[f"evidence_{key}" for key in context.reference.traits]].to_numpy(object)
    )
    return CardAccounts(
        account_ids=[str(one) for one in part["account_id"]],
        months=known_months(prepared, part["observation_month"]),
        pd_hat=part["pd_hat"].to_numpy(np.float64),
        contributions=contributions,
        evidence=evidence,
        reasons=select_reasons(contributions, evidence, context),
        pair_values=exact.pair_values if with_pairs else None,
    )


def _windows_of_explained(
    config: Config, fitted: saved_model.Trained, keys: pd.DataFrame
) -> Windows | None:
    """Return the windows of some observations; None for features that were made elsewhere."""
    made_elsewhere = (config.workspace.interim / READY_MADE).exists()
    if made_elsewhere or not set(fitted.meanings) <= set(FEATURES):
        return None
    return windows_of(config, part_folders(config), keys)


def windows_of(config: Config, folders: Iterable[Path], keys: pd.DataFrame) -> Windows:
    """Return the windows of some observations, in their order, from the tables of all parts.

    Parameters
    ----------
    config : Config
        Overdue history that was cleared stays out, as it does of the features.
    folders : iterable of Path
        Folders of canonical tables.
    keys : DataFrame
        ``account_id`` and ``observation_month``.
    """
    chosen = set(keys["account_id"].astype(str))
    tables: dict[str, list[pd.DataFrame]] = {}
    for folder in folders:
        for name, frame in read_tables(folder).items():
            kept = frame[frame["account_id"].astype(str).isin(chosen)]
            tables.setdefault(name, []).append(kept)
    joined = {
        name: pd.concat(frames, ignore_index=True)
        for name, frames in tables.items()
        if name != "outcomes"
    }
    known = without_cleared(config, joined)
    return build_windows(known, keys.reset_index(drop=True), n_months=config.data.window_months)


def windows_at(windows: Windows | None, places: NDArray[np.intp]) -> Windows | None:
    """Return the windows of some places of the book, where changes of them can be tried."""
    if windows is None or "balance" not in windows or "payment" not in windows:
        return None
    return take_rows(windows, places)


def tested_outcomes(config: Config, fitted: saved_model.Trained) -> tuple[Array, Array]:
    """Return PD and outcome of the accounts that the model was tested on.

    Returns
    -------
    pd_hat, bad : ndarray of shape (n_test,)
        Empty where this machine does not hold the outcomes that belong to the model.
    """
    nothing = np.empty(0), np.empty(0)
    labels = config.workspace.processed / "labels.parquet"
    if saved_model.explained_model(config) != fitted.digest or not labels.exists():
        return nothing
    test = fitted.split.loc[fitted.split["part"] == "test", KEYS]
    explained = saved_model.explanations_of(config, fitted)
    known = read_frame(labels, made_by="features")
    both = test.merge(explained[[*KEYS, "pd_hat"]], on=KEYS).merge(known[[*KEYS, "bad"]], on=KEYS)
    if len(both) != len(test):  # the features were made again from other data
        return nothing
    return both["pd_hat"].to_numpy(np.float64), both["bad"].to_numpy(np.float64)
