"""Log files of instances."""

from __future__ import annotations

from .instances import InstancesMixin


class LogsMixin(InstancesMixin):
    """Chapter "instances" of the API, as far as their log files go."""

    def delete_exec_output_file(self, instance: str, file: str) -> None:
        """Delete recorded output: ``DELETE /1.0/instances/<name>/logs/exec-output/<file>``.

        API extension ``container_exec_recording``; LXD before 5.15 has it among its
        `logs`.

        Args:
            instance: its name, such as ``"web"``.
            file: its name, which begins with ``exec_``.

        Raises:
            BadRequest: this is not the name of recorded output.
            NotFound: there is no such instance, or no such file.

        Example:
            >>> for file in client.exec_outputs("web"):
            ...     client.delete_exec_output_file("web", file)
        """
        self._delete(self._exec_output(instance, file))

    def delete_log(self, container: str, log: str) -> None:
        """Delete a log file: ``DELETE /1.0/instances/<name>/logs/<file>``.

        Servers delete recorded output (``exec_….stdout``); others, such as
        ``lxc.log``, they keep and refuse to delete, and LXD 6.8 and later refuse all.

        Args:
            container: the instance's name, such as ``"web"``.
            log: the file's name.

        Raises:
            BadRequest: the server does not delete this one.
            NotFound: there is no such instance, or no such file.

        Example:
            >>> client.delete_log("web", "forkstart.log")
        """
        self._delete(self._path(container, "logs", log))

    def exec_output_file(self, instance: str, file: str) -> bytes:
        """Read recorded output: ``GET /1.0/instances/<name>/logs/exec-output/<file>``.

        API extension ``container_exec_recording``; LXD before 5.15 has it among its
        `logs`. What one command wrote is got by `exec_output`.

        Args:
            instance: its name, such as ``"web"``.
            file: its name, such as ``"exec_….stdout"``.

        Raises:
            BadRequest: this is not the name of recorded output.
            NotFound: there is no such instance, or no such file.

        Example:
            >>> client.exec_output_file("web", client.exec_outputs("web")[-1])
            b'hello'
        """
        return self._raw(self._exec_output(instance, file))

    def exec_outputs(self, instance: str) -> list[str]:
        """List recorded output: ``GET /1.0/instances/<name>/logs/exec-output``.

        API extension ``container_exec_recording``; LXD before 5.15 has it among its
        `logs`.

        Args:
            instance: its name, such as ``"web"``.

        Returns:
            The names of the files.

        Raises:
            NotFound: there is no such instance, or nothing was ever recorded there.

        Example:
            >>> [file.rpartition(".")[2] for file in client.exec_outputs("web")]
            ['stderr', 'stdout']
        """
        return self._names(self._exec_output(instance))

    def log(self, container: str, log: str) -> bytes:
        """Read a log file: ``GET /1.0/instances/<name>/logs/<file>``.

        Args:
            container: the instance's name, such as ``"web"``.
            log: the file's name, such as ``"lxc.log"``.

        Raises:
            BadRequest: this is not the name of a log file.
            NotFound: there is no such instance, or no such file.

        Example:
            >>> client.log("web", "lxc.log")[:7]
            b'lxc web'
        """
        return self._raw(self._path(container, "logs", log))

    def logs(self, container: str) -> list[str]:
        """List the log files of an instance: ``GET /1.0/instances/<name>/logs``.

        Args:
            container: the instance's name, such as ``"web"``.

        Returns:
            The names of the files.

        Raises:
            NotFound: there is no such instance.

        Example:
            >>> client.logs("web")
            ['forkstart.log', 'lxc.log']
        """
        return self._names(self._path(container, "logs"))

    def _exec_output(self, instance: str, *file: str) -> str:
        """Build the path of what was recorded of commands."""
        url = self._path(instance, "logs", "exec-output", *file)
        self._need("container_exec_recording", "recorded output")
        return url
