"""Recording what real servers answer, and answering from such recordings."""

import base64
import contextlib
import hashlib
import io
import json
import re
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from requests import Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

FOLDER = Path(__file__).parent.parent / "recordings"
KEPT_HEADERS = (
    "content-type",
    "content-disposition",
    "etag",
    "location",
    "x-lxd-",
    "x-incus-",
)
# Longer bodies than this are recorded by their hash, in bytes.
LONG = 4096
DATA = Path(__file__).parent / "data"
# The certificates that tests bring along; those of the server's own are not kept.
OURS = {
    hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read_text())).hexdigest()
    for file in DATA.glob("*.crt")
}


def theirs(match):
    """Take the fingerprint of a certificate that tests have not brought along out."""
    return match[0] if match[2] in OURS else f"{match[1]}{'0' * 64}"


# What must not be kept, and what stands in its place.
SCRUBBED = [
    (re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----(\\n)?", re.DOTALL), "<PEM>"),
    (re.compile(r'("(?:secret|password|\d|control)": ?)"[0-9a-f]{32,}"'), r'\1"<secret>"'),
    (
        # Where a server listens; not what users list.
        re.compile(r'("addresses": ?)\[(?:"[^"]*:\d{4,5}"(?:, ?"[^"]*")*)?\]'),
        r'\1["192.0.2.1:8443"]',
    ),
    (
        re.compile(
            r'("addresses": ?\[[^\]]*\], ?(?:"expiresAt": ?"[^"]*", ?)?"fingerprint": ?")([0-9a-f]{64})'
        ),
        theirs,
    ),
    (re.compile(r"(/1\.0/certificates/)([0-9a-f]{64})"), theirs),
    (
        re.compile(
            r'("certificate": ?"<PEM>"(?:, ?"description": ?"[^"]*")?, ?"fingerprint": ?")([0-9a-f]{64})'
        ),
        theirs,
    ),
    (re.compile(r"127\.0\.0\.1:\d+"), "192.0.2.1:8443"),
    (re.compile(r'("core\.trust_password": ?)"[^"]*"'), r'\1"<secret>"'),
    (re.compile(r'("certificate_fingerprint": ?)"[^"]*"'), r'\1"<fingerprint>"'),
    (re.compile(r'("identifier": ?)"[0-9a-f]{64}"'), r'\1"<fingerprint>"'),
    (re.compile(r'("(?:access|secret)[-_]key": ?)"[^"]*"'), r'\1"<secret>"'),
    (re.compile(r'("(?:kernel_version|os_version)": ?)"[^"]*"'), r'\1"6.1.0"'),
    (re.compile(r"/tmp/hyperkit-lab/[a-z0-9-]+/state"), "/var/lib/server"),
    (re.compile(r"/tmp/[a-z0-9-]+lab/[a-z0-9-]+/state"), "/var/lib/server"),
]
LONG_LISTS = ("/1.0/resources", "/1.0/metadata/configuration")


def scrub(text):
    for pattern, stand_in in SCRUBBED:
        text = pattern.sub(stand_in, text)
    return text.replace(socket.gethostname(), "host.example")


def words_of(request):
    """What makes a request the one that was recorded."""
    parts = urlsplit(request.url)
    return {
        "method": request.method,
        "url": parts.path + (f"?{parts.query}" if parts.query else ""),
        "body": shown(whole(request)),
        "if_match": request.headers.get("If-Match", ""),
        "headers": {
            name: value
            for name, value in sorted(request.headers.items())
            if name.lower().startswith(("x-lxd-", "x-incus-"))
        },
    }


def whole(request):
    """Read a body that goes in pieces, and put it back in one."""
    body = request.body or b""
    if isinstance(body, str):
        return body.encode()
    if not isinstance(body, bytes):
        body = b"".join(body)
        request.body = iter([body])
    boundary = re.search("boundary=(.+)", request.headers.get("Content-Type", ""))
    return body.replace(boundary[1].encode(), b"boundary") if boundary else body


def shown(body):
    """Write a body, or what identifies it."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = None
    if text is None or len(text) > LONG:
        return f"sha256:{hashlib.sha256(body).hexdigest()}"
    return scrub(text)


def parsed(words):
    """Read a body, if it is JSON: the order of its keys says nothing."""
    with contextlib.suppress(ValueError):
        return words | {"body": json.loads(words["body"])}
    return words


def response_to(request, answer):
    """Make the response that an answer in a recording stands for."""
    content = base64.b64decode(answer["base64"]) if "base64" in answer else answer["text"].encode()
    response = Response()
    response.status_code = answer["status"]
    response.headers = CaseInsensitiveDict(answer["headers"])
    response.raw = HTTPResponse(
        io.BytesIO(content),
        headers=answer["headers"],
        status=answer["status"],
        preload_content=False,
        request_method=request.method,
    )
    response.request = request
    response.url = request.url
    return response


class Recorder(BaseAdapter):
    """Sends through the real adapter, and keeps what went to and fro."""

    def __init__(self, adapter):
        super().__init__()
        self.adapter = adapter
        self.exchanges = []

    def send(self, request, **options):
        words = words_of(request)
        response = self.adapter.send(request, **options)
        content = response.content
        try:
            body = {"text": scrub(content.decode())}
        except UnicodeDecodeError:
            body = {"base64": base64.b64encode(content).decode()}
        if urlsplit(request.url).path in LONG_LISTS:
            body = {"text": shortened(body["text"])}
        headers = {
            name: scrub(value)
            for name, value in response.headers.items()
            if name.lower().startswith(KEPT_HEADERS)
            or (name == "Content-Length" and request.method == "HEAD")
        }
        answer = {"status": response.status_code, "headers": headers, **body}
        self.exchanges.append({"request": words, "answer": answer})
        return response_to(request, {**answer, "base64": base64.b64encode(content).decode()})

    def save(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.exchanges, indent=1) + "\n")

    def close(self):
        self.adapter.close()


def shortened(text):
    """Keep the shape of a machine's hardware, or of a long list; no serial numbers."""
    answer = json.loads(text)
    found = answer["metadata"]
    if found is not None:
        answer["metadata"] = {name: short(part) for name, part in found.items()}
    return json.dumps(answer)


def short(part):
    return {"total": part["total"]} if "total" in part else {key: {} for key in part}


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
        assert parsed(asked) == parsed(exchange["request"]), "another request was recorded here"
        self.next += 1
        return response_to(request, exchange["answer"])

    def close(self):
        pass
