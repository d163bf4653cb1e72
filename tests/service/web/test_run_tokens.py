from __future__ import annotations

import hashlib

from bot.service.run_tokens import is_token, new_token


def test_a_token_is_256_random_bits_and_kept_as_its_hash() -> None:
    token, other = new_token(), new_token()

    assert len(token.text) == 43
    assert token.text != other.text
    assert token.hash == hashlib.sha256(token.text.encode()).digest()
    assert token.text not in repr(token)


def test_only_the_token_itself_is_one() -> None:
    token = new_token()

    assert is_token(token.text, token.hash)
    assert not is_token(token.text + "a", token.hash)
    assert not is_token(new_token().text, token.hash)
    assert not is_token("", token.hash)
    assert not is_token("\udcff", token.hash)


def test_nothing_is_the_token_of_a_run_that_has_none() -> None:
    assert not is_token(new_token().text, None)
    assert not is_token("", None)
    assert not is_token("", b"")
