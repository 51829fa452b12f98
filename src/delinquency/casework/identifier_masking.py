"""Find direct identifiers in free text, so that none is stored, logged or sent to another."""

import re
import unicodedata
from types import MappingProxyType

PSEUDONYM = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}|[A-Za-z0-9_.:-]{0,15}")
"""Form of a pseudonym: no spaces, no "@", and no bare number long enough to be a real one."""

# A run of digits inside a longer word (a digest, say) is no number of a person: the looks behind
# and ahead ask for the word's edge.
_PATTERNS = MappingProxyType(
    {
        # Lengths are bounded, so that no text takes longer than its length.
        "e-mail address": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}"),
        "identity number": re.compile(
            r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|\d{6}[ -]\d{8}[ -]\d{3}[\dXx]"
            r"|\d{3}[- ]\d{2}[- ]\d{4}|[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D])"
            r"(?![0-9A-Za-z])"
        ),
        "account number": re.compile(
            r"(?<![0-9A-Za-z])[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){3,7}(?: ?[0-9A-Z]{1,3})?"
            r"(?![0-9A-Za-z])"
        ),
        "card number": re.compile(r"(?<![0-9A-Za-z])(?:\d[ .-]?){12,18}\d(?![0-9A-Za-z])"),
        # Abroad: a plus or 00, a country, and groups of digits; at home: a leading 0 or an area in
        # brackets, and groups; or the plain forms of China and North America.
        "phone number": re.compile(
            r"(?<![0-9A-Za-z])(?:"
            r"(?:\+|00 ?)[1-9]\d{0,2}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,5}"
            r"|(?:86[ -]?)?1[3-9]\d[ .-]?\d{4}[ .-]?\d{4}"
            r"|1?[ .-]?\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}"
            r"|\(0?\d{2,5}\)[ .-]?\d{3,4}[ .-]?\d{3,4}"
            r"|0\d{2,4}[ .-]\d{3,4}[ .-]?\d{3,4}"
            r"|0\d{9,10}|[2-9]\d{2}[2-9]\d{6}"
            r")(?![0-9A-Za-z])"
        ),
        "name": re.compile(
            r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Sr|Sra|Mme|Monsieur)\.? [A-Z][\w'-]{1,30}"
            r"|[\u4e00-\u9fff]{1,3}(?:先生|女士|小姐|太太)"
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
    Names are known by a form of address before or after them ("Mr. Li", "李先生"); without one,
    and for addresses, no form tells them from other words: free text is for facts, not people.

    Examples
    --------
    >>> find_identifiers("asked to be called on 13812345678")
    (('phone number', '13812345678'),)
    >>> find_identifiers("pays 1250.00 on 2026-11-30")
    ()
    """
    found = []
    # Digits of full width are digits to a reader too.
    rest = unicodedata.normalize("NFKC", text)
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
    # A keyed hash in hexadecimal may by chance be all digits, and a reference has zeros in front:
    # neither is a card's or a telephone's number behind a letter.
    return not any(
        not (
            text[0].isalpha()
            and (
                kind in ("card number", "account number")
                or (kind == "phone number" and words.isdigit() and words[0] != "1")
            )
        )
        for kind, words in find_identifiers(text)
    )
