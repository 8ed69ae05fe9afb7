"""Notes which endpoints a run has reached, and fails a whole run that missed one."""

from http.client import HTTPConnection
from urllib.parse import urlsplit

from surface import coverage
from surface.endpoints import find

from hyperkit import _link, _upgrade, _websocket


class Reached:
    """The endpoints that have answered well, on every way by which this library talks."""

    def __init__(self):
        self.endpoints = set()

    def note(self, method, url):
        endpoint = find(method, urlsplit(url).path)
        if endpoint is not None:
            self.endpoints.add(str(endpoint))

    def watch(self, monkeypatch):
        note, send, open_websocket = self.note, _link.Link.send, _websocket.Websocket.__init__

        def noting_send(link, request, *arguments, **options):
            response = send(link, request, *arguments, **options)
            if response.status_code < 400:
                note(request.method, request.url)
            return response

        def noting_websocket(websocket, client, path, *arguments, **options):
            open_websocket(websocket, client, path, *arguments, **options)
            note("GET", path)

        class NotingConnection(HTTPConnection):
            def request(self, method, url, *arguments, **options):
                self.asked = (method, url)
                super().request(method, url, *arguments, **options)

            def getresponse(self):
                response = super().getresponse()
                if response.status == 101:
                    note(*self.asked)
                return response

        monkeypatch.setattr(_link.Link, "send", noting_send)
        monkeypatch.setattr(_websocket.Websocket, "__init__", noting_websocket)
        monkeypatch.setattr(_upgrade, "HTTPConnection", NotingConnection)


REACHED = Reached()


def is_whole(session):
    """Tell whether a session ran every test of the suite, and all went well."""
    config = session.config
    narrowed = config.getoption("keyword") or config.getoption("markexpr")
    files = [word for word in config.args if "::" in word or word.endswith(".py")]
    return not (narrowed or files or session.exitstatus or session.testsfailed)


def finish(session, column):
    """Write down what a whole run has reached; say what it should have reached as well."""
    endpoints = REACHED.endpoints
    if column not in coverage.COLUMNS or not endpoints or not is_whole(session):
        return
    coverage.save(column, endpoints)
    missed = coverage.missed(column, endpoints)
    if missed:
        session.exitstatus = 1
        print(f"\nNot reached on {column}, and no reason given in excuses.tsv:")
        print("".join(f"    {one}\n" for one in missed))
