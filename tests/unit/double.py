"""A requests adapter that knows what is to come, and refuses all else."""

import io
import json
from urllib.parse import parse_qsl, urlsplit

from requests import Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

ENDPOINT = "https://lxd.test:8443"
# What every server of these years has.
EXTENSIONS = [
    "clustering",
    "container_exec_recording",
    "container_exec_user_group_cwd",
    "console",
    "entity_description",
    "instances",
    "patch",
    "projects",
    "storage",
]


class Double(BaseAdapter):
    def __init__(self):
        super().__init__()
        self.expected = []
        self.headers = []
        self.timeouts = []
        self.kind = "file"

    def expect(self, method, path, answer=None, *, body=None, query=None, status=200, raw=None):
        """Expect one request; `answer` is the metadata, `raw` the whole body or an exception."""
        if raw is None:
            raw = {"type": "sync", "status": "Success", "status_code": 200, "metadata": answer}
        self.expected.append(((method, path, query or {}, body), status, raw))

    def expect_wait(self, ended=None, **answer):
        """Expect the wait for what has `started`; it has ended well, or as is said."""
        ended = ended or operation()
        self.expect("GET", "/1.0/operations/u-1/wait", ended, query={"timeout": "30"}, **answer)

    def send(self, request, **options):
        parts = urlsplit(request.url)
        body = body_of(request)
        asked = (request.method, parts.path, dict(parse_qsl(parts.query)), body)
        assert self.expected, f"nothing was expected, but {asked} came"
        wanted, status, raw = self.expected.pop(0)
        assert asked == wanted
        self.headers.append(request.headers)
        self.timeouts.append(options.get("timeout"))
        if isinstance(raw, BaseException):
            raise raw
        content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        response = Response()
        response.status_code = status
        response.headers = CaseInsensitiveDict({"Content-Type": "application/json"})
        response.headers["X-LXD-type"] = self.kind
        response.raw = HTTPResponse(io.BytesIO(content), status=status, preload_content=False)
        response.request = request
        response.url = request.url
        return response

    def close(self):
        pass


def body_of(request):
    """Read a body: JSON, or the text of an upload."""
    body = request.body
    if body is None or isinstance(body, (bytes, str)):
        return json.loads(body) if body else None
    return b"".join(body).decode()


def operation(status_code=200, status="Success", **fields):
    return {
        "id": "u-1",
        "class": "task",
        "description": "Testing",
        "status": status,
        "status_code": status_code,
        "metadata": None,
        "err": "",
    } | fields


def about(*extensions, lacks=(), server="lxd", **environment):
    """Say what a server is: it has these extensions besides, and lacks those."""
    return {
        "auth": "trusted",
        "api_extensions": [*({*EXTENSIONS, *extensions} - {*lacks})],
        "environment": {"server": server, "server_version": "6.9"} | environment,
    }


def greet(double, *extensions, query=None, **server):
    """Expect the question what the server is."""
    double.expect("GET", "/1.0", about(*extensions, **server), query=query)


def started(**fields):
    return {
        "type": "async",
        "status": "Operation created",
        "status_code": 100,
        "operation": "/1.0/operations/u-1",
        "metadata": operation(103, "Running", **fields),
    }


def error(code, text):
    return {"type": "error", "error": text, "error_code": code, "metadata": None}
