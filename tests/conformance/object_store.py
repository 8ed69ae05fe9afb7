"""A place that backups are sent to: what S3 is like to those who only write."""

from contextlib import contextmanager

from unit.servers import serving


@contextmanager
def taking_objects():
    """Take what is sent; hand out the URL, and the bytes by their path."""
    objects = {}

    def answer(request):
        objects[request.path.partition("?")[0]] = request.body
        return 200, {"ETag": '"hk"'}, b""

    with serving(("127.0.0.1", 0), answer) as server:
        yield server.url, objects
