"""Recording what real servers answer, and answering from such recordings."""

import base64
import io
import json
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

from requests import Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

FOLDER = Path(__file__).parent.parent / "recordings"
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
# What must not be kept, and what stands in its place.
SCRUBBED = [
    (re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----(\\n)?", re.DOTALL), "<PEM>"),
    (re.compile(r'("(?:secret|password|\d|control)": ?)"[0-9a-f]{32,}"'), r'\1"<secret>"'),
    (re.compile(r'("addresses": ?)\[[^\]]*\]'), r'\1["192.0.2.1:8443"]'),
    (re.compile(r"127\.0\.0\.1:\d+"), "192.0.2.1:8443"),
    (re.compile(r'("core\.trust_password": ?)"[^"]*"'), r'\1"<secret>"'),
    (re.compile(r'("certificate_fingerprint": ?)"[^"]*"'), r'\1"<fingerprint>"'),
    (re.compile(r'("(?:kernel_version|os_version)": ?)"[^"]*"'), r'\1"6.1.0"'),
    (re.compile(r"/tmp/hyperkit-lab/[a-z0-9-]+/state"), "/var/lib/server"),
    (re.compile(r"/tmp/[a-z0-9-]+lab/[a-z0-9-]+/state"), "/var/lib/server"),
]
LONG_LISTS = ("/1.0/resources",)


def scrub(text):
    for pattern, stand_in in SCRUBBED:
        text = pattern.sub(stand_in, text)
    return text.replace(socket.gethostname(), "host.example")


def words_of(request):
    """What makes a request the one that was recorded."""
    parts = urlsplit(request.url)
    body = request.body or b""
    return {
        "method": request.method,
        "url": parts.path + (f"?{parts.query}" if parts.query else ""),
        "body": scrub(body.decode() if isinstance(body, bytes) else body),
        "if_match": request.headers.get("If-Match", ""),
    }


class Recorder(BaseAdapter):
    """Sends through the real adapter, and keeps what went to and fro."""

    def __init__(self, adapter):
        super().__init__()
        self.adapter = adapter
        self.exchanges = []

    def send(self, request, **options):
        response = self.adapter.send(request, **options)
        content = response.content
        try:
            body = {"text": scrub(content.decode())}
        except UnicodeDecodeError:
            body = {"base64": base64.b64encode(content).decode()}
        if urlsplit(request.url).path in LONG_LISTS:
            body = {"text": shortened(body["text"])}
        headers = {
            name: response.headers[name] for name in KEPT_HEADERS if name in response.headers
        }
        answer = {"status": response.status_code, "headers": headers, **body}
        self.exchanges.append({"request": words_of(request), "answer": answer})
        return response

    def save(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.exchanges, indent=1) + "\n")

    def close(self):
        self.adapter.close()


def shortened(text):
    """Keep the shape of a machine's hardware, not its serial numbers."""
    answer = json.loads(text)
    found = answer["metadata"]
    answer["metadata"] = {
        name: {"total": part["total"]} if "total" in part else {} for name, part in found.items()
    }
    return json.dumps(answer)


class Replayer(BaseAdapter):
    """Answers as recorded; each request must be the next one of the recording."""

    def __init__(self, path):
        super().__init__()
        self.exchanges = json.loads(path.read_text())
        self.next = 0

    def send(self, request, **options):
        asked = words_of(request)
        if self.next >= len(self.exchanges):
            message = f"{asked} was not recorded: the recording is at its end"
            raise AssertionError(message)
        exchange = self.exchanges[self.next]
        assert asked == exchange["request"], "another request was recorded here"
        self.next += 1
        answer = exchange["answer"]
        content = (
            base64.b64decode(answer["base64"]) if "base64" in answer else answer["text"].encode()
        )
        response = Response()
        response.status_code = answer["status"]
        response.headers = CaseInsensitiveDict(answer["headers"])
        response.raw = HTTPResponse(
            io.BytesIO(content),
            headers=answer["headers"],
            status=answer["status"],
            preload_content=False,
        )
        response.request = request
        response.url = request.url
        return response

    def close(self):
        pass
