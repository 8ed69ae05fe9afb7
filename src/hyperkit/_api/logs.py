"""Log files of instances."""

from __future__ import annotations

from .instances import InstancesMixin


class LogsMixin(InstancesMixin):
    """Chapter "instances" of the API, as far as their log files go."""

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
            >>> client.delete_log("web", client.logs("web")[0])
        """
        self._delete(self._path(container, "logs", log))

    def log(self, container: str, log: str) -> bytes:
        """Read a log file: ``GET /1.0/instances/<name>/logs/<file>``.

        Args:
            container: the instance's name, such as ``"web"``.
            log: the file's name, such as ``"lxc.log"``.

        Raises:
            BadRequest: this is not the name of a log file.
            NotFound: there is no such instance, or no such file.

        Example:
            >>> client.log("web", "lxc.log")[:10]
            b'lxc web 20'
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
            ['lxc.conf', 'lxc.log', 'forkstart.log']
        """
        return self._names(self._path(container, "logs"))
