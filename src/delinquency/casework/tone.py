"""Flags the tone of outgoing texts: threats, moral labels, pressure, law before its time.

A list of words understands nothing: it flags, a person decides. Patterns look at who does what to
whom ("tell your employer" is a threat, "the loss of your mother" is not). Approved texts and
required notices are never refused by it.
"""

import re
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType

from delinquency.casework.identifier_masking import find_identifiers
from delinquency.casework.tone_words import CHINESE, ENGLISH

SOFT = ("legal word before step 4", "other people", "no offer of help")
"""Kinds that an answer to the customer may hold: "may you sue me?" is answered with the word."""


@dataclass(frozen=True)
class ToneFault:
    """One thing in a text that may not go out.

    Attributes
    ----------
    kind : str
        "threat", "moral label", "legal word before step 4", "pressure", "other people",
        "personal identifier", "no offer of help".
    words : str
        What was found, as it stands in the cleaned text; "" when something is missing.
    mend : str
        What to write instead.
    """

    kind: str
    words: str
    mend: str

    @property
    def hard(self) -> bool:
        """Whether the words have no kind use: law and other people can be asked about."""
        return self.kind not in SOFT


_MENDS = MappingProxyType(
    {
        "threat": "Say what can be done together, not what will happen otherwise.",
        "moral label": "Name the payment, not the person.",
        "pressure": "Give the date and the ways to pay or to talk, without haste.",
        "legal word before step 4": "Legal words wait until a legal step was rightly taken.",
        "other people": "Write of the customer's own account only.",
        "personal identifier": "Leave numbers and addresses of people out of the text.",
        "no offer of help": "Ask whether there is a difficulty, and offer help.",
    }
)
_PATTERNS = MappingProxyType(
    {
        kind: re.compile("|".join((*ENGLISH[kind], *CHINESE[kind])), re.IGNORECASE)
        for kind in ENGLISH
    }
)
_LEGAL = "legal word before step 4"
_HELP = re.compile(
    r"\b(?:help|support|difficult\w*|work (?:something|it) out|talk (?:it )?over)\b"
    r"|帮助|协助|困难|协商",
    re.IGNORECASE,
)
_SHOUTING = re.compile(r"\b[A-Z]{4,32}(?:\s[A-Z]{3,32})+\b")
_CJK = r"[\u3400-\u9fff]"
# What a customer need not, must not or cannot do is no demand: "you do not need to pay today".
# Nor is a threat what the lender says it will not do, unless a condition follows.
_NEGATED = re.compile(
    r"\b(?:need not|(?:do not|don't) (?:need|have) to|must not|cannot|can not|can't)(?: \w+){0,3}"
    r"|\b(?:will not|won't|shall not) (?:contact|call|visit|phone|tell|inform|notify|write to|"
    r"speak (?:to|with)|talk to|share)(?: \w+){0,2}"
    r"(?![^.?!\n]{0,200}\b(?:if|unless|yet|until|as long|so long|provided|when|once|but)\b)"
    r"|(?:不需要|无需|不必|不用)[\u3400-\u9fff]{0,4}",
    re.IGNORECASE,
)
_BETWEEN_CJK = re.compile(rf"(?<={_CJK})[\s·.\-_*|、]+(?={_CJK})")


def clean(text: str) -> str:
    """Return a text in its plainest form, so that a word cannot hide behind signs or spaces.

    Examples
    --------
    >>> clean("起 诉"), clean("ｌａｗyer")
    ('起诉', 'lawyer')
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    plain = plain.replace("\u2019", "'")
    return _BETWEEN_CJK.sub("", re.sub(r"[ \t\r\f\v]+", " ", plain))


def tone_faults(
    text: str, *, legal_words_allowed: bool = False, help_needed: bool = False
) -> tuple[ToneFault, ...]:
    """Return everything in an outgoing text that may not go out, in English or Chinese.

    Parameters
    ----------
    text : str
        In either language, or both: both lists are always tried.
    legal_words_allowed : bool
        Whether a legal step was rightly taken before.
    help_needed : bool
        Whether the text must offer help, as every reminder must.

    Returns
    -------
    tuple of ToneFault

    Examples
    --------
    >>> [fault.kind for fault in tone_faults("Pay at once or we will see you in court.")]
    ['pressure', 'legal word before step 4']
    """
    plain = clean(text)
    faults = []
    for kind, pattern in _PATTERNS.items():
        if kind == _LEGAL and legal_words_allowed:
            continue
        read = _NEGATED.sub(" ", plain) if kind in ("threat", "pressure") else plain
        found = {match.group().lower(): match.group() for match in pattern.finditer(read)}
        faults += [ToneFault(kind, words, _MENDS[kind]) for words in found.values()]
    faults += [
        ToneFault("pressure", match.group(), _MENDS["pressure"])
        for match in _SHOUTING.finditer(plain)
    ]
    faults += [
        ToneFault("personal identifier", f"a {kind}", _MENDS["personal identifier"])
        for kind, _ in find_identifiers(plain)
    ]
    if help_needed and not _HELP.search(plain):
        faults.append(ToneFault("no offer of help", "", _MENDS["no offer of help"]))
    return tuple(faults)
