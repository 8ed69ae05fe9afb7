"""The words and operators that a program of the shell is made of."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

_OPERATORS = ("&&", "||", ">>", ">&", "<&", ";;", "<<", ";", "&", "|", ">", "<", "(", ")", "\n")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = "?$#@*!0123456789"
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


class SyntaxFault(Exception):
    """The shell does not understand."""


def misread(text: str) -> NoReturn:
    """Say what the shell does not understand."""
    raise SyntaxFault(text)


class Piece(NamedTuple):
    """A piece of a word.

    Attributes:
        kind: ``"text"``, ``"variable"``, ``"command"`` or ``"sum"``.
        value: text, name, or program.
        quoted: whether it stood in quotes.
        default: what a variable is if it is not set, as ``${A:-x}`` has it; None if nothing
            is said of that.
    """

    kind: str
    value: str
    quoted: bool
    default: str | None = None


Word = list[Piece]
Token = str | int | Word


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def tokens(self) -> list[Token]:
        """Split the program."""
        found: list[Token] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t" or self.text.startswith("\\\n", self.at):
                self.at += 2 if char == "\\" else 1
            elif char == "#":
                while self.at < len(self.text) and self.text[self.at] != "\n":
                    self.at += 1
            elif number := re.compile(r"\d(?=[<>])").match(self.text, self.at):
                found.append(int(number[0]))
                self.at += 1
            elif operator := self._operator():
                found.append(operator)
            else:
                found.append(self._word())
        return found

    def _operator(self) -> str:
        for operator in _OPERATORS:
            if self.text.startswith(operator, self.at):
                self.at += len(operator)
                return operator
        return ""

    def _word(self) -> Word:  # noqa: C901 - one case after the other, as lexers are
        pieces: Word = []
        quoted = False
        text = ""

        def flush() -> None:
            nonlocal text
            if text:
                pieces.append(Piece("text", text, quoted))
            text = ""

        while self.at < len(self.text):
            char = self.text[self.at]
            if char == '"':
                flush()
                quoted = not quoted
                if quoted:
                    pieces.append(Piece("text", "", True))  # noqa: FBT003
                self.at += 1
            elif char == "'" and not quoted:
                flush()
                end = self._until("'", self.at + 1)
                pieces.append(Piece("text", self.text[self.at + 1 : end], True))  # noqa: FBT003
                self.at = end + 1
            elif char == "\\" and self.at + 1 < len(self.text):
                following = self.text[self.at + 1]
                if quoted and following not in '$`"\\\n':
                    text += char
                    self.at += 1
                    continue
                flush()
                if following != "\n":
                    pieces.append(Piece("text", following, True))  # noqa: FBT003
                self.at += 2
            elif char in "$`":
                flush()
                pieces.append(self._expansion(quoted))
            elif not quoted and char in " \t\n;&|<>()":
                break
            else:
                text += char
                self.at += 1
        if quoted:
            misread('unterminated quoted string: "')
        flush()
        return pieces

    def _until(self, mark: str, begin: int) -> int:
        end = self.text.find(mark, begin)
        if end < 0:
            misread(f"unterminated quoted string: {mark}")
        return end

    def _expansion(self, quoted: bool) -> Piece:
        text = self.text
        if text[self.at] == "`":
            end = self._until("`", self.at + 1)
            program, self.at = text[self.at + 1 : end], end + 1
            return Piece("command", program, quoted)
        for opening, kind, closing in (("$((", "sum", "))"), ("$(", "command", ")")):
            if text.startswith(opening, self.at):
                end = self._matching(self.at + len(opening) - 1)
                value = text[self.at + len(opening) : end - len(closing) + 1]
                self.at = end + 1
                return Piece(kind, value, quoted)
        if text.startswith("${", self.at):
            end = self._until("}", self.at)
            inside = text[self.at + 2 : end]
            name, given, default = inside.partition(":-")
            if not (_NAME.fullmatch(name) or name.isdigit() or name in set(_SPECIAL)):
                misread(f"the embedded shell knows no ${{{inside}}}")
            self.at = end + 1
            return Piece("variable", name, quoted, default if given else None)
        found = _NAME.match(text, self.at + 1)
        if found is not None:
            self.at = found.end()
            return Piece("variable", found[0], quoted)
        if text[self.at + 1 : self.at + 2] in set(_SPECIAL):
            self.at += 2
            return Piece("variable", text[self.at - 1], quoted)
        self.at += 1
        return Piece("text", "$", quoted)

    def _matching(self, begin: int) -> int:
        """Find the bracket that closes the one there."""
        depth, quote = 0, ""
        for index in range(begin, len(self.text)):
            char = self.text[index]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in "()":
                depth += 1 if char == "(" else -1
                if not depth:
                    # Two of them close a sum: the outer one counts.
                    return index + (self.text.startswith("((", begin - 1))
        misread("unexpected end of file")


def assignment(word: Word) -> bool:
    """Tell whether a word gives a variable a value."""
    first = word[0] if word else None
    return first is not None and not first.quoted and bool(_ASSIGNMENT.match(first.value))


def tokens(program: str) -> list[Token]:
    """Split a program into words (lists), operators, and numbers before ``<`` and ``>``.

    Raises:
        SyntaxFault: the shell does not understand it.
    """
    return _Lexer(program).tokens()
