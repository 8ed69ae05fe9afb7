"""Taking turns: no two threads of this program change one object at the same moment.

Servers read an object, compare its ETag or merge a ``PATCH`` into it, and then write it, not in
one step: of two changes at the same moment, both would succeed, and one be lost.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Generator


class _Turns:
    """The locks of the objects that are being changed right now."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: in a child process, a lock of the parent's would never be released."""
        self.locks: WeakValueDictionary[str, _Lock] = WeakValueDictionary()
        self.guard = threading.Lock()

    def lock(self, url: str) -> _Lock:
        """Get the lock of an object; it is there as long as somebody has it."""
        with self.guard:
            return self.locks.setdefault(url, _Lock())


class _Lock:
    """A lock that a weak dictionary can hold."""

    def __init__(self) -> None:
        self.held = threading.RLock()


_turns = _Turns()
os.register_at_fork(after_in_child=_turns.forget)


@contextmanager
def turn(url: str) -> Generator[None]:
    """Wait until no other thread changes an object, and keep others waiting.

    Args:
        url: of the object, with what tells it from others of the name: server and project.
    """
    lock = _turns.lock(url)
    with lock.held:
        yield
