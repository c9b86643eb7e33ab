"""The Bot API over HTTP: a request comes in, and an answer in Telegram's envelope goes out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response

from bot.playground.botapi.method import Result
from bot.playground.botapi.methods import METHODS
from bot.playground.botapi.polling import Polling
from bot.playground.botapi.webhook_delivery import WebhookDelivery
from bot.playground.errors import ApiError
from bot.playground.params import Params, parse_params, read_params
from bot.playground.storage import Json
from bot.playground.world.world import FakeTelegram

RequestHook: TypeAlias = Callable[[str, Json, Json], None]
"""Is told the method, its parameters and the whole answer."""

Unheeded: TypeAlias = Callable[[str, str], None]
"""Is told a method and a parameter that it does not heed."""

FaultHook: TypeAlias = Callable[[str, str, Json], Awaitable[Response | None]]
"""Is asked "before" and "after" a method is run, with its name and parameters; what it gives goes out instead."""

_TOKEN: Final = re.compile(r"([0-9]{1,18}):[A-Za-z0-9_-]{3,}")
_PARAMETER: Final = re.compile(r"[a-z_]{1,64}")
"""A name that may be told: what a client made up may hold anything."""

_GET_UPDATES: Final = "getUpdates"
_GET_UPDATES_PARAMS: Final = frozenset(("offset", "limit", "timeout", "allowed_updates"))
_NAMES: Final = {name.lower(): name for name in (*METHODS, _GET_UPDATES)}
_NEVER_FROM_WEBHOOK: Final = ("get", "setWebhook", "deleteWebhook")
_LONGEST_POLL: Final = 50
_MOST_UPDATES: Final = 100


class BotApi:
    """Speaks the Bot API to a bot.

    Attributes:
        polling: where the bot waits for updates.
        ignored_params: how often a parameter came that its method ignores, by method and parameter. Telegram passes
            over what it does not know; a test can insist that there was none.
    """

    def __init__(
        self,
        world: FakeTelegram,
        *,
        token: str | None = None,
        request_hook: RequestHook | None = None,
        fault_hook: FaultHook | None = None,
        unheeded: Unheeded | None = None,
        delivery: WebhookDelivery | None = None,
    ) -> None:
        """Open the world to a bot.

        Args:
            world: what the bot acts in.
            token: the only one that is let in; every well-formed one where it is not said.
            request_hook: is told of every request once it is answered.
            fault_hook: may answer in the method's place, before or after it is run.
            unheeded: is told the first time that a parameter comes which its method does not heed.
            delivery: brings the updates to the webhook; as Telegram does it where it is not said.
        """
        self._world = world
        self._token = token
        if token and (form := _TOKEN.fullmatch(token)):
            world.bot_id = int(form[1])
        self._request_hook = request_hook
        self._fault_hook = fault_hook
        self._tell_unheeded = unheeded
        self._delivery = delivery or WebhookDelivery(world)
        self.polling = Polling(world)
        self.ignored_params: Counter[tuple[str, str]] = Counter()

    @property
    def token(self) -> str:
        """The token that is let in; empty where every well-formed one is."""
        return self._token or ""

    async def answer(self, request: Request) -> Response:
        """Answer a request for `/bot<token>/<method>`."""
        try:
            method = self._method(request)
            params = await read_params(request)
        except ApiError as refused:
            return _response(_refusal(refused))
        return await self._fault("before", method, params) or await self._perform(request, method, params)

    def _method(self, request: Request) -> str:
        token = request.path_params["token"]
        form = _TOKEN.fullmatch(token)
        if form is None or self._token not in (None, token):
            raise ApiError("", 401)
        self._world.bot_id = int(form[1])
        method = _NAMES.get(request.path_params["method"].lower())
        if method is None:
            raise ApiError("method not found", 404)
        return method

    async def _fault(self, moment: str, method: str, params: Params) -> Response | None:
        return await self._fault_hook(moment, method, params.values) if self._fault_hook else None

    async def deliver(self) -> None:
        """Bring the updates to the webhook, whenever there is one, until cancelled."""
        await self._delivery.run(self._carry_out)

    async def _carry_out(self, content_type: str, body: bytes) -> None:
        """Do what the answer to a delivery asks for, if it asks for anything; nobody is told what came of it."""
        with suppress(ApiError):
            asked = parse_params(content_type, body, {})
            method = _NAMES.get(asked.text("method").lower())
            if method and not method.startswith(_NEVER_FROM_WEBHOOK):
                values = {name: value for name, value in asked.values.items() if name != "method"}
                params = Params(values, asked.files)
                await self._answer(method, params, self._run(method, params))

    async def _perform(self, request: Request, method: str, params: Params) -> Response:
        run = self._poll(request, params) if method == _GET_UPDATES else self._run(method, params)
        answer = await self._answer(method, params, run)
        return await self._fault("after", method, params) or _response(answer)

    async def _answer(self, method: str, params: Params, run: Awaitable[Result]) -> Json:
        accepts = _GET_UPDATES_PARAMS if method == _GET_UPDATES else METHODS[method].accepts
        for name in params.values:
            if name not in accepts:
                self._pass_over(method, name)
        try:
            answer: Json = {"ok": True, "result": await run}
        except ApiError as refused:
            answer = _refusal(refused)
        if self._request_hook:
            self._request_hook(method, params.values, answer)
        return answer

    def _pass_over(self, method: str, name: str) -> None:
        self.ignored_params[method, name] += 1
        if self._tell_unheeded and self.ignored_params[method, name] == 1 and _PARAMETER.fullmatch(name):
            self._tell_unheeded(method, name)

    async def _run(self, method: str, params: Params) -> Result:
        return METHODS[method].run(self._world, params)

    async def _poll(self, request: Request, params: Params) -> Result:
        allowed = params.array("allowed_updates")
        if allowed is not None:
            self._world.updates.allow(allowed)
        limit = min(max(params.number("limit", _MOST_UPDATES), 1), _MOST_UPDATES)
        patience = min(params.number("timeout"), _LONGEST_POLL)
        return await self.polling.wait(params.number("offset"), limit, patience, partial(_gone, request))


async def _gone(request: Request) -> None:
    """Return when the one who asked has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refusal(refused: ApiError) -> Json:
    more = {"parameters": refused.parameters} if refused.parameters else {}
    return {"ok": False, "error_code": refused.code, "description": refused.description} | more


def _response(answer: Json) -> Response:
    wait = answer.get("parameters", {}).get("retry_after")
    headers = {"Retry-After": str(wait)} if wait else None
    return Response(orjson.dumps(answer), answer.get("error_code", 200), headers, "application/json")
