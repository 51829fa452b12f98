"""Servers answer on this machine only, and only to its own names."""

import asyncio
from types import SimpleNamespace

import pytest
from mlflow.server.security_utils import is_allowed_host_header

from delinquency.workspace import serving_app
from delinquency.workspace.run_stores import Store, ui_command

STRANGERS = ("evil.example", "127.0.0.1.evil.example", "10.0.0.7", "localhost.evil.example")


def status_of(app, host, path="/metrics"):
    """Ask an application as a server would, and return the status of its answer."""
    scope = {
        "type": "http", "method": "GET", "path": path,
        "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", host.encode())], "http_version": "1.1", "scheme": "http",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 5001), "root_path": "",
    }  # fmt: skip
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return next(one["status"] for one in sent if one["type"] == "http.response.start")


@pytest.fixture
def served(monkeypatch):
    """The application around a model that is none: who may ask is not its affair."""
    import mlflow.pyfunc

    scorer = SimpleNamespace(scorer=SimpleNamespace(version="1"))
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
@pytest.mark.parametrize("path", ["/metrics", "/ping", "/invocations"])
def test_the_served_model_refuses_the_names_of_strangers(served, host, path):
    assert status_of(served, host, path) == 400


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
