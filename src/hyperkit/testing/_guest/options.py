"""What the commands of the built-in image are called with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .jobs import Command


class Usage(Exception):
    """A command has been called with what it does not know.

    Args:
        word: that it does not know.
        why: what is wrong with it.
    """

    def __init__(self, word: str, why: str = "unrecognized option") -> None:
        super().__init__(f"{why}: {word}")


def read_options(command: Command, known: str = "") -> tuple[dict[str, str], list[str]]:
    """Split the arguments of a command into options and the rest, as ``getopt`` does.

    Args:
        command: that was called.
        known: the letters of its options; those that take a value have a colon behind them.

    Raises:
        Usage: there is no such option, or its value is missing.
    """
    options: dict[str, str] = {}
    rest: list[str] = []
    words = list(command.args[1:])
    while words:
        word = words.pop(0)
        if word == "--":
            return options, rest + words
        if word == "-" or not word.startswith("-"):
            rest.append(word)
            continue
        if word.startswith("--"):
            raise Usage(word[2:])
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter not in known or letter == ":":
                raise Usage(letter)
            options[letter] = ""
            if f"{letter}:" in known:
                if not letters and not words:
                    raise Usage(letter, "option requires an argument")
                options[letter], letters = letters or words.pop(0), ""
    return options, rest
