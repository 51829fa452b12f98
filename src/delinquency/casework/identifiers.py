"""Find direct identifiers in free text, so that none is stored, logged or sent to another."""

import re
from types import MappingProxyType

PSEUDONYM = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}|[A-Za-z0-9_.:-]{0,15}")
"""Form of a pseudonym: no spaces, no "@", and no bare number long enough to be a real one."""

# A run of digits inside a longer word (a digest, say) is no number of a person: the looks behind
# and ahead ask for the word's edge.
_PATTERNS = MappingProxyType(
    {
        "e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
        "identity number": re.compile(
            r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|\d{3}-\d{2}-\d{4})(?![0-9A-Za-z])"
        ),
        "card number": re.compile(r"(?<![0-9A-Za-z])(?:\d[ -]?){15,18}\d(?![0-9A-Za-z])"),
        "phone number": re.compile(
            r"(?<![0-9A-Za-z])(?:(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"
            r"|\+?1?[ -]?\(?\d{3}\)?[ -]\d{3}[ -]\d{4}"
            r"|0\d{2,3}-\d{7,8})(?![0-9A-Za-z])"
        ),
    }
)


def find_identifiers(text: str) -> tuple[tuple[str, str], ...]:
    """Return the direct identifiers in a text, each as its kind and the words found.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of (kind, words)

    Notes
    -----
    Names and addresses cannot be told from other words by their form; the texts that the
    project makes hold none, and free text is for facts, not for people.

    Examples
    --------
    >>> find_identifiers("asked to be called on 13812345678")
    (('phone number', '13812345678'),)
    >>> find_identifiers("pays 1250.00 on 2026-11-30")
    ()
    """
    found = []
    rest = text
    for kind, pattern in _PATTERNS.items():
        for match in pattern.finditer(rest):
            found.append((kind, match.group().strip()))
        rest = pattern.sub("", rest)
    return tuple(found)


def is_pseudonym(text: str) -> bool:
    """Return whether a text has the form of a pseudonym: no name, e-mail or phone number.

    Examples
    --------
    >>> is_pseudonym("agent-7f3a"), is_pseudonym("li.na@bank.example"), is_pseudonym("Li Na")
    (True, False, False)
    """
    if not text or not PSEUDONYM.fullmatch(text):
        return False
    # A keyed hash in hexadecimal may by chance be all digits; a card number never has a prefix.
    kinds = {kind for kind, _ in find_identifiers(text)}
    return not kinds - ({"card number"} if text[0].isalpha() else set())
