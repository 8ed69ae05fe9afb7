"""The REST API, over the daemon's own socket."""

import http.client
import json
import socket

from machine import Failure


class ApiError(Failure):
    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Api:
    """Just enough of the API to set a daemon up. Waits for operations."""

    def __init__(self, path):
        self.path = path

    def call(self, method, url, body=None, headers=None, timeout=120, wait=True):
        raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body)
        connection = UnixConnection(self.path, timeout)
        try:
            connection.request(method, url, raw, headers or {})
            answer = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ApiError(f"{method} {url}: {error}", 0) from error
        finally:
            connection.close()
        if answer["type"] == "error":
            raise ApiError(f"{method} {url}: {answer['error']}", answer["error_code"])
        if answer["type"] == "async" and wait:
            operation = self.get(answer["operation"] + "/wait", timeout=timeout)
            if operation["status_code"] != 200:
                raise ApiError(f"{method} {url}: {operation['err']}", operation["status_code"])
            return operation
        return answer["metadata"]

    def get(self, url, **options):
        return self.call("GET", url, **options)

    def exists(self, url):
        try:
            self.get(url)
        except ApiError as error:
            if error.code == 404:
                return False
            raise
        return True
