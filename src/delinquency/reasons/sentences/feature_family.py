"""A family of features: what a value above and below the reference means, in words.

A sentence belongs to what was measured, never to the trait: a count of enquiries is no high
balance, and a short history is no bad record. Each headline compares with the reference, so that
it is true of every value on its side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from delinquency.named_choices import Registry

Kind = Literal["level", "change", "fall", "spread"]
"""What a value is: a level, a change of levels (> 0 is a rise), a fall (> 0), a variation."""
Side = Literal["high", "low"]


@dataclass(frozen=True)
class Headline:
    """One sentence for the account manager and the customer, in both languages."""

    manager: str
    manager_zh: str
    customer: str
    customer_zh: str


@dataclass(frozen=True)
class Family:
    """Features that say the same thing in different figures.

    Attributes
    ----------
    key : str
    features : tuple of str
        Names of features, or of the quantities that families of summaries are made of.
    high, low : Headline or None
        What a level above and below the reference means; None where the feature's direction
        makes it no reason.
    noun, noun_zh : str
        What rises, falls or varies, for summaries that are no levels; "" where there are none.
    kind : str
        Of the features that are no summaries.
    counter_zh : str
        Measure word of the counts.
    never_at_window : bool
        Whether the length of the window stands for "not in the window".
    labels : mapping of float to tuple of str
        English and Chinese words of codes. A mean or a change of codes is never stated.
    customer_phrase : mapping of str to tuple of str
        Feature -> English and Chinese words for the customer, where the manager's could hurt.
    """

    key: str
    features: tuple[str, ...]
    high: Headline | None = None
    low: Headline | None = None
    noun: str = ""
    noun_zh: str = ""
    kind: Kind = "level"
    counter_zh: str = "次"
    never_at_window: bool = False
    labels: Mapping[float, tuple[str, str]] = field(default_factory=dict)
    customer_phrase: Mapping[str, tuple[str, str]] = field(default_factory=dict)


EMPTY_UNLESS_KNOWN: Mapping[str, tuple[str, ...]] = {
    "idle_months": ("balance_log",),
    "quiet_months": ("charges_to_limit",),
    "purchases_contraction": (),
    "full_payment_months": ("payment_ratio",),
    "minimum_payment_months": ("payment_ratio",),
    "revolving_months": ("payment_ratio",),
    "skips_after_full_payment": ("payment_ratio",),
    "months_since_payment": ("payment_log", "payment_to_limit"),
    "cures": ("months_behind",),
    "contacted_months": ("inbound_total", "inbound_recent"),
    "overspent_months": ("charges_to_limit",),
    "over_limit_by_charges": ("utilization_mean", "charges_to_limit"),
    "buffer_while_unpaid": (),
    "discretionary_while_late": (),
    "purchases_while_revolving": (),
    "spend_spike": (),
    "limit_rise_response": (),
}
"""Features whose 0 (or whole window) also stands for "there was nothing to measure", with the
quantities or features one of which must be known for it to be a value. Without any: never one."""

FAMILIES: Registry[Family] = Registry("family of features")


def headline(en: str, zh: str, customer: str = "", customer_zh: str = "") -> Headline:
    """Return a headline; the customer reads the manager's words where none are given."""
    return Headline(en, zh, customer or en, customer_zh or zh)


def declare(*families: Family) -> None:
    """Add families to the registry."""
    for one in families:
        FAMILIES.add(one.key, one)


def moved(family: Family, kind: Kind, value: float, side: Side) -> tuple[str, str]:
    """Return what a change or a variation says, in English and Chinese.

    Parameters
    ----------
    family : Family
    kind : {"change", "fall", "spread"}
    value : float
        As displayed: the sign says whether it rose, the side whether more than the reference.
    side : {"high", "low"}

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> debts = Family("debts", ("debts",), noun="The balance", noun_zh="余额")
    >>> moved(debts, "change", 2.0, "high")
    ('The balance rose more than is typical', '余额升幅大于通常')
    >>> moved(debts, "change", -1.0, "high")
    ('The balance fell less than is typical', '余额降幅小于通常')
    """
    noun, noun_zh = family.noun, family.noun_zh
    more = side == "high"
    if kind == "spread":
        words = ("varied more than is typical", "波动大于通常") if more else (
            "varied less than is typical", "波动小于通常",
        )  # fmt: skip
        return f"{noun} {words[0]}", f"{noun_zh}{words[1]}"
    upward = value > 0 if kind == "change" else value < 0
    if value == 0:
        # The reference is on the other side of 0: it rose or fell, and this did not.
        rising = more if kind == "fall" else not more
        words = ("did not rise", "未上升") if rising else ("did not fall", "未下降")
        return f"{noun} {words[0]}", f"{noun_zh}{words[1]}"
    stronger = more == (value > 0)
    verb, verb_zh = ("rose", "升幅") if upward else ("fell", "降幅")
    degree, degree_zh = ("more", "大于") if stronger else ("less", "小于")
    return f"{noun} {verb} {degree} than is typical", f"{noun_zh}{verb_zh}{degree_zh}通常"
