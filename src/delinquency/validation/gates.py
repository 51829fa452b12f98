"""What stands between a validated model and the name "champion"."""

from collections.abc import Mapping
from typing import Any

from delinquency.validation.check_record import AMBER, RED
from delinquency.validation.registry_options import RegistryOptions
from delinquency.validation.validation_options import Threshold

N_ITEMS = 40


def refusals(
    record: Mapping[str, Any], *, model_digest: str, options: RegistryOptions
) -> list[str]:
    """Return why a model may not become champion: nothing when every gate is open.

    Parameters
    ----------
    record : mapping
        As in ``validation.json``.
    model_digest : str
        Of the model that is to be promoted.
    options : RegistryOptions

    Returns
    -------
    list of str
        Each names the item, its figure and its limit, or what is missing.
    """
    found = []
    validated = record.get("record", {}).get("model_digest", "")
    if not validated or validated != model_digest:
        found.append(
            "The validation is of another model "
            f"({validated[:12] or 'none named'} against {model_digest[:12] or 'none'}). "
            "Run make validate on this one."
        )
    items = record.get("items", [])
    if len({one["number"] for one in items}) < N_ITEMS:
        found.append(f"The validation has {len(items)} of {N_ITEMS} items. Run make validate.")
    for one in items:
        answered = bool(one.get("comment", "").strip())
        where = f"item {one['number']}, {one['item']}: {one['shown'] or 'no figure'}"
        if one["state"] == RED and not (one["number"] in options.answerable and answered):
            found.append(
                f"Red: {where}, limit {one['threshold']}.{_other(one)} {one['what_to_do']}"
            )
        if one["state"] == AMBER and options.comment_on_amber and not answered:
            found.append(
                f"Amber without a comment: {where}, limit {one['threshold']}.{_other(one)}"
            )
    if not options.signed_by.strip():
        found.append("Nobody signs: registry.signed_by=<name>.")
    return found


def _other(one: Mapping[str, Any]) -> str:
    """Return why an item has its light where its first figure does not say it, else ""."""
    limits, figure = one.get("limits"), one.get("figure")
    if not limits or figure is None:
        return f" {one.get('why', '')}".rstrip()
    threshold = Threshold(**limits)
    told = threshold.beyond(figure) or threshold.to_watch(figure)
    return "" if told else f" {one.get('why', '')}".rstrip()
