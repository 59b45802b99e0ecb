"""Presigned addresses of the user's own S3-compatible bucket, such as OSS.

The signature is Amazon's version 4 in the query string (docs.aws.amazon.com, "Authenticating
Requests: Using Query Parameters"), which OSS, MinIO, Garage, Ceph and R2 accept as well.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Field

from subtitled.plugin import Secret, Settings

VALID_SECONDS = 24 * 3600
"""Seconds for which an address is valid: as long as a task may take."""


class BucketSettings(Settings):
    """The settings in ``[engines.qwen.bucket]``."""

    url: str = Field(
        pattern=r"^https?://",
        description="The address of the bucket, such as https://BUCKET.oss-ap-southeast-1.aliyuncs.com.",
    )
    region: str = Field("us-east-1", description="The region of its signatures.")
    access_key: Secret = Field(description="The access key, by reference.")
    secret_key: Secret = Field(description="The secret key, by reference.")


def build_presigned_url(
    bucket: BucketSettings,
    method: str,
    name: str,
    now: datetime | None = None,
    valid_seconds: int = VALID_SECONDS,
) -> str:
    """Build an address that allows one method on one object.

    Args:
        bucket: The bucket and its keys.
        method: ``GET``, ``PUT`` or ``DELETE``.
        name: The name of the object.
        now: When it is signed. None is now.
        valid_seconds: How long the address is valid.

    Returns:
        The address. It grants access to anyone who has it.
    """
    signed_at = now or datetime.now(UTC)
    stamp, day = signed_at.strftime("%Y%m%dT%H%M%SZ"), signed_at.strftime("%Y%m%d")
    parts = urlsplit(bucket.url.rstrip("/"))
    path = quote(f"{parts.path}/{name}")
    scope = f"{day}/{bucket.region}/s3/aws4_request"
    query = urlencode(
        sorted(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"{bucket.access_key.reveal()}/{scope}",
                "X-Amz-Date": stamp,
                "X-Amz-Expires": str(valid_seconds),
                "X-Amz-SignedHeaders": "host",
            }.items()
        ),
        quote_via=quote,
        safe="",
    )
    request = "\n".join(
        (method, path, query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD")
    )
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, digest))
    key = f"AWS4{bucket.secret_key.reveal()}".encode()
    for part in (day, bucket.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return f"{parts.scheme}://{parts.netloc}{path}?{query}&X-Amz-Signature={signature}"
