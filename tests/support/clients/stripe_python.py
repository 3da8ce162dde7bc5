"""Stripe's client for Python."""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import requests
import stripe

from clients.case import MissingCallError, RaisedError


class StripePython:
    """`stripe.StripeClient` at a sandbox. Names of calls are its own, below `v1`."""

    name = "stripe-python"
    version = version("stripe")

    def __init__(self, url: str, key: str) -> None:
        # One session, so that it can be closed: by itself the client keeps one for each thread.
        self._session = requests.Session()
        self._client = stripe.StripeClient(
            key,
            base_addresses={"api": url},
            max_network_retries=0,
            http_client=stripe.RequestsClient(session=self._session),
        )

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    @staticmethod
    def named(name: str) -> str:
        """The call as this client names it."""
        return name

    def call(self, name: str, *args: Any, at_once: int = 1, **options: Any) -> Any:
        """As `Client.call`. `every` walks through the pages of a list; `at_once` calls together."""
        if at_once == 1:
            return self._call(name, *args, **options)
        with ThreadPoolExecutor(at_once) as pool:
            calls = [pool.submit(self._call, name, *args, **options) for _ in range(at_once)]
        return [call.result() for call in calls]

    def _call(self, name: str, *args: Any, every: bool = False, **options: Any) -> Any:
        path = name.split(".")
        target: Any = self._client.v1
        for part in path:
            target = getattr(target, part, None)
            if target is None:
                raise MissingCallError(name)
        try:
            given = target(*args, options=options) if options else target(*args)
            if every:
                return {"data": [json.loads(str(item)) for item in given.auto_paging_iter()]}
            return json.loads(str(given))
        except stripe.StripeError as error:
            raise _raised(error) from error


def _raised(error: stripe.StripeError) -> RaisedError:
    about = error.error
    if error.http_status is not None:
        assert str(error.request_id).startswith("req_"), "every answer has its id"
        assert error.user_message, "every error says something"
    return RaisedError(
        type(error).__name__,
        error.http_status,
        # Some of its classes carry the code themselves, all of them within `error`.
        code=error.code or getattr(about, "code", None),
        decline_code=getattr(about, "decline_code", None),
        param=getattr(error, "param", None) or getattr(about, "param", None),
        intent=_status(getattr(about, "payment_intent", None)),
    )


def _status(intent: Any) -> str | None:
    return intent["status"] if intent else None
