"""What the words of the shell stand for: variables, sums, commands, patterns."""

from __future__ import annotations

import ast
import operator
import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from .jobs import Exit
from .streams import Kept, Nowhere
from .words import Piece, SyntaxFault, Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from .shell import Shell

_SUMS: dict[type[Any], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left // right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: operator.mod,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def _value_of(shell: Shell, piece: Piece) -> str:
    """Find what a piece of a word stands for."""
    if piece.kind == "text":
        return piece.value
    if piece.kind == "variable":
        return _variable(shell, piece)
    if piece.kind == "sum":
        return str(_sum(shell, piece.value))
    kept = Kept()
    inner = shell.copy()
    try:
        shell.status = inner.run(piece.value, {0: Nowhere(), 1: kept, 2: shell.stderr})
    except BrokenPipeError:
        shell.status = 1
    return kept.data.decode(errors="replace").rstrip("\n")


def _variable(shell: Shell, piece: Piece) -> str:
    """Find what a variable is, or what stands in its place."""
    found = shell.value(piece.value)
    if piece.default is not None:
        return found or piece.default
    if "u" in shell.options and not shell.knows(piece.value):
        shell.stderr.write(f"sh: {piece.value}: parameter not set\n")
        raise Exit(2)
    return found


def _sum(shell: Shell, text: str) -> int:
    """Work out what ``$((...))`` comes to."""

    def value(node: ast.AST) -> int:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.Name):
            return int(shell.value(node.id) or 0)
        if isinstance(node, ast.BinOp):
            return int(_SUMS[type(node.op)](value(node.left), value(node.right)))
        if isinstance(node, ast.Compare):
            return int(_SUMS[type(node.ops[0])](value(node.left), value(node.comparators[0])))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        message = "arithmetic syntax error"
        raise SyntaxFault(message)

    try:
        return value(ast.parse(text.replace("$", "").strip(), mode="eval").body)
    except (SyntaxError, SyntaxFault, KeyError, ZeroDivisionError, ValueError):
        raise Exit(2) from None


def text_of(shell: Shell, word: Word) -> str:
    """Write a word as one text."""
    return "".join(_value_of(shell, one) for one in word)


def expand(shell: Shell, word: Word) -> list[str]:
    """Write a word as the words it stands for: variables are split, patterns are found."""
    fields: list[list[tuple[str, bool]]] = []
    open_ = False
    for piece in word:
        if piece.kind == "variable" and piece.value == "@" and piece.quoted:
            fields += [[(one, True)] for one in shell.args[1:]]
            open_ = bool(shell.args[1:])
            continue
        text = _value_of(shell, piece)
        if piece.quoted or piece.kind == "text":
            if not open_:
                fields.append([])
                open_ = True
            fields[-1].append((text, piece.quoted))
            continue
        parts = text.split()
        if open_ and parts and not text[0].isspace():
            fields[-1].append((parts.pop(0), False))
        fields += [[(one, False)] for one in parts]
        open_ = bool(fields) and not (text and text[-1].isspace())
    return [found for field in fields for found in _matching(shell, field)]


def _matching(shell: Shell, field: list[tuple[str, bool]]) -> list[str]:
    """Find the files that a word means, if it has ``*`` or ``?`` without quotes."""
    text = "".join(part for part, _ in field)
    patterned = any(not quoted and set(part) & set("*?") for part, quoted in field)
    if not patterned:
        return [text]
    folder, name = posixpath.split(text)
    try:
        children = shell.tree.find(shell.path(folder), follow=True).children
    except FileNotFoundError:
        return [text]
    found = sorted(one for one in children if fnmatchcase(one, name) and one[0] != ".")
    return [posixpath.join(folder, one) for one in found] or [text]
