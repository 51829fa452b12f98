"""G1: from the profile of traits to treatments, and to the neutral path when none stands out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from delinquency.traits import EVIDENCE_LEVELS, TRAITS

NO_TRAIT = "none"
"""The word for "no dominant trait"; it is an answer, not a gap."""

NEUTRAL_PATH = ("friendly_talk",)
"""What is offered without a dominant trait, and after everything else."""

PLAN_TREATMENTS = ("instalments", "extension")
"""Treatments with amounts, drawn up from balance and residual income."""

_LEAST_EVIDENCE = EVIDENCE_LEVELS.index("partial")


@dataclass(frozen=True)
class Dominance:
    """When a trait stands out.

    Attributes
    ----------
    share : float
        Least share of all contributions that raise the risk.
    least : float
        Least contribution, log-odds.
    """

    share: float = 0.40
    least: float = 0.10


def dominant_trait(
    contributions: Mapping[str, float], evidence: Mapping[str, str], rule: Dominance
) -> str:
    """Return the trait that stands out for one account, or ``NO_TRAIT``.

    Parameters
    ----------
    contributions : mapping of trait key to float
        Log-odds above the reference; missing values count as 0.
    evidence : mapping of trait key to str
        Level for each trait.
    rule : Dominance

    Returns
    -------
    str
        The trait with the largest contribution among those with at least partial evidence,
        if it is large enough by itself and among all that raise the risk. "Not all customers
        have all traits."
    """
    values = np.array([[contributions.get(key, 0.0) for key in TRAITS]], dtype="float64")
    levels = np.array([[EVIDENCE_LEVELS.index(evidence.get(key, "none")) for key in TRAITS]])
    return str(dominant_traits(values, levels, rule)[0])


def dominant_traits(values: np.ndarray, levels: np.ndarray, rule: Dominance) -> np.ndarray:
    """Return the trait that stands out for each of many accounts.

    Parameters
    ----------
    values : ndarray of shape (n_accounts, n_traits), log-odds, in the order of ``TRAITS``
    levels : ndarray of shape (n_accounts, n_traits), int
        Places in ``EVIDENCE_LEVELS``.
    rule : Dominance

    Returns
    -------
    ndarray of shape (n_accounts,), str
    """
    rising = np.maximum(np.nan_to_num(values), 0.0)
    total = np.zeros(len(rising))
    for column in range(rising.shape[1]):
        total = total + rising[:, column]
    supported = np.where(levels >= _LEAST_EVIDENCE, rising, 0.0)
    best = supported.argmax(axis=1)
    most = supported[np.arange(len(best)), best]
    stands_out = (most > 0.0) & (most >= rule.least) & (most >= rule.share * total)
    keys = np.array(list(TRAITS), dtype=object)
    return np.where(stands_out, keys[best], NO_TRAIT)


def treatments_for(
    trait: str, *, hardship: bool = False, tried: tuple[str, ...] = ()
) -> list[str]:
    """Return the treatments to weigh, in order of preference.

    Parameters
    ----------
    trait : str
        Key of the dominant trait, or ``NO_TRAIT``.
    hardship : bool
        Whether the customer declared hardship: relief is weighed first.
    tried : tuple of str
        Treatments that were offered before without success; they are not repeated.

    Returns
    -------
    list of str
        Never empty: the talk remains.
    """
    own = TRAITS[trait].treatments if trait in TRAITS else ()
    relief = ("instalments", "extension", "hardship_reduction") if hardship else ()
    order = dict.fromkeys((*relief, *own, *NEUTRAL_PATH))
    return [name for name in order if name not in tried or name in NEUTRAL_PATH]
