"""The temporary storage of the fake DashScope, and a bucket."""

from __future__ import annotations

import base64
import threading
import urllib.request
import uuid
from typing import Any

from support.fakes.dashscope_shapes import RefusedError, Task


class Storage:
    """Objects by key, and the folders of upload policies by model."""

    def __init__(self) -> None:
        self.uploads: dict[str, bytes] = {}
        self.policies: dict[str, str] = {}
        self.lock = threading.Lock()
        self.port = 0

    def certificate(self, model: str) -> dict[str, Any]:
        """Issue an upload policy for a folder and a model."""
        folder = f"dashscope-instant/{uuid.uuid4().hex}/2026-11-24/{uuid.uuid4()}"
        with self.lock:
            self.policies[folder] = model
        return {
            "data": {
                "policy": base64.b64encode(folder.encode()).decode(),
                "signature": "c2lnbmF0dXJl",
                "upload_dir": folder,
                "upload_host": f"http://127.0.0.1:{self.port}/oss",
                "expire_in_seconds": 300,
                "max_file_size_mb": 100,
                "capacity_limit_mb": 999999999,
                "oss_access_key_id": "LTAIstandin",
                "x_oss_object_acl": "private",
                "x_oss_forbid_overwrite": "true",
            }
        }

    def form_post(self, fields: dict[str, bytes]) -> None:
        names = {"OSSAccessKeyId", "Signature", "policy", "key", "success_action_status", "file"}
        if not names <= set(fields):
            raise RefusedError(400, "InvalidArgument", "a field is missing")
        key = fields["key"].decode()
        folder = key.rpartition("/")[0]
        if base64.b64decode(fields["policy"]).decode() != folder or folder not in self.policies:
            raise RefusedError(403, "AccessDenied", "Invalid according to Policy")
        with self.lock:
            if key in self.uploads:
                raise RefusedError(
                    409, "FileAlreadyExists", "The object you specified already exists"
                )
            self.uploads[key] = fields["file"]

    def fetched(self, task: Task) -> bytes:
        if task.url.startswith("oss://"):
            key = task.url.removeprefix("oss://")
            task.file_name = key
            if key not in self.uploads:
                raise RefusedError(400, "FILE_404_NOT_FOUND", "")
            if self.policies[key.rpartition("/")[0]] != task.model:
                raise RefusedError(400, "FILE_403_FORBIDDEN", "")
            return self.uploads[key]
        try:
            with urllib.request.urlopen(task.url, timeout=10) as answer:
                return bytes(answer.read())
        except OSError:
            raise RefusedError(400, "FILE_DOWNLOAD_FAILED", "") from None

    def bucket(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> bytes:
        """Handle a signed request to the user's own bucket."""
        if "X-Amz-Signature" not in query:
            raise RefusedError(403, "AccessDenied", "")
        if method == "PUT":
            self.uploads[path] = body
        elif path not in self.uploads:
            raise RefusedError(404, "NoSuchKey", "")
        elif method == "DELETE":
            del self.uploads[path]
        return self.uploads.get(path, b"")
