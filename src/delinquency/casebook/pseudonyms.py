"""Pseudonyms by keyed hash.

A pseudonym is an HMAC-SHA256 under a key that is kept outside the repository. A plain hash would
not do: all eleven-digit telephone numbers can be hashed in minutes and compared. Nothing here
touches a file; ``delinquency.casebook.pseudonym_keys`` reads and makes the key.

References
----------
Seed requirement C2; Personal Information Protection Law of the PRC, art. 28 (financial accounts
are sensitive), art. 73 (de-identification); RFC 2104 (HMAC).
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from delinquency.errors import ChoiceError

KEY_BYTES = 32
"""Length of a key: the block of SHA-256's security level."""
PSEUDONYM_PREFIX = "p_"
PSEUDONYM_LETTERS = 32
"""Letters kept, four bits each: 128 bits, so that doubles do not happen by chance."""
_TO_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")


@dataclass(frozen=True)
class Key:
    """A secret key; its text form never shows it.

    Attributes
    ----------
    secret : bytes
        At least 32 bytes.

    Raises
    ------
    ChoiceError
        When the key is too short to protect anything.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < KEY_BYTES:
            raise ChoiceError(
                f"A pseudonym key must have at least {KEY_BYTES} bytes. "
                f"Got {len(self.secret)}. Make one with `python -m delinquency stage=case "
                "case.do=key`."
            )

    def digest(self, *parts: str) -> str:
        """Return the keyed hash of the parts, as 64 hexadecimal digits.

        Parameters
        ----------
        parts : str
            Each is hashed with its length before it, so that ("ab", "c") and ("a", "bc") differ.
        """
        message = b"".join(
            len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts)
        )
        return hmac.digest(self.secret, message, hashlib.sha256).hex()

    def fingerprint(self) -> str:
        """Return eight digits that tell two keys apart and reveal neither."""
        return self.digest("fingerprint")[:8]


def pseudonym(key: Key, identifier: str, *, purpose: str = "account") -> str:
    """Return the pseudonym of an identifier.

    Parameters
    ----------
    key : Key
    identifier : str
        A direct identifier, or another pseudonym.
    purpose : str
        Pseudonyms of different purposes cannot be joined without the key.

    Returns
    -------
    str
        ``p_`` and 32 consonants. A digest with digits would now and then hold a run that looks
        like a telephone or card number, and be refused where those are.

    Examples
    --------
    >>> key = Key(bytes(32))
    >>> pseudonym(key, "C-004217") == pseudonym(key, "C-004217")
    True
    >>> pseudonym(key, "C-004217") == pseudonym(key, "C-004217", purpose="analyst")
    False
    """
    return PSEUDONYM_PREFIX + letters(key.digest(purpose, identifier))


def letters(digest: str) -> str:
    """Return the first 128 bits of a hexadecimal digest as 32 consonants."""
    return digest[:PSEUDONYM_LETTERS].translate(_TO_LETTERS)
