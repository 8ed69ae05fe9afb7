"""What is logged: one line for each request, and never what it carries."""

from __future__ import annotations

import logging
import time

from ._envelope import masked
from ._request import OPERATION_URL

LOG = logging.getLogger("hyperkit")


def noted(
    method: str, path: str, outcome: object, begun: float, operation: str | None = None
) -> None:
    """Log a request: method, path, status, milliseconds, and the operation that it is about.

    Args:
        method: such as ``"GET"``.
        path: with its query; secrets in it are masked.
        outcome: the HTTP status, or what went wrong.
        begun: when it was sent, on the monotonic clock.
        operation: the URL of the operation that it has started, if it has.
    """
    if not LOG.isEnabledFor(logging.DEBUG):
        return
    if isinstance(outcome, BaseException):
        outcome = type(outcome).__name__
    milliseconds = (time.monotonic() - begun) * 1000
    found = OPERATION_URL.search(operation or path)
    about = f" operation {found[1]}" if found else ""
    LOG.debug("%s %s %s %.1f ms%s", method, masked(path), outcome, milliseconds, about)


class _Masking(logging.Filter):
    """Masks the secrets in the URLs that urllib3 logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without secrets."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                masked(part) if isinstance(part, str) else part for part in record.args
            )
        return True


_MASKING = _Masking()


def mask_urllib3() -> None:
    """Keep secrets out of the log of the library below, which writes whole URLs into it."""
    for name in ("urllib3.connectionpool", "urllib3.connection"):
        logging.getLogger(name).addFilter(_MASKING)
