"""No form in which a program prints a secret leaves it readable."""

from __future__ import annotations

import base64
import html
import json
import pickle
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import CheckResult, SetupError, TransientError, redaction
from subtitled.plugin.redaction import HIDDEN, hide_secrets, remember_secret

SECRETS = (
    'pa$$/wörd & "q"<x>\\y',
    "sk-Abcdef0123456789==",
    "a+b/c d%e%2f",
    "密码是这个没错",
    "n\udcffot text",
)
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "part of a path": quote,
    "parameter": lambda text: quote(text, safe=""),
    "parameter in lower case": lambda text: re.sub(
        "%..", lambda match: match[0].lower(), quote(text, safe="")
    ),
    "form": quote_plus,
    "json": lambda text: json.dumps({"key": text}),
    "json as UTF-8": lambda text: json.dumps({"key": text}, ensure_ascii=False),
    "python": lambda text: repr({"key": text}),
    "html": html.escape,
    "hexadecimal": lambda text: text.encode().hex(),
    "bytes of python": lambda text: repr(text.encode()),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "user name of 1": lambda text: base64.b64encode(f"u:{text}".encode()).decode(),
    "user name of 2": lambda text: base64.b64encode(f"us:{text}\n".encode()).decode(),
    "user name of 3": lambda text: base64.urlsafe_b64encode(f"usr:{text}?".encode()).decode(),
    "mail": lambda text: base64.encodebytes(f"{'user' * 13}:{text}".encode()).decode(),
    "two lines": lambda text: f"{text[:4]}\n{text[4:]}",
    "continued lines": lambda text: "\\\n".join(text),
}


@pytest.fixture(autouse=True)
def known_secrets() -> Iterator[None]:
    before = redaction._known, redaction._forms
    for secret in SECRETS:
        remember_secret(secret)
    yield
    redaction._known, redaction._forms = before


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", SECRETS[:-1])
def test_a_secret_is_hidden_in_each_form(secret: str, form: str) -> None:
    shown = hide_secrets(f"401: {FORMS[form](secret)} is wrong")
    assert HIDDEN in shown
    assert shown.startswith("401: ")
    assert shown.endswith(" is wrong")
    # What is beside it stays, and of Base64 a few bits at both ends.
    assert len(shown) <= len(f"401: {FORMS[form]('')}{HIDDEN} is wrong") + 6


@given(st.text(st.characters(codec="utf-8"), min_size=6), st.binary(max_size=9), st.binary())
def test_a_secret_is_hidden_in_base64_whatever_is_beside_it(
    secret: str, before: bytes, after: bytes
) -> None:
    redaction._known = redaction._forms = frozenset()
    remember_secret(secret)
    data = before + secret.encode() + after
    assert HIDDEN in hide_secrets(base64.b64encode(data).decode())
    assert HIDDEN in hide_secrets(base64.urlsafe_b64encode(data).decode())


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("http://ana:p@ss@tv/x", f"http://{HIDDEN}@tv/x"),
        ("https://tv/x?access_token=abc", f"https://tv/x?access_token={HIDDEN}"),
        ("Authorization: Bearer abc.def", f"Authorization: Bearer {HIDDEN}"),
        (
            "{'authorization': 'Basic dTpw', 'a': 1}",
            f"{{'authorization': 'Basic {HIDDEN}', 'a': 1}}",
        ),
        ("{'X-Emby-Token': 'abc'}", f"{{'X-Emby-Token': '{HIDDEN}'}}"),
        ("xi-api-key: abc", f"xi-api-key: {HIDDEN}"),
        ('{"password": "it\'s x", "a": 1}', f'{{"password": "{HIDDEN}", "a": 1}}'),
    ],
)
def test_what_nobody_knows_is_hidden_by_what_stands_around_it(text: str, hidden: str) -> None:
    assert hide_secrets(text) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "/films/Basic Instinct (1992)/Basic English: a token of love.mkv",
        "http://host:80/x@y z@h",
        '{"max_tokens": 100, "token": 12}',
        "the key: value = 3",
        "a film = a film @ home",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert hide_secrets(text) == text


def test_an_error_hides_what_a_server_sends_back() -> None:
    for error in (
        SetupError(f"401: {SECRETS[1]} is unknown", f"Replace {SECRETS[1]}"),
        pickle.loads(pickle.dumps(TransientError(f"for {SECRETS[1]}"))),
    ):
        assert SECRETS[1] not in f"{error} {error!r} {error.args}"
        assert HIDDEN in str(error)


def test_a_self_check_shows_no_password_of_an_address() -> None:
    check = CheckResult("Plex at http://me:hunter22@nas:32400", False, "?token=abcdefgh", "")
    assert "hunter22" not in check.subject and "nas:32400" in check.subject
    assert "abcdefgh" not in check.detail
