"""Requests for scores over HTTP: read, answered together, counted.

MLflow's application answers everything else. A request for scores does not go through its layers:
they cost as much as the scoring of an account.
"""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Waiting: TypeAlias = "tuple[tuple[bytes, str], asyncio.Future[tuple[int, str]]]"

BUCKETS_MS = (1, 2, 5, 10, 20, 50, 100, 500, 1000)
OK, BAD_REQUEST, TOO_LONG = 200, 400, 504
PATH = "/invocations"
SMALL = 100_000
"""Bytes of a request up to which it is answered where it comes in."""
MOST_TOGETHER = 16
"""Requests that are answered together at most."""
PATIENCE = 0.001
"""Seconds that a request waits at most for others to be answered with it."""
HOSTS = ("127.0.0.1", "localhost")
"""Names by which this machine may be asked. A page of a stranger that lets its own name point here
(DNS rebinding) sends that name, and is refused."""


class Figures:
    """Counts and times of requests, in the text format that Prometheus reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[int, int] = {}
        self._buckets = [0] * (len(BUCKETS_MS) + 1)
        self._seconds = 0.0
        self._rows = 0

    def add(self, status: int, seconds: float, rows: int) -> None:
        """Count one request."""
        with self._lock:
            self._requests[status] = self._requests.get(status, 0) + 1
            place = sum(seconds * 1000 > edge for edge in BUCKETS_MS)
            self._buckets[place] += 1
            self._seconds += seconds
            self._rows += rows

    def text(self, version: str) -> str:
        """Return the figures."""
        with self._lock:
            lines = [
                "# TYPE delinquency_model_info gauge",
                f'delinquency_model_info{{version="{version}"}} 1',
                "# TYPE delinquency_requests_total counter",
            ]
            lines += [
                f'delinquency_requests_total{{status="{status}"}} {count}'
                for status, count in sorted(self._requests.items())
            ]
            lines += [
                "# TYPE delinquency_accounts_total counter",
                f"delinquency_accounts_total {self._rows}",
                "# TYPE delinquency_request_seconds histogram",
            ]
            total = 0
            for edge, count in zip((*BUCKETS_MS, None), self._buckets, strict=True):
                total += count
                label = "+Inf" if edge is None else f"{edge / 1000:g}"
                lines.append(f'delinquency_request_seconds_bucket{{le="{label}"}} {total}')
            lines += [
                f"delinquency_request_seconds_sum {self._seconds:.6f}",
                f"delinquency_request_seconds_count {total}",
            ]
        return "\n".join(lines) + "\n"


class Invocations:
    """The web application: scores where they are asked for, MLflow's application for the rest.

    Small requests that arrive while others are scored wait for each other, and are answered
    together: one account takes many steps, four hardly more.

    Parameters
    ----------
    answer : callable
        Takes requests as pairs of bytes and content type; returns status and JSON of each.
    rest : ASGI application
    figures : Figures
    timeout : float
        Seconds until a large request is given up.
    """

    def __init__(
        self,
        answer: Callable[[list[tuple[bytes, str]]], list[tuple[int, str]]],
        rest: Callable[..., Awaitable[None]],
        figures: Figures,
        timeout: float,
    ):
        self._answer, self._rest, self._figures = answer, rest, figures
        self._timeout = timeout
        self._waiting: list[Waiting] = []
        self._next: asyncio.Handle | None = None
        self._expected = 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection's event."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._rest(scope, receive, send)
            return
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").split(":")[0]
        if host not in HOSTS:
            await _respond(send, BAD_REQUEST, "Invalid host header", "text/plain")
            return
        data = await _body(receive)
        if data is None:
            return
        start = time.perf_counter()
        asked = data, headers.get(b"content-type", b"application/json").decode("latin-1")
        if len(data) <= SMALL:  # a few accounts: changing threads would cost more
            status, text = await self._together(asked)
        else:
            try:
                work = asyncio.to_thread(self._answer, [asked])
                [(status, text)] = await asyncio.wait_for(work, self._timeout)
            except TimeoutError:
                status, text = TOO_LONG, refusal("Request processing time exceeded limit")
        rows = text.count('"pd_hat"') if status == OK else 0
        self._figures.add(status, time.perf_counter() - start, rows)
        await _respond(send, status, text, "application/json")

    async def _together(self, asked: tuple[bytes, str]) -> tuple[int, str]:
        """Return the answer of a request that is scored with what else has arrived.

        Clients that were answered together ask again at nearly the same time: as many as those
        are waited for, for a moment. A client that asks alone waits for nobody.
        """
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[tuple[int, str]] = loop.create_future()
        self._waiting.append((asked, answered))
        if len(self._waiting) >= self._expected and isinstance(self._next, asyncio.TimerHandle):
            self._next.cancel()
            self._next = None
        if self._next is None:
            waits = len(self._waiting) < self._expected
            self._next = (loop.call_later(PATIENCE, self._answer_waiting) if waits
                          else loop.call_soon(self._answer_waiting))  # fmt: skip
        return await answered

    def _answer_waiting(self) -> None:
        self._next = None
        now, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        self._expected = min(max(len(now), self._expected - 1), MOST_TOGETHER)
        if self._waiting:
            self._next = asyncio.get_running_loop().call_soon(self._answer_waiting)
        self._answer_these(now)

    def _answer_these(self, requests: list[Waiting]) -> None:
        try:
            answers = self._answer([asked for asked, _ in requests])
        except Exception as error:  # whatever it is: one request's fault is no other's
            if len(requests) > 1:
                for one in requests:
                    self._answer_these([one])
            elif not requests[0][1].done():
                requests[0][1].set_exception(error)
            return
        for (_, answered), answer in zip(requests, answers, strict=True):
            if not answered.done():
                answered.set_result(answer)


async def _body(receive: Receive) -> bytes | None:
    """Return the bytes of a request; None where the client has gone."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _respond(send: Send, status: int, text: str, kind: str) -> None:
    body = text.encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def refusal(message: str) -> str:
    """Return why a request is refused, without the data that MLflow writes before it."""
    told = message.rsplit("\nError: ", 1)[-1]
    return json.dumps({"error_code": "BAD_REQUEST", "message": told})
