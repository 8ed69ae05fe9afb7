"""What the server sends, as Python sees it: items are the wire, attributes are Python."""

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest

import hyperkit
from hyperkit.types import Instance, Operation, Resource


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


def test_a_key_with_the_name_of_a_method_of_pythons_is_copied_as_any():
    found = hyperkit.Resource({"__deepcopy__": {"type": "none"}})
    assert copy.deepcopy(found) == found


def test_a_misspelt_field_is_met_with_a_hint():
    found = hyperkit.Resource(status="Running")
    with pytest.raises(
        AttributeError, match="^The Resource has no field 'statsu': did you mean 's"
    ):
        found.statsu  # noqa: B018
    assert not hasattr(found, "colour")


def test_fields_are_set_as_they_are_read():
    web = Instance(name="web", profiles=["default"])
    web.profiles = ["default", "small"]
    web.description = "the type names it"
    web.last_used_at = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=1)))
    assert web == {
        "name": "web",
        "profiles": ["default", "small"],
        "description": "the type names it",
        "last_used_at": "2026-01-02T03:00:00+01:00",
    }
    web.last_used_at = None
    assert web.last_used_at is None
    assert web["last_used_at"] == "0001-01-01T00:00:00Z"
    operation = Operation()
    operation.class_ = "task"
    assert operation == {"class": "task"}


def test_a_field_that_nobody_knows_is_not_set():
    web = Instance(name="web", config=Resource())
    with pytest.raises(AttributeError, match="'profils': did you mean 'profiles'"):
        web.profils = []
    with pytest.raises(AttributeError, match="no field 'limits'"):
        web.config.limits = 2
    with pytest.raises(hyperkit.ArgumentError, match="time zone"):
        web.created_at = datetime(2026, 1, 2)
    assert web == {"name": "web", "config": {}}


def test_a_field_that_comes_in_some_answers_only():
    with pytest.raises(AttributeError, match="'state' here: servers send it in some answers"):
        _ = Instance(name="web", stateful=False).state


def test_who_expects_an_object_to_act_is_led_to_the_client():
    with pytest.raises(
        AttributeError, match=r"'start': objects .* client\.start_instance\(name\)"
    ):
        Instance(name="web", status="Stopped").start()
