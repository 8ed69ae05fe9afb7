"""What is looked at in answers agrees with the types that say what is in them."""

import inspect
import re

from hyperkit import types
from hyperkit._shape import _FIELDS

# What a field may be called in a type; all other names are those of types, which are dicts.
KINDS = {"Any": dict, "dict": dict, "int": int, "list": list, "str": str}


def test_a_field_that_is_looked_at_is_of_the_same_kind_in_every_type():
    seen = set()
    for name, kind in inspect.getmembers(types, inspect.isclass):
        # Parts of a machine are inside of others, and are not looked at.
        if not issubclass(kind, types.Resource) or name.startswith("Host"):
            continue
        for field, annotation in inspect.get_annotations(kind).items():
            if field in _FIELDS:
                seen.add(field)
                word = re.match(r"\w+", annotation)[0]
                assert KINDS.get(word, dict) is _FIELDS[field], (name, field)
    assert seen
