"""A headless Chromium, spoken to by the DevTools protocol."""

import itertools
import json
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
# How long a page may take, in seconds: a machine may have much to do.
PATIENCE = 120


def found():
    """Find the program; None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser():
    """Start Chromium, and hand out a page of it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = (
            "--headless=new",
            "--no-sandbox",  # which root may not have
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
        )
        with subprocess.Popen(
            [found(), *options, "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                port, path = wait_for(Path(folder) / "DevToolsActivePort", process)
                url = f"ws://127.0.0.1:{port}{path}"
                with connect(url, max_size=None, proxy=None, open_timeout=PATIENCE) as socket:
                    yield Page(socket)
            finally:
                process.terminate()


def wait_for(path, process):
    """Read where the browser listens, when it has written that."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) == 2:
            return lines
        time.sleep(0.05)
    message = f"Chromium did not begin to listen; it ended with {process.poll()}."
    raise TimeoutError(message)


class Page:
    """One page of the browser.

    Attributes:
        complaints: what the browser has complained of since the page was opened: exceptions,
            errors on the console, what could not be loaded.
    """

    def __init__(self, socket):
        self.socket = socket
        self.numbers = itertools.count(1)
        self.complaints = []
        self.events = []
        self.session = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.ask("Network.setCacheDisabled", cacheDisabled=False)

    def ask(self, method, **parameters):
        """Send a command, and give back what it answers."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def receive(self):
        """Receive one message; note what it complains of."""
        message = json.loads(self.socket.recv(timeout=PATIENCE))
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in {"error", "assert"}:
            self.complaints.append(parameters["args"])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(parameters["entry"])
        elif method == "Network.loadingFailed" and not parameters.get("canceled"):
            self.complaints.append(parameters)
        elif method:
            self.events.append(method)
        return message

    def open(self, url, width=1400, height=1000):
        """Open an address, and wait until all of it is there."""
        self.complaints.clear()
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 700,
        )
        self.events.clear()
        answer = self.ask("Page.navigate", url=url)
        assert "errorText" not in answer, (url, answer)
        self.wait_for_load()

    def follow(self, script):
        """Run JavaScript that leads to another page, and wait until all of that is there."""
        self.events.clear()
        self.run(script)
        self.wait_for_load()

    def wait_for_load(self):
        """Wait until the page is there that is on its way."""
        while "Page.loadEventFired" not in self.events:
            self.receive()

    def run(self, script):
        """Run JavaScript in the page, and give back its value."""
        answer = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_until(self, script):
        """Wait until JavaScript is true; give back its value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = self.run(script)
            if value:
                return value
            time.sleep(0.05)
        message = f"{script} did not become true."
        raise TimeoutError(message)

    def screenshot(self):
        """Take a picture of what is seen: PNG, in base64."""
        return self.ask("Page.captureScreenshot", format="png")["data"]
