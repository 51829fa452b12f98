"""A headless browser spoken to over a pipe: the DevTools protocol with nothing but the library."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe", "--hide-scrollbars",
    "--window-size=1400,1000",
)  # fmt: skip


CONTRAST = """
(() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const rgba = (s) => { const p = s.match(/[\\d.]+/g).map(Number); return p[3] === undefined ? [...p, 1] : p; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c[3] > 0) { return c; }
    }
    return [255, 255, 255];
  };
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const out = [];
  let seen = 0;
  for (const e of document.querySelectorAll("body *")) {
    const text = Array.from(e.childNodes).filter((n) => n.nodeType === 3).map((n) => n.textContent).join("").trim();
    if (!text || !e.getClientRects().length || ["SCRIPT", "STYLE", "OPTION"].includes(e.tagName)) { continue; }
    seen += 1;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const large = size >= 24 || (Number(style.fontWeight) >= 700 && size >= 18.66);
    const two = [light(rgba(e instanceof SVGElement ? style.fill : style.color)), light(ground(e))];
    const ratio = (Math.max(...two) + 0.05) / (Math.min(...two) + 0.05);
    if (ratio < (large ? 3 : 4.5)) { out.push(text.slice(0, 40) + ": " + ratio.toFixed(2)); }
  }
  return [seen, out];
})()
"""  # noqa: E501


class Browser:
    """One page of a headless Chromium.

    Chromium reads commands from file descriptor 3 and writes answers to 4, each a JSON text that
    ends with a zero byte.
    """

    def __init__(self, program: str, profile: Path):
        command_read, self._write = os.pipe()
        self._read, answer_write = os.pipe()

        def wire() -> None:
            # Copies first, so that neither end overwrites the other at 3 and 4.
            reading, writing = os.dup(command_read), os.dup(answer_write)
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=wire, close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(command_read)
        os.close(answer_write)
        self._pending = b""
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the answer of one command."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file and wait until it is there."""
        self.call("Page.navigate", url=path.as_uri() + fragment)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def run(self, script: str) -> Any:
        """Return the value of a script's last expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Press and release the mouse in the middle of an element."""
        x, y = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Type into the element that has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press and release a key."""
        code = {"ArrowDown": 40, "ArrowUp": 38}[key]
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
            )

    def choose(self, selector: str, value: str) -> None:
        """Choose an option as a person does: the value, then the event of the change."""
        self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            f"e.value = {json.dumps(value)};"
            "e.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )

    def screenshot(self, path: Path) -> None:
        """Write what is seen as a PNG file."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def pdf(self) -> bytes:
        """Return the printed page."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def low_contrast(self) -> list[str]:
        """Return texts below 4.5 to 1 against their ground (3 to 1 where large): WCAG 2.2, AA.

        Nothing may count as readable because nothing was looked at: no text at all is an error.
        """
        seen, failing = self.run(CONTRAST)
        assert seen > 10, "a page without texts"
        return failing

    def complaints(self) -> list[str]:
        """Return what the page logged as errors, and every request that left it."""
        out = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                out.append(str(params["exceptionDetails"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
                out.append(params["entry"]["text"])
            elif method == "Network.requestWillBeSent":
                address = params["request"]["url"]
                if not address.startswith(("file:", "data:", "about:")):
                    out.append(f"request to {address}")
        return out

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(timeout=20)
        os.close(self._write)
        os.close(self._read)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            part = os.read(self._read, 1 << 16)
            if not part:
                raise RuntimeError("The browser went away.")
            self._pending += part
        message, self._pending = self._pending.split(b"\0", 1)
        return json.loads(message)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A fresh headless browser; the test is skipped where none is installed."""
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no headless browser found: tried {', '.join(NAMES)}")
    one = Browser(program, tmp_path / "profile")
    try:
        yield one
    finally:
        one.close()
