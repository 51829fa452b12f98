"""The model matrix: which features a source supports, and their values."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from delinquency.errors import ChoiceError
from delinquency.features.catalogue import Feature
from delinquency.features.feature_options import FeatureOptions
from delinquency.features.registered_features import FEATURES
from delinquency.named_choices import Registry
from delinquency.panel.windows import Array, Windows
from delinquency.traits import TRAITS, Trait

_TRAITS: Registry[Trait] = Registry("trait")
for _trait in TRAITS.values():
    _TRAITS.add(_trait.key, _trait)


def select_features(windows: Windows, options: FeatureOptions) -> list[Feature]:
    """Return the features that the options ask for and the windows support.

    Parameters
    ----------
    windows : Windows
    options : FeatureOptions
        Traits, windows and exclusions.

    Returns
    -------
    list of Feature
        In trait order.

    Raises
    ------
    ChoiceError
        If a trait or an excluded feature has no such name, or nothing is left.
    """
    status = _status(windows, options)
    chosen = [FEATURES[name] for name, why in status.items() if why == ""]
    if not chosen:
        raise ChoiceError(
            "No feature is left: expected at least one feature of the chosen traits that the "
            f"source supports. Got traits {list(options.traits)}, tables "
            f"{sorted(windows.tables)}. Choose other features.traits or add tables."
        )
    return chosen


def build_features(windows: Windows, selection: Sequence[Feature] | None = None) -> pd.DataFrame:
    """Return the values of the selected features.

    Parameters
    ----------
    windows : Windows
    selection : sequence of Feature, optional
        None for every feature that the windows' columns support.

    Returns
    -------
    DataFrame of shape (n_rows, 2 + n_features)
        ``account_id``, ``observation_month`` and a float64 column a feature, in the row order of
        the windows; NaN where a value cannot be known, never infinite.

    Examples
    --------
    >>> from delinquency import SyntheticData, build_features, build_windows, generate_portfolio
    >>> from delinquency import label_outcomes
    >>> tables = generate_portfolio(SyntheticData(n_accounts=200, n_months=30, seed=1))
    >>> labels = label_outcomes(tables["statements"], tables["accounts"]).frame
    >>> X = build_features(build_windows(tables, labels, n_months=12))
    >>> len(X) == len(labels), X.columns[:2].tolist()
    (True, ['account_id', 'observation_month'])
    """
    chosen = select_features(windows, FeatureOptions()) if selection is None else selection
    values = feature_values(windows, chosen)
    columns = {one.name: values[place] for place, one in enumerate(chosen)}
    return pd.concat([windows.keys, pd.DataFrame(columns, index=windows.keys.index)], axis=1)


def feature_values(windows: Windows, selection: Sequence[Feature]) -> Array:
    """Return the values of the selected features without a frame around them.

    Parameters
    ----------
    windows : Windows
    selection : sequence of Feature

    Returns
    -------
    ndarray of shape (n_features, n_rows)
        In the order of the selection; NaN where a value cannot be known, never infinite.
    """
    n_rows = len(windows)
    out = np.empty((len(selection), n_rows))
    for place, one in enumerate(selection):
        values = one.compute(windows)
        if values.shape != (n_rows,):
            raise ValueError(f"Feature {one.name!r} must return one value a row.")
        out[place] = values
    infinite = np.isinf(out).any(axis=1)
    if infinite.any():
        name = selection[int(np.argmax(infinite))].name
        raise ValueError(f"Feature {name!r} must return finite values or NaN.")
    return out


def coverage(windows: Windows, options: FeatureOptions) -> pd.DataFrame:
    """Return for every feature of the catalogue whether it is used, and if not, why.

    Parameters
    ----------
    windows : Windows
    options : FeatureOptions

    Returns
    -------
    DataFrame
        ``feature, trait, used, why_not``, in trait order.
    """
    rows: list[Mapping[str, object]] = [
        {"feature": name, "trait": FEATURES[name].trait.key, "used": why == "", "why_not": why}
        for name, why in _status(windows, options).items()
    ]
    return pd.DataFrame(rows)


def _status(windows: Windows, options: FeatureOptions) -> dict[str, str]:
    """Return for every feature "" when it is used, otherwise the reason why it is not."""
    traits = [_TRAITS[key].key for key in options.traits]
    for name in options.exclude:
        FEATURES[name]
    status: dict[str, str] = {}
    ordered = sorted(FEATURES.values(), key=lambda one: list(TRAITS).index(one.trait.key))
    for one in ordered:
        lacking = [need for need in one.needs if need not in windows]
        if one.trait.key not in traits:
            why = "its trait is not chosen"
        elif one.name in options.exclude:
            why = "excluded by choice"
        elif one.months is not None and one.months not in options.windows:
            why = f"windows of {one.months} months are not chosen"
        elif max(one.months or 0, one.reach) > windows.n_months:
            why = f"the observation window has {windows.n_months} months"
        elif lacking:
            why = f"the source lacks {', '.join(lacking)}"
        else:
            why = ""
        status[one.name] = why
    return status
