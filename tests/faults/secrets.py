"""Listens to all that is logged, and knows the secrets that must not be in it."""

import io
import logging

from hyperkit import _connection, _link, _websocket

LOGGERS = ("hyperkit", "urllib3", "websockets", "requests", "asyncio")
# What servers call their secrets, wherever these are in an answer.
KEYS = {"secret", "token", "password", "secret-key", "core.trust_password", "trust_token"}
# Shorter ones are words that are in a log for other reasons.
LONG = 12


class Watch:
    """Collects the log at its most talkative, and every secret that comes by."""

    def __init__(self):
        self.text = io.StringIO()
        self.known = set()
        self.handler = logging.StreamHandler(self.text)
        self.handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        self.levels = {}

    def start(self, monkeypatch):
        for name in LOGGERS:
            logger = logging.getLogger(name)
            self.levels[name] = logger.level
            logger.setLevel(logging.DEBUG)
            logger.addHandler(self.handler)
        read, encode, send = (
            _connection.read_envelope,
            _connection._json,
            _link.Link.send,
        )
        connect = _websocket.connect

        def reading(*words, **options):
            envelope = read(*words, **options)
            self.learn(envelope)
            return envelope

        def writing(body, what):
            encoded = encode(body, what)
            self.learn(body)
            return encoded

        def sending(link, request, *words, **options):
            self.know((request.headers.get("Authorization") or "").removeprefix("Bearer "))
            return send(link, request, *words, **options)

        def connecting(client, operation, secret, **options):
            self.know(secret)
            return connect(client, operation, secret, **options)

        monkeypatch.setattr(_connection, "read_envelope", reading)
        monkeypatch.setattr(_connection, "_json", writing)
        monkeypatch.setattr(_link.Link, "send", sending)
        monkeypatch.setattr(_websocket, "connect", connecting)

    def stop(self):
        for name in LOGGERS:
            logger = logging.getLogger(name)
            logger.setLevel(self.levels[name])
            logger.removeHandler(self.handler)

    def know(self, secret):
        if isinstance(secret, str) and len(secret) >= LONG:
            self.known.add(secret)

    def learn(self, found):
        """Look for secrets in a body."""
        if isinstance(found, dict):
            for key, value in found.items():
                if key == "fds" and isinstance(value, dict):
                    for secret in value.values():
                        self.know(secret)
                elif key in KEYS:
                    self.know(value)
                else:
                    self.learn(value)
        elif isinstance(found, list):
            for value in found:
                self.learn(value)

    def betrayed(self, text=None):
        """List the secrets that are in the log, or in another text: of each its beginning."""
        text = self.text.getvalue() if text is None else text
        return sorted(secret[:6] + "…" for secret in self.known if secret in text)
