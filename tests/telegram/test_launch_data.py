"""Launch data of a Mini App: what Telegram signed opens the page, and nothing that anybody else wrote."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from aiogram.utils.web_app import check_webapp_signature

from bot.telegram.webapp.launch_data import MAX_AGE, MAX_AHEAD, LaunchRefused, read_launch, sign_launch

TOKEN = "4242:planted-Token_of-the-bot"  # noqa: S105 - it opens nothing
NOW = 1_800_000_000
ANA = 77
USER = json.dumps({"id": ANA, "first_name": "Ána & <b>", "language_code": "de"})
FIELDS = {"query_id": "AAF", "user": USER, "auth_date": str(NOW), "signature": "x-_y"}

Fields = dict[str, str]


def signed(fields: Fields, token: str = TOKEN) -> str:
    return urlencode(fields | {"hash": sign_launch(fields, token)})


def why(data: str) -> str:
    with pytest.raises(LaunchRefused) as refused:
        read_launch(data, TOKEN, NOW)
    return str(refused.value)


def test_what_telegram_signed_names_the_person() -> None:
    assert read_launch(signed(FIELDS), TOKEN, NOW) == ANA


def test_another_library_takes_the_same_data_for_signed() -> None:
    assert check_webapp_signature(TOKEN, signed(FIELDS))
    assert not check_webapp_signature(TOKEN, signed(FIELDS, "4242:another-token"))


def with_key(key: Callable[[], bytes]) -> str:
    """Sign with another key than Telegram's."""
    checked = "\n".join(f"{name}={FIELDS[name]}" for name in sorted(FIELDS))
    return urlencode(FIELDS | {"hash": hmac.digest(key(), checked.encode(), "sha256").hex()})


RIGHT = sign_launch(FIELDS, TOKEN)
FORGED = {
    "nothing": "",
    "no query": "hash",
    "only a hash": f"hash={RIGHT}",
    "no hash": urlencode(FIELDS),
    "an empty hash": urlencode(FIELDS | {"hash": ""}),
    "a hash in capitals": urlencode(FIELDS | {"hash": RIGHT.upper()}),
    "a shorter hash": urlencode(FIELDS | {"hash": RIGHT[:-1]}),
    "a hash that is no ASCII": urlencode(FIELDS | {"hash": "é" * 64}),
    "another token": signed(FIELDS, "4242:another-token"),
    "no token": signed(FIELDS, ""),
    "another person": urlencode(FIELDS | {"user": '{"id": 78}', "hash": RIGHT}),
    "another date": urlencode(FIELDS | {"auth_date": str(NOW + 1), "hash": RIGHT}),
    "a field more": urlencode(FIELDS | {"start_param": "x", "hash": RIGHT}),
    "a field less": urlencode({name: FIELDS[name] for name in FIELDS if name != "query_id"} | {"hash": RIGHT}),
    "a field twice": signed(FIELDS) + "&user=" + json.dumps({"id": 78}),
    "the hash twice": signed(FIELDS) + "&hash=" + RIGHT,
    "the key of the login button": with_key(lambda: hashlib.sha256(TOKEN.encode()).digest()),
    "key and message exchanged": with_key(lambda: hmac.digest(TOKEN.encode(), b"WebAppData", "sha256")),
    "too long": signed(FIELDS | {"start_param": "x" * 5000}),
    "too many fields": signed(FIELDS | {f"f{number}": "" for number in range(40)}),
    "half a surrogate": urlencode(FIELDS | {"hash": RIGHT}) + "&x=\ud800",
}


@pytest.mark.parametrize("data", FORGED.values(), ids=FORGED)
def test_what_anybody_else_wrote_opens_nothing(data: str) -> None:
    assert why(data) == "forged"


OLD = ("0", "", "-1", "x", "1e9", "٣", str(NOW - MAX_AGE - 1), str(NOW + MAX_AHEAD + 1), "9" * 30)


@pytest.mark.parametrize("date", OLD)
def test_launch_data_hold_for_an_hour(date: str) -> None:
    assert why(signed(FIELDS | {"auth_date": date})) == "old"


@pytest.mark.parametrize("date", [NOW - MAX_AGE, NOW, NOW + MAX_AHEAD])
def test_a_clock_may_be_a_minute_ahead(date: int) -> None:
    assert read_launch(signed(FIELDS | {"auth_date": str(date)}), TOKEN, NOW) == ANA


@pytest.mark.parametrize(
    "more",
    [
        {"chat_type": "group"},
        {"chat_type": "supergroup"},
        {"chat_type": "channel"},
        {"chat": "{}"},
        {"receiver": "{}"},
    ],
)
def test_a_page_that_was_opened_in_a_group_sends_nothing(more: Fields) -> None:
    assert why(signed(FIELDS | more)) == "group"


@pytest.mark.parametrize("kind", ["private", "sender"])
def test_a_page_that_was_opened_in_a_private_chat_sends(kind: str) -> None:
    assert read_launch(signed(FIELDS | {"chat_type": kind}), TOKEN, NOW) == ANA


NOBODY = ("", "{", "[]", "77", "{}", '{"id": "77"}', '{"id": 77.0}', '{"id": true}', '{"id": 0}', '{"id": -77}')


@pytest.mark.parametrize("user", [*NOBODY, f'{{"id": {2**60}}}', '{"id": 77, "is_bot": true}'])
def test_launch_data_without_a_person_open_nothing(user: str) -> None:
    assert why(signed(FIELDS | {"user": user})) == "nobody"


def test_the_hash_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("hmac.compare_digest", compare)
    wrong = "0" * 64
    assert why(urlencode(FIELDS | {"hash": wrong})) == "forged"
    assert compared == [(RIGHT, wrong)]
