"""Servers answer on this machine only, and only to its own names."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from mlflow.server.security_utils import is_allowed_host_header

from delinquency.workspace import invocations, serving_app
from delinquency.workspace.run_stores import Store, ui_command

STRANGERS = ("evil.example", "127.0.0.1.evil.example", "10.0.0.7", "localhost.evil.example")


def sent_by(app, host, path, method, messages):
    """Ask an application as a server would, and return the messages that it sends."""
    scope = {
        "type": "http", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", host.encode())], "http_version": "1.1", "scheme": "http",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 5001), "root_path": "",
    }  # fmt: skip
    sent, waiting = [], iter(messages)

    async def receive():
        return next(waiting)

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def status_of(app, host, path="/metrics", method="GET"):
    """Return the status of an application's answer."""
    nothing = {"type": "http.request", "body": b"", "more_body": False}
    sent = sent_by(app, host, path, method, [nothing])
    return next(one["status"] for one in sent if one["type"] == "http.response.start")


@pytest.fixture
def served(monkeypatch):
    """The application around a model that is none: who may ask is not its affair."""
    import mlflow.pyfunc

    scorer = SimpleNamespace(
        scorer=SimpleNamespace(version="1"),
        answer=lambda requests: [
            [{"pd_hat": len(rows), "language": language}] for rows, language in requests
        ],
    )
    model = SimpleNamespace(
        unwrap_python_model=lambda: scorer,
        metadata=SimpleNamespace(get_input_schema=lambda: None, get_params_schema=lambda: None),
    )
    monkeypatch.setenv(serving_app.MODEL_VARIABLE, "x")
    monkeypatch.setattr(mlflow.pyfunc, "load_model", lambda _: model)
    return serving_app.application()


@pytest.mark.parametrize("host", ["127.0.0.1:5001", "localhost:5001", "localhost"])
def test_the_served_model_answers_to_the_names_of_this_machine(served, host):
    assert status_of(served, host) == 200


@pytest.mark.parametrize("host", [*STRANGERS, ""])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/metrics"), ("GET", "/ping"), ("GET", "/invocations"), ("POST", "/invocations")],
)
def test_the_served_model_refuses_the_names_of_strangers(served, host, method, path):
    assert status_of(served, host, path, method) == 400


def test_a_request_that_comes_in_pieces_is_answered_and_counted(served):
    body = b'{"dataframe_records": [{"a": 1}, {"a": 2}], "params": {"language": "zh"}}'
    pieces = [{"type": "http.request", "body": body[:9], "more_body": True},
              {"type": "http.request", "body": body[9:], "more_body": False}]  # fmt: skip
    start, answer = sent_by(served, "localhost:5001", "/invocations", "POST", pieces)
    assert start["status"] == 200
    assert dict(start["headers"])[b"content-length"] == str(len(answer["body"])).encode()
    assert json.loads(answer["body"]) == {"predictions": [{"pd_hat": 2, "language": "zh"}]}
    nothing = {"type": "http.request", "body": b"", "more_body": False}
    told = sent_by(served, "localhost", "/metrics", "GET", [nothing])
    page = b"".join(one.get("body", b"") for one in told)
    assert b'delinquency_requests_total{status="200"} 1' in page
    assert b"delinquency_accounts_total 1" in page


def test_a_client_that_has_gone_is_not_answered(served):
    gone = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    assert sent_by(served, "localhost", "/invocations", "POST", gone) == []


def test_requests_that_arrive_at_once_are_answered_together_each_its_own():
    calls, told = [], {}

    def answer(requests):
        calls.append([data for data, _ in requests])
        if any(data == b"bad" for data, _ in requests):
            raise ValueError("a fault of our own")
        return [(200, f"answer to {data.decode()}") for data, _ in requests]

    app = invocations.Invocations(answer, None, invocations.Figures(), timeout=9.0)

    async def ask(number, data):
        async def receive():
            return {"type": "http.request", "body": data}

        async def send(message):
            told[number] = message.get("body")

        scope = {"type": "http", "path": "/invocations", "method": "POST",
                 "headers": [(b"host", b"localhost")]}  # fmt: skip
        await app(scope, receive, send)

    async def ask_all(bodies):
        asked = (ask(*one) for one in enumerate(bodies))
        return await asyncio.gather(*asked, return_exceptions=True)

    most = invocations.MOST_TOGETHER
    asyncio.run(ask_all([b"%d" % number for number in range(most + 2)]))
    assert [len(one) for one in calls] == [most, 2]
    assert told == {n: b"answer to %d" % n for n in range(most + 2)}
    calls.clear(), told.clear()
    outcomes = asyncio.run(ask_all([b"1", b"bad", b"3"]))
    assert [type(one).__name__ for one in outcomes] == ["NoneType", "ValueError", "NoneType"]
    assert told == {0: b"answer to 1", 2: b"answer to 3"}


def test_the_model_is_served_on_loopback():
    command = serving_app.serving_command("python", 5001)
    assert command[command.index("--host") + 1] == "127.0.0.1"


def test_the_ui_is_on_loopback_and_knows_its_own_names_only(tmp_path):
    store = Store(uri=f"sqlite:///{tmp_path}/mlflow.db", artifacts="", experiment="x", port=5007)
    command, _ = ui_command(store, "python")
    assert command[command.index("--host") + 1] == "127.0.0.1"
    names = command[command.index("--allowed-hosts") + 1].split(",")
    assert is_allowed_host_header(names, "127.0.0.1:5007")
    assert is_allowed_host_header(names, "localhost:5007")
    assert not any(is_allowed_host_header(names, f"{name}:5007") for name in STRANGERS)
