"""The document pack as one printable page: statement, calculation, plan, legal basis."""

from decimal import Decimal

from delinquency.casework.communication import (
    CONSEQUENCES,
    CONSEQUENCES_ZH,
    CONTENT_WORDS,
    DocumentPack,
)
from delinquency.policy import Rule
from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.pages import page_environment

LANGUAGES = ("en", "zh")

_UNIT_SUFFIX = {"days": " days", "months": " months", "business days": " business days"}


def render_document_pack(pack: DocumentPack, *, real: bool) -> str:
    """Return a document pack as one self-contained HTML page, in English and Chinese.

    Parameters
    ----------
    pack : DocumentPack
    real : bool
        Whether the account is real or made by a generator; the page says which.

    Returns
    -------
    str
        Everything that came from data is escaped; no other file and no network is needed.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from delinquency import Case, document_pack, load_policy, render_document_pack
    >>> case = Case("case-1", "C-004217", time_zone="Asia/Shanghai")
    >>> lines = (("Balance", "欠款余额", "6000.00"),)
    >>> at = datetime(2026, 3, 13, 8, tzinfo=UTC)
    >>> page = render_document_pack(
    ...     document_pack(case, load_policy("seed_2021"), at, lines=lines), real=False
    ... )
    >>> "6,000.00" in page
    True
    """
    environment = page_environment()
    environment.filters["money"] = money
    environment.filters["value"] = rule_value
    contents = [CONTENT_WORDS[name] for name in pack.policy.plan.contents.value]
    consequences = list(zip(CONSEQUENCES, CONSEQUENCES_ZH, strict=True))
    if pack.plan is None or not pack.policy.plan.stops_collection.value:
        # What is said of a running plan would not be true here.
        consequences.pop(1)
    page = environment.get_template("document_pack.html").render(
        pack=pack,
        real=real,
        contents=contents,
        consequences=consequences,
        total=sum((Decimal(amount) for _, _, amount in pack.lines), Decimal(0)),
    )
    return with_policy(page)


def money(amount: Decimal | str | None) -> str:
    """Return an amount with thousands separated and two decimals."""
    return "no limit" if amount is None else f"{Decimal(amount):,.2f}"


def rule_value(rule: Rule[object]) -> str:
    """Return a rule's value as a customer reads it.

    Examples
    --------
    A share of 0.01 is written 1 %; a list with commas; yes and no for flags.
    """
    value = rule.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal) and rule.unit == "share":
        return f"{(value * 100).normalize():f} %"
    if isinstance(value, tuple):
        return ", ".join(str(item).replace("_", " ") for item in value)
    return f"{value}{_UNIT_SUFFIX.get(rule.unit, '')}"
