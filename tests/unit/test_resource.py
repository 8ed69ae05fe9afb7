"""Objects of the API: attributes are Python, items are the wire."""

import json
import pickle
from datetime import UTC, datetime

import pytest

import hyperkit
from hyperkit._resource import Resource


def test_attributes_are_python_and_items_the_wire():
    text = '{"class": "task", "created_at": "2026-01-02T03:04:05.123456789Z", "last_used_at": "0001-01-01T00:00:00Z", "x": {"y": 1}}'
    resource = json.loads(text, object_hook=Resource)
    assert resource.class_ == "task"
    assert resource.created_at == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    assert resource.last_used_at is None
    assert resource.x.y == 1
    assert resource == json.loads(text)
    assert json.loads(json.dumps(resource)) == resource
    assert pickle.loads(pickle.dumps(resource)) == resource
    with pytest.raises(AttributeError, match="z"):
        _ = resource.z
    assert {"class_", "created_at", "x", "items"} <= set(dir(resource))


def test_a_misspelt_field_is_met_with_a_hint():
    found = hyperkit.Resource(status="Running")
    with pytest.raises(
        AttributeError, match="^The Resource has no field 'statsu': did you mean 's"
    ):
        found.statsu  # noqa: B018
    assert not hasattr(found, "colour")
