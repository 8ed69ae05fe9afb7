"""Reading an answer: which exception a refusal is, and what it advises."""

import pytest
from unit.servers import refused

import hyperkit
from hyperkit._envelope import read_envelope


@pytest.mark.parametrize(
    ("reason", "advised"),
    [
        ("not authorized", True),
        ("Forbidden", True),
        ("Certificate is restricted", False),
        ('The "default" profile cannot be renamed', False),
    ],
)
def test_only_strangers_are_told_to_become_trusted(reason, advised):
    with pytest.raises(hyperkit.Forbidden) as caught:
        read_envelope(403, "", refused(403, reason))
    assert ("trust(token)" in str(caught.value)) is advised


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "An ACL by that name exists already"),
        (400, "Image with same fingerprint already exists"),
        (500, "symlink target /root/link: file exists"),
        (500, 'Snapshot "s2" already in use'),
        (500, 'Failed creating project "blue": UNIQUE constraint failed: projects.name'),
        (500, 'Error inserting "one" into database: The profile already exists'),
    ],
)
def test_what_is_there_already_is_a_conflict(status, reason):
    with pytest.raises(hyperkit.Conflict) as caught:
        read_envelope(status, "", refused(status, reason))
    assert caught.value.status_code == 409
