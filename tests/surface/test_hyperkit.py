"""A script that was translated from the Ruby library line by line finds every name."""

import inspect
from pathlib import Path

import pytest

import hyperkit

# Each line: a method of Hyperkit, and the names of its arguments and options.
ROWS = [line.split() for line in (Path(__file__).parent / "hyperkit.txt").read_text().splitlines()]
ERRORS = (
    "AliasAttributesRequired",
    "BadGateway",
    "BadRequest",
    "ClientError",
    "Conflict",
    "Error",
    "Forbidden",
    "ImageIdentifierRequired",
    "InternalServerError",
    "InvalidImageAttributes",
    "InvalidProtocol",
    "MethodNotAllowed",
    "MissingProfiles",
    "NotAcceptable",
    "NotFound",
    "ServerError",
    "ServiceUnavailable",
    "Unauthorized",
    "UnprocessableEntity",
    "UnsupportedMediaType",
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_method_has_its_name_and_keywords(row):
    name, *wanted = row
    parameters = inspect.signature(getattr(hyperkit, name)).parameters
    assert not set(wanted) - set(parameters)


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_has_its_name(name):
    assert issubclass(getattr(hyperkit, name), hyperkit.Error)
