"""Requests with an ``Idempotency-Key``: one that is repeated gives the first answer again."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from subtitled.db.kv import KeyValueStore

from .problems import ApiError

_log = logging.getLogger(__name__)

KEPT_SECONDS = 86400.0
"""How long an answer is kept."""
MAX_KEPT = 10_000
"""Most answers that are kept. The oldest go first."""
PRUNE_INTERVAL = 500
"""After how many new answers old ones are deleted."""
KEY_PREFIX = "idempotency:"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request that changed something."""

    status: int
    body: Any
    is_repeated: bool = False


class IdempotentRequests:
    """The answers of the last day. They are stored, so a restart keeps them."""

    def __init__(self, kv: KeyValueStore, now: Callable[[], float] = time.time) -> None:
        self._kv = kv
        self._now = now
        self._lock = threading.Lock()
        self._running: set[str] = set()
        self._until_prune = 0

    def run(self, caller: str, key: str | None, request: str, act: Callable[[], Answer]) -> Answer:
        """Do a request, or return its answer if it was done before.

        Args:
            caller: Who calls. Keys of different callers have nothing to do with each other.
            key: The key that the caller gave; None does the request each time.
            request: The method, route and body, as text.
            act: Does it. What it raises is not kept, so that it may be tried again.

        Raises:
            ApiError: The key was given for another request, or its request still runs.
        """
        if key is None:
            return act()
        name = KEY_PREFIX + hashlib.sha256(f"{caller}\0{key}".encode()).hexdigest()
        digest = hashlib.sha256(request.encode("utf-8", "replace")).hexdigest()
        with self._lock:
            if name in self._running:
                raise ApiError(
                    409,
                    "still-running",
                    "the request with this key still runs",
                    "Send it again in a second",
                    retry_after=1,
                )
            self._running.add(name)
        try:
            if (kept := self._find(name, digest)) is not None:
                return kept
            answer = act()
            self._store(name, digest, answer)
            return answer
        finally:
            with self._lock:
                self._running.discard(name)

    def _find(self, name: str, digest: str) -> Answer | None:
        text = self._kv.get(name)
        if text is None:
            return None
        kept = json.loads(text)
        if self._is_old(kept["at"]):
            return None
        if kept["request"] != digest:
            raise ApiError(
                422,
                "key-used-before",
                "this Idempotency-Key was used for another request",
                "Use a new key for each request",
            )
        return Answer(kept["status"], kept["body"], is_repeated=True)

    def _store(self, name: str, digest: str, answer: Answer) -> None:
        kept = {
            "at": self._now(),
            "request": digest,
            "status": answer.status,
            "body": answer.body,
        }
        self._kv.set(name, json.dumps(kept))
        with self._lock:
            self._until_prune -= 1
            is_due = self._until_prune < 0
            if is_due:
                self._until_prune = PRUNE_INTERVAL
        if is_due:
            self._prune()

    def _prune(self) -> None:
        times = {
            name: float(json.loads(text)["at"])
            for name, text in self._kv.get_prefix(KEY_PREFIX).items()
        }
        newest_first = sorted(times, key=lambda name: times[name], reverse=True)
        for number, name in enumerate(newest_first):
            if number >= MAX_KEPT or self._is_old(times[name]):
                self._kv.set(name, None)

    def _is_old(self, at: float) -> bool:
        return abs(self._now() - at) >= KEPT_SECONDS
