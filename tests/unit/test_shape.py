"""What is looked at in answers agrees with the types that say what is in them."""

import inspect

from hyperkit import types
from hyperkit._shape import _FIELDS

BEGINNINGS = {
    dict: ("dict", "Any", "ServerEnvironment"),
    int: ("int",),
    list: ("list",),
    str: ("str",),
}


def test_no_type_has_these_fields_otherwise():
    for name, kind in inspect.getmembers(types, inspect.isclass):
        # Parts of a machine are inside of others, and are not looked at.
        if not issubclass(kind, types.Resource) or name.startswith("Host"):
            continue
        for field, annotation in inspect.get_annotations(kind).items():
            expected = BEGINNINGS.get(_FIELDS.get(field), ("",))
            known = (
                getattr(types, annotation.partition(" ")[0], None)
                if expected[0] == "dict"
                else None
            )
            assert known or annotation.startswith(expected), (name, field)
