"""Every error pickles, speaks a whole sentence, and has its place in the tree."""

import builtins
import pickle
import re

import pytest

from hyperkit import errors

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.Error)
]
# What else they take than a text.
ARGUMENTS = {
    errors.ErrorGroup: ("2 of 3 operations did not succeed", [errors.Error("It went wrong.")]),
    errors.CalledProcessError: ("web", 1, ["ls", "/a b"], "", "ls: no such file\n"),
    errors.InstanceNotReady: ("web", "ip", 2.5, None),
    errors.MissingExtension: ("ext", "This"),
    errors.TimeoutExpired: ("web", ["sleep", "9"], 0.5, b"so far"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_pickles_and_speaks(kind):
    error = kind(*ARGUMENTS.get(kind, ("It went wrong.",)))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert " " in str(again)
    assert again.__dict__ == error.__dict__


def test_the_docstring_is_the_tree():
    """Each error stands below a parent of its, and is whatever else is said of it."""
    known = vars(builtins) | {kind.__name__: kind for kind in KINDS}
    drawn, above = {"Error"}, ["Error"]
    for line in errors.__doc__.splitlines():
        if found := re.match(r"    ([│ ]*)[├└]── (\w+)(.*)", line):
            above[len(found[1]) // 4 + 1 :] = [found[2]]
            drawn.add(found[2])
            also = re.findall(r"\w+Error|BadRequest|NotFound", found[3])
            assert known[above[-2]] in known[found[2]].__bases__
            assert all(issubclass(known[found[2]], known[name]) for name in also)
    assert drawn == {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize(
    ("code", "stderr", "said"),
    [
        (126, None, "ls in web ended with 126: it cannot be executed."),
        (127, b"", "ls in web ended with 127: there is no such command."),
        (127, "sh: no\n", "ls in web ended with 127: sh: no"),
        (1, "", "ls in web ended with 1."),
    ],
)
def test_a_command_that_wrote_nothing_has_a_reason_where_its_code_is_one(code, stderr, said):
    assert str(errors.CalledProcessError("web", code, ["ls"], None, stderr)) == said
