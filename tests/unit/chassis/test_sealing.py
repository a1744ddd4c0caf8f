"""Credentials are kept sealed: with any text as the key, and through its replacement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.chassis.addresses import Credentials
from services.chassis.sealing import Sealing, SealingFault

SEALING = Sealing(SecretStr("correct horse battery staple"))


@given(username=st.text(), password=st.text(min_size=1))
def test_what_was_sealed_opens_again(username: str, password: str) -> None:
    credentials = Credentials(username, password)
    sealed = SEALING.seal(credentials)
    assert sealed is not None
    assert SEALING.open(sealed) == credentials
    assert len(password) < 4 or password.encode() not in sealed


def test_no_credentials_need_no_key() -> None:
    keyless = Sealing(SecretStr(""))
    assert not keyless.has_key
    assert keyless.seal(Credentials()) is None
    assert keyless.open(None) == Credentials()


def test_without_a_key_credentials_are_refused_with_a_sentence() -> None:
    keyless = Sealing(SecretStr(" , "))
    with pytest.raises(SealingFault, match="set NIGHTCLERK_SECRET_KEY") as caught:
        keyless.seal(Credentials("admin", "s3cret"))
    assert "s3cret" not in str(caught.value)
    with pytest.raises(SealingFault, match="set NIGHTCLERK_SECRET_KEY"):
        keyless.open(b"sealed")


@pytest.mark.parametrize("sealed", [b"", b"sealed", b"\x00" * 80])
def test_what_is_damaged_or_sealed_by_another_key_is_told(sealed: bytes) -> None:
    with pytest.raises(SealingFault, match="another NIGHTCLERK_SECRET_KEY"):
        SEALING.open(sealed)


def test_a_key_is_replaced_without_entering_anything_again() -> None:
    credentials = Credentials("admin", "s3cret")
    before = SEALING.seal(credentials)
    assert before is not None
    both = Sealing(SecretStr("a new one, correct horse battery staple"))
    assert both.open(before) == credentials
    with pytest.raises(SealingFault):
        SEALING.open(both.seal(credentials))
    assert Sealing(SecretStr("a new one")).open(both.renewed(before)) == credentials
