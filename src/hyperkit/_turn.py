"""Taking turns: no two threads of this program change one object at the same moment.

Servers read an object, compare its ETag or merge a ``PATCH`` into it, and then write it, not in
one step: of two changes at the same moment, both would succeed, and one be lost.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakSet, WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Generator


class Lock:
    """A lock that is free in a child process: no thread of the parent's would release it there.

    Attributes:
        held: what to enter. It may be entered again by the thread that is in it.
    """

    def __init__(self) -> None:
        self.renew()
        _locks.add(self)

    def renew(self) -> None:
        """Begin anew, in a child process."""
        self.held = threading.RLock()


def _renew_all() -> None:
    for lock in list(_locks):
        lock.renew()


_locks: WeakSet[Lock] = WeakSet()
os.register_at_fork(after_in_child=_renew_all)

# Those of the objects that are being changed right now.
_turns: WeakValueDictionary[str, Lock] = WeakValueDictionary()
_guard = Lock()


@contextmanager
def turn(url: str) -> Generator[None]:
    """Wait until no other thread changes an object, and keep others waiting.

    Args:
        url: of the object, with what tells it from others of the name: server and project.
    """
    with _guard.held:
        # It is there as long as somebody has it.
        lock = _turns.setdefault(url, Lock())
    with lock.held:
        yield
