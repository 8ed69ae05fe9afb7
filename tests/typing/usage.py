"""What users write; it only has to type-check."""

from typing import assert_type

import hyperkit
from hyperkit.types import Instance, Operation


def functions() -> None:
    """Use the functions of the module."""
    assert_type(hyperkit.create_container("web", alias="busybox"), Operation)
    assert_type(hyperkit.start_container("web").status, str)
    assert_type(hyperkit.instances(), list[str])
    assert_type(hyperkit.instances(recursion=1), list[Instance])
    assert_type(hyperkit.containers(recursion=2)[0].name, str)
    assert_type(hyperkit.default_client(), hyperkit.Client)
    hyperkit.auto_sync = False
    hyperkit.configure(auto_sync=False, timeout=5)
    hyperkit.reset()


def methods(client: hyperkit.Client) -> None:
    """Use a client."""
    with client:
        assert_type(client.operation("uuid"), Operation)
        assert_type(client.operations(recursion=1), list[Operation])
        assert_type(client.exec_output(client.run_command("web", "true")).stdout, bytes)
        client.auto_sync = False
    try:
        client.wait_for_operation("uuid", timeout=0.5)
    except hyperkit.OperationFailed as error:
        assert_type(error.operation, Operation | None)
