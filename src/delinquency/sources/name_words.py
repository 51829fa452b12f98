"""The words of a column's name, and how a text is written in YAML."""

import re

CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-zA-Z])(?=[0-9])")
WORDS = re.compile(r"[A-Za-z]+|[0-9]+")


def words_of(name: str) -> list[str]:
    """Split a column name into lower-case words.

    Examples
    --------
    >>> words_of("NumTrades60Ever2DerogPubRec")
    ['num', 'trades', '60', 'ever', '2', 'derog', 'pub', 'rec']
    >>> words_of("default.payment_next")
    ['default', 'payment', 'next']
    """
    return [word.lower() for word in WORDS.findall(CAMEL.sub(" ", name))]


def title_of(name: str) -> str:
    """Return a column name as words, for a title that its reader improves.

    Examples
    --------
    >>> title_of("MonthlyIncome")
    'Monthly income'
    """
    text = " ".join(words_of(name))
    return text[:1].upper() + text[1:]


def quoted(text: str) -> str:
    """Return a text as YAML writes it: bare when that is safe."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ ]*", text) and text.lower() not in YAML_SWITCHES:
        return text
    return "'" + text.replace("'", "''") + "'"


YAML_SWITCHES = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
