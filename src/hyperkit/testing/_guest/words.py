"""What a shell reads: words, operators, and the commands they make."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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
        default: what a variable is if it is not set, as ``${A:-x}`` has it.
    """

    kind: str
    value: str
    quoted: bool
    default: str = ""


Word = list[Piece]
Token = str | int | Word


@dataclass
class Redirection:
    """Where input comes from, or output goes to."""

    number: int
    operator: str
    target: Word


@dataclass
class Node:
    """A command of any kind.

    Attributes:
        kind: ``"simple"``, ``"pipe"``, ``"list"``, ``"if"``, ``"while"``, ``"until"``,
            ``"for"``, ``"group"`` or ``"subshell"``.
        parts: the commands it is made of.
        words: of a simple command, or what ``for`` goes through.
        operators: between the parts of a list.
        name: of the variable of ``for``.
    """

    kind: str
    parts: list[Node] = field(default_factory=list["Node"])
    words: list[Word] = field(default_factory=list[Word])
    operators: list[str] = field(default_factory=list[str])
    redirections: list[Redirection] = field(default_factory=list[Redirection])
    name: str = ""
    negated: bool = False


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def tokens(self) -> list[Token]:
        """Split the program into words (lists), operators and numbers before ``<`` and ``>``."""
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
            name, _, default = text[self.at + 2 : end].partition(":-")
            self.at = end + 1
            return Piece("variable", name, quoted, default)
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


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def keyword(self) -> str:
        """The next token, if it is a word without quotes, or an operator."""
        token = self.peek()
        if isinstance(token, str):
            return token
        if isinstance(token, list) and len(token) == 1:
            [piece] = token
            if piece.kind == "text" and not piece.quoted:
                return piece.value
        return ""

    def expect(self, word: str) -> None:
        if self.keyword() != word:
            misread(f'unexpected {self.shown()} (expecting "{word}")')
        self.at += 1

    def shown(self) -> str:
        token = self.peek()
        return "end of file" if token is None else f'"{self.keyword() or "word"}"'

    def lines(self, *ends: str) -> Node:
        """Read commands, up to one of these words or the end."""
        parts: list[Node] = []
        operators: list[str] = []
        while True:
            while self.keyword() in {";", "\n"}:
                self.at += 1
            if self.peek() is None or self.keyword() in ends:
                break
            parts.append(self.pipe())
            operator = self.keyword()
            if operator in {";", "\n", "&", "&&", "||"}:
                self.at += 1
                operators.append(";" if operator == "\n" else operator)
            elif operator in ends or self.peek() is None:
                operators.append(";")
            else:
                misread(f"unexpected {self.shown()}")
        return Node("list", parts, operators=operators)

    def pipe(self) -> Node:
        negated = self.keyword() == "!"
        self.at += negated
        parts = [self.command()]
        while self.keyword() == "|":
            self.at += 1
            while self.keyword() == "\n":
                self.at += 1
            parts.append(self.command())
        return Node("pipe", parts, negated=negated)

    def command(self) -> Node:
        kind = self.keyword()
        if kind in {"case", "function"}:
            misread(f'the embedded shell does not know "{kind}"')
        if kind == "if":
            node = self.condition()
        elif kind in {"while", "until"}:
            self.at += 1
            head = self.lines("do")
            self.expect("do")
            node = Node(kind, [head, self.lines("done")])
            self.expect("done")
        elif kind == "for":
            node = self.loop()
        elif kind in {"(", "{"}:
            end = {"(": ")", "{": "}"}[kind]
            self.at += 1
            node = Node("subshell" if kind == "(" else "group", [self.lines(end)])
            self.expect(end)
        else:
            return self.simple()
        while self.redirection(node):
            pass
        return node

    def condition(self) -> Node:
        self.at += 1
        node = Node("if", [self.lines("then")])
        self.expect("then")
        node.parts.append(self.lines("elif", "else", "fi"))
        if self.keyword() == "elif":
            node.parts.append(self.condition())
            return node
        if self.keyword() == "else":
            self.at += 1
            node.parts.append(self.lines("fi"))
        self.expect("fi")
        return node

    def loop(self) -> Node:
        self.at += 1
        node = Node("for", name=self.keyword())
        self.at += 1
        if self.keyword() == "in":
            self.at += 1
            while isinstance(word := self.peek(), list):
                node.words.append(word)
                self.at += 1
        while self.keyword() in {";", "\n"}:
            self.at += 1
        self.expect("do")
        node.parts.append(self.lines("done"))
        self.expect("done")
        return node

    def simple(self) -> Node:
        node = Node("simple")
        while self.redirection(node) or isinstance(self.peek(), list):
            if isinstance(word := self.peek(), list):
                node.words.append(word)
                self.at += 1
        if not node.words and not node.redirections:
            misread(f"unexpected {self.shown()}")
        return node

    def redirection(self, node: Node) -> bool:
        first = self.peek()
        number = first if isinstance(first, int) else None
        operator = self.tokens[self.at + 1] if number is not None else self.peek()
        if operator == "<<":
            misread("the embedded shell knows no here-documents")
        if operator not in (">", ">>", "<", ">&", "<&"):
            return False
        self.at += 1 if number is None else 2
        target = self.peek()
        if not isinstance(target, list):
            misread(f"unexpected {self.shown()}")
        self.at += 1
        if number is None:
            number = 0 if operator in ("<", "<&") else 1
        node.redirections.append(Redirection(number, str(operator), target))
        return True


def parse(program: str) -> Node:
    """Read a program.

    Raises:
        SyntaxFault: the shell does not understand it.
    """
    parser = _Parser(_Lexer(program).tokens())
    node = parser.lines()
    if parser.peek() is not None:
        misread(f"unexpected {parser.shown()}")
    return node


def assignment(word: Word) -> bool:
    """Tell whether a word gives a variable a value."""
    first = word[0] if word else None
    return first is not None and not first.quoted and bool(_ASSIGNMENT.match(first.value))
