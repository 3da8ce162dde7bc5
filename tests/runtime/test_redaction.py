"""What of an answer may be shown."""

import pytest

from forwardc.core.terms.values import Secret
from forwardc.runtime.run.redaction import Redactor


def shown(text: str, *secrets: object) -> str:
    redactor = Redactor()
    redactor.hide_values({str(index): Secret(value) for index, value in enumerate(secrets)})
    return redactor.text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"client_secret": "pi_1_secret_2", "code": "x"}', '{"client_secret": ***, "code": "x"}'),
        ('{"cardNumber":4111,"a":1}', '{"cardNumber":***,"a":1}'),
        ('{"access_token": "ab\\"cd", "a": 1}', '{"access_token": ***, "a": 1}'),
        ('{"token": "cut off', '{"token": ***'),
        ("token=abc&code=5", "token=***&code=5"),
        ("a=1&card[cvc]=737", "a=1&card[cvc]=***"),
        (
            "<r><cardNumber x='1'>41</cardNumber><c>5</c></r>",
            "<r><cardNumber x='1'>***</cardNumber><c>5</c></r>",
        ),
        (
            "<u:r xmlns:u='u'><u:cardNumber>41</u:cardNumber><u:c>5</u:c></u:r>",
            "<u:r xmlns:u='u'><u:cardNumber>***</u:cardNumber><u:c>5</u:c></u:r>",
        ),
        ("<a u:cvc='737' u:c='5'/>", "<a u:cvc=*** u:c='5'/>"),
        ("card 4242424242424242.", "card ****************."),
        ('{"message": "bad \\u001b[31m"}', '{"message": "bad \\u001b[31m"}'),
        ("\x1b[31m red\n  and blue", "\N{REPLACEMENT CHARACTER}[31m red and blue"),
    ],
)
def test_names_that_tell(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize("spelling", ['q"é/&', 'q\\"é/&', 'q\\"\\u00e9/&', "q%22%C3%A9%2F%26"])
def test_a_secret_is_found_in_every_spelling(spelling: str) -> None:
    assert shown(f"got {spelling} back", 'q"é/&') == "got *** back"


def test_secrets_inside_data_and_inside_each_other() -> None:
    assert shown("abcdef abc 12345", {"a": ["abcdef", True, None]}, "abc", 12345) == "*** *** ***"


def test_a_long_answer_is_cut_after_masking() -> None:
    text = shown("x" * 595 + "hush-hush", "hush-hush")
    assert text == "x" * 595 + "***"
    assert len(shown("x" * 10_000)) == 603


def test_hostile_answers_take_little_time() -> None:
    for text in (
        '"key' * 50_000,
        '"' + "key" * 50_000,
        "<key " * 50_000,
        "<a:" * 50_000,
        "a:b:c:" * 50_000,
        "key=" * 50_000,
        '"key":"' + "\\" * 100_000,
    ):
        assert len(shown(text)) <= 603
