"""Sending a backup to an object store: one ``PUT`` of S3, signed."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from aiohttp import ClientError, ClientSession

from .._engine.answers import Refused

if TYPE_CHECKING:
    from .._engine.answers import Json

_REGION = "us-east-1"


def signed(target: Json, path: str, content: bytes, now: dt.datetime) -> dict[str, str]:
    """Write the headers that prove who sends (AWS signature, version 4).

    Args:
        target: of the backup, with ``url``, ``access_key`` and ``secret_key``.
        path: of the object, quoted.
        content: of the object.
        now: the time, in UTC.
    """
    day, moment = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}"
    scope = f"{day}/{_REGION}/s3/aws4_request"
    headers = {
        "host": urlsplit(str(target["url"])).netloc,
        "x-amz-content-sha256": hashlib.sha256(content).hexdigest(),
        "x-amz-date": moment,
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    asked = f"PUT\n{path}\n\n{lines}\n{names}\n{headers['x-amz-content-sha256']}"
    digest = hashlib.sha256(asked.encode()).hexdigest()
    key = f"AWS4{target.get('secret_key') or ''}".encode()
    for part in (day, _REGION, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"{target.get('access_key') or ''}/{scope}"
    proof = f"Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "Authorization": f"AWS4-HMAC-SHA256 {proof}"}


async def put_object(target: Json, content: bytes) -> None:
    """Send an object.

    Args:
        target: of the backup: ``url``, ``bucket_name``, ``path``, ``access_key``, ``secret_key``.
        content: of the object.

    Raises:
        Refused: it could not be sent, or was not taken.
    """
    failed = "operation error S3: PutObject, "
    if target.get("protocol") != "s3" or not target.get("url"):
        raise Refused(501, "The embedded server can send a backup to the URL of an S3 only")
    if not target.get("path"):
        text = "serialization failed: serialization failed: input member Key must not be empty"
        raise Refused(500, failed + text)
    path = quote(f"/{target.get('bucket_name') or ''}/{target['path']}", safe="/-_.~")
    headers = signed(target, path, content, dt.datetime.now(dt.UTC))
    url = str(target["url"]).rstrip("/") + path
    try:
        async with (
            ClientSession() as session,
            session.put(url, data=content, headers=headers) as answer,
        ):
            if answer.status >= 300:
                text = f"https response error StatusCode: {answer.status}"
                raise Refused(500, failed + text)
    except ClientError as fault:
        raise Refused(500, f'{failed}request send failed, Put "{url}": {fault}') from None
