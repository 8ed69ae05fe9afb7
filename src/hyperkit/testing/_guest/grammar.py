"""The commands that the words of a program make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .words import Word, misread, tokens

if TYPE_CHECKING:
    from .words import Token


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
    parser = _Parser(tokens(program))
    node = parser.lines()
    if parser.peek() is not None:
        misread(f"unexpected {parser.shown()}")
    return node
