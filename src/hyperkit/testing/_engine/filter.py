"""Filters of lists, as the servers read them: from left to right, by regular expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .answers import Json, Refused, mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .call import Call

    Clause = tuple[bool, str, str, str]  # negated, field, operator, value

Thing = TypeVar("Thing")


def filtered(
    call: Call, found: Iterable[Thing], show: Callable[[Thing], Json], extension: str = ""
) -> list[Thing]:
    """Choose what the request's filter wants.

    Args:
        call: the request.
        found: all that there is.
        show: writes one as the API does.
        extension: that a server has which reads the filter of this list; the others list all.

    Raises:
        Refused: the filter cannot be understood.
    """
    wanted = call.query.get("filter")
    if not wanted or (extension and not call.flavour.has(extension)):
        return list(found)
    test = _test(wanted, 400 if call.flavour.recent else 500)
    return [one for one in found if test(show(one))]


def _test(text: str, code: int) -> Callable[[Json], bool]:
    """Read a filter, and make a test of it.

    Args:
        text: such as ``"name eq web"``.
        code: to refuse it with.

    Raises:
        Refused: it cannot be understood.
    """
    clauses, joints = _read(text, code)

    def test(value: Json) -> bool:
        found = True
        for index, clause in enumerate(clauses):
            one = _holds(clause, value)
            if index == 0:
                found = one
            elif joints[index - 1] == "and":
                found = found and one
            else:
                found = found or one
        return found

    return test


def _read(text: str, code: int) -> tuple[list[Clause], list[str]]:
    words = _words(text, code)
    clauses: list[Clause] = []
    joints: list[str] = []
    while words:
        negated = words[0] == "not"
        words = words[negated:]
        if not words:
            raise Refused(code, "Invalid filter: unterminated clause")
        if len(words) < 2:
            raise Refused(code, "Invalid filter: clause has no operator")
        if len(words) < 3:
            raise Refused(code, "Invalid filter: clause has no value")
        clauses.append((negated, words[0], words[1], words[2]))
        words = words[3:]
        if not words:
            break
        if words[0] not in {"and", "or"}:
            raise Refused(code, f'Invalid filter: invalid clause composition "{words[0]}"')
        joints.append(words[0])
        words = words[1:]
        if not words:
            raise Refused(code, "Invalid filter: unterminated compound clause")
    return clauses, joints


def _words(text: str, code: int) -> list[str]:
    """Split at spaces; quotes may enclose only what has a space in it."""
    parts = text.split(" ")
    words: list[str] = []
    while parts:
        word = parts.pop(0)
        if word[:1] in {'"', "'"}:
            quote = word[0]
            while parts and not word.endswith(quote):
                word += " " + parts.pop(0)
            if " " not in word or not word.endswith(quote):
                raise Refused(code, "Invalid filter: unterminated quote")
            word = word[1:-1]
        if word:
            words.append(word)
    return words


def _holds(clause: Clause, value: Json) -> bool:
    negated, field, operator, wanted = clause
    if operator not in {"eq", "ne"}:
        return False
    found = _value(value, field.split("."))
    if isinstance(found, bool):
        same = str(found).lower() == wanted.lower()
    elif isinstance(found, (int, float)):
        same = str(found) == wanted
    else:
        pattern = wanted if "^" in wanted or "$" in wanted else f"^{wanted}$"
        try:
            same = re.search(pattern, str(found or ""), re.IGNORECASE) is not None
        except re.error:
            same = False
    return (same if operator == "eq" else not same) is not negated


def _value(value: Any, path: list[str]) -> Any:
    """Find a field; its name may have points of its own."""
    for length in range(len(path), 0, -1):
        if isinstance(value, dict) and ".".join(path[:length]) in value:
            found = mapping(cast("Any", value))[".".join(path[:length])]
            return _value(found, path[length:]) if length < len(path) else found
    return None
