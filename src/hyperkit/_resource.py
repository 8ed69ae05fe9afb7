"""What the server sends, as a dict whose keys are attributes too."""

from __future__ import annotations

from datetime import datetime
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

# Go writes "never" as the first moment of its calendar, or of Unix'.
_NEVER = ("0001-01-01T00:00:00", "1970-01-01T00:00:00")


class Resource(dict[str, Any]):
    """An object of the API: items are the wire, attributes are Python.

    ``instance["created_at"]`` is the server's text, ``instance.created_at`` an
    aware ``datetime``, or None for "never". A trailing underscore reads a key
    that is a word of Python: ``operation.class_``. Unknown fields are kept, so
    that what was read, changed and written back loses nothing.

    Example:
        >>> Resource({"name": "web", "last_used_at": "0001-01-01T00:00:00Z"}).last_used_at
    """

    __slots__ = ()

    def __dir__(self) -> list[str]:
        """List the fields beside what a dict has, for completion and for Python's hints."""
        fields = [f"{key}_" if iskeyword(key) else key for key in self]
        return sorted({*super().__dir__(), *filter(str.isidentifier, fields)})

    # Hidden from checkers, so that a misspelt field of a typed subclass is seen.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Read a key as an attribute."""
            key = name[:-1] if name.endswith("_") and name[:-1] in self else name
            try:
                value = self[key]
            except KeyError:
                message = f"{type(self).__name__} has no field {name!r}"
                raise AttributeError(message, name=name, obj=self) from None
            if isinstance(value, str) and (key.endswith("_at") or key == "timestamp"):
                return _moment(value)
            return value


def _moment(text: str) -> datetime | str | None:
    """Read a time of the API; text that is none is handed on as it is."""
    if not text or text.startswith(_NEVER):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
