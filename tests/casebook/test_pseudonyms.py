import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.casebook.pseudonyms import Key, pseudonym
from delinquency.casework.identifier_masking import is_pseudonym
from delinquency.errors import ChoiceError

KEY = Key(bytes(range(32)))


def test_a_digest_is_hmac_sha256_over_lengths_and_parts() -> None:
    message = b"\x00\x00\x00\x02ab\x00\x00\x00\x01c"
    assert KEY.digest("ab", "c") == hmac.new(KEY.secret, message, hashlib.sha256).hexdigest()


def test_parts_do_not_run_into_each_other() -> None:
    assert KEY.digest("ab", "c") != KEY.digest("a", "bc")


@given(st.text(), st.text())
def test_two_identifiers_never_share_a_pseudonym(one: str, other: str) -> None:
    if one.isprintable() and other.isprintable():
        assert (pseudonym(KEY, one) == pseudonym(KEY, other)) == (one == other)


@given(st.integers(0, 10**11))
def test_a_pseudonym_is_accepted_wherever_pseudonyms_are(number: int) -> None:
    assert is_pseudonym(pseudonym(KEY, str(number)))


def test_another_key_gives_another_pseudonym() -> None:
    assert pseudonym(KEY, "A1") != pseudonym(Key(bytes(32)), "A1")


def test_a_key_does_not_show_itself() -> None:
    assert KEY.secret.hex()[:8] not in f"{KEY!r} {KEY} {KEY.fingerprint()}"
    assert str(KEY.secret) not in repr(KEY)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ChoiceError, match="at least 32 bytes"):
        Key(bytes(31))
