"""Is the level of the PDs right? What to say when it is not, beside any figure of rank."""

from delinquency.metrics.intervals import Interval


def level_in_words(ratio: Interval, *, n: int, bads: float) -> str:
    """Return in words how the PDs' level is off, or "" where the interval includes 1.

    Parameters
    ----------
    ratio : Interval
        Bads over expected.
    n : int
        Rows.
    bads : float
        Bads that were seen.

    Returns
    -------
    str

    Examples
    --------
    >>> level_in_words(Interval(0.8, 0.7, 0.9), n=1000, bads=40)
    'The level is off: 5.00 % bad were expected, 4.00 % were seen (bads over expected 0.80 [0.70, \
0.90]). The order of risk does not suffer; a PD taken as a probability does: it is too high.'
    >>> level_in_words(Interval(1.02, 0.95, 1.1), n=1000, bads=40)
    ''
    """
    if not (ratio.low > 1 or ratio.high < 1) or not n or not ratio.estimate > 0:
        return ""
    seen = bads / n
    way = "high" if ratio.high < 1 else "low"
    digits = 2
    while digits < 12 and f"{ratio.estimate:.{digits}f}" == f"{1:.{digits}f}":
        digits += 1
    figures = ", ".join(f"{end:.{digits}f}" for end in (ratio.low, ratio.high))
    return (
        f"The level is off: {seen / ratio.estimate:.2%} bad were expected, {seen:.2%} were seen "
        f"(bads over expected {ratio.estimate:.{digits}f} [{figures}]). The order of risk does "
        f"not suffer; a PD taken as a probability does: it is too {way}."
    ).replace("%", " %")
