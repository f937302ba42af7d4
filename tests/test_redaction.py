"""Secrets are found in every form that texts usually give them."""

import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.reporting.redaction import REDACTED, redactor

SECRETS = st.text(st.characters(blacklist_categories=["Cs"]), min_size=8, max_size=30).filter(
    lambda text: text.strip() and text not in REDACTED
)
FORMS = {
    "plain": str,
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps({"a": text})),
    "Python": repr,
    "HTML": html.escape,
    "URL": lambda text: quote(text, safe=""),
}


@pytest.mark.parametrize("form", FORMS)
@given(secret=SECRETS)
def test_a_secret_is_found(form, secret):
    written = FORMS[form](secret)
    assert redactor([secret])(f"a {written} b").count(REDACTED) >= 1


@given(secret=SECRETS, before=st.binary(max_size=4), after=st.binary(max_size=4))
def test_a_secret_within_base64_is_found(secret, before, after):
    written = base64.b64encode(before + secret.encode() + after).decode()
    assert REDACTED in redactor([secret])(written)


def test_all_texts_of_a_notebook_are_searched():
    redact = redactor(["token-123", "two lines\nof-a-key"])
    content = {"token-123": ["a token-123", {"n": 1, "t": "\x1b[31mtok\x1b[0men-123"}, "of-a-key"]}
    assert "123" not in json.dumps(redact(content))
    assert "key" not in json.dumps(redact(content))
    assert redact(7) == 7


def test_a_secret_that_is_too_short_is_refused():
    with pytest.raises(SettingsError, match="too short"):
        redactor(["abc"])
    assert redactor(["", ""])("nothing to hide") == "nothing to hide"
