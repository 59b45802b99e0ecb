"""The calls to the service, through its SDK: what goes out, and what its answers and faults are.

The SDK repeats by itself what got no answer, up to eight times for the submission of a task, each
of which may be carried out and charged. So it is given a session that lets nothing be repeated: a
request that may have arrived ends in :class:`Unanswered`, and whoever asked decides.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from subtitled.plugin import Misconfigured, Temporary

from .account import AccountSettings
from .refusals import Refusal

RESOLVE = {"X-DashScope-OssResourceResolve": "enable"}
"""Without this header an ``oss://`` address of the temporary storage is not understood."""
AGENT = "subtitled"
CONNECT = 15.0
"""Seconds to wait for a connection."""


class Unanswered(Temporary):
    """A request that may have been carried out, or not: no answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A result: its output, what was used up for it, and the number to ask about it."""

    output: dict[str, Any]
    usage: dict[str, Any] = field(default_factory=dict)
    request_id: str = ""


class Service:
    """One account at one place. ``section`` such as ``engines.qwen`` is named in cures."""

    def __init__(self, account: AccountSettings, section: str) -> None:
        self.account = account
        self.section = section

    @staticmethod
    def installed() -> bool:
        return find_spec("dashscope") is not None

    @cached_property
    def _sdk(self) -> Any:
        """The SDK, imported now: that takes seconds and much memory."""
        os.environ.setdefault("DASHSCOPE_DISABLE_SDK_HEADERS", "1")
        try:
            import dashscope
        except ImportError as error:
            raise Misconfigured(
                f"dashscope cannot be imported: {error}",
                "Install it: pip install 'subtitled[qwen]'",
            ) from error
        # It logs whole requests, sound and all, at the level debug, and addresses in its errors.
        logging.getLogger("dashscope").disabled = True
        return dashscope

    @cached_property
    def _once(self) -> _Once:
        return _Once(self)

    def open(self) -> None:
        """Import the SDK and read the key. Raises :class:`~subtitled.plugin.Misconfigured`."""
        self.key()
        _ = self._sdk, self._once

    def key(self) -> str:
        key = self.account.api_key.reveal()
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise Misconfigured(
                f"what {self.section}.api_key names is no key", "Write the key alone into it"
            )
        return key

    def recognise(
        self, model: str, messages: list[dict[str, Any]], options: dict[str, Any]
    ) -> Answer:
        """Have a piece of sound recognised within the request."""
        return self._ask(
            model,
            lambda: self._sdk.MultiModalConversation.call(
                model=model,
                messages=messages,
                result_format="message",
                asr_options=options,
                **self._sending(),
            ),
        )

    def translate(self, model: str, text: str, options: dict[str, Any]) -> Answer:
        """Have a text translated. Nothing of it is in what is raised."""
        return self._ask(
            model,
            lambda: self._sdk.Generation.call(
                model=model,
                messages=[{"role": "user", "content": text}],
                result_format="message",
                translation_options=options,
                **self._sending(),
            ),
            quote=False,
        )

    def submit(self, model: str, url: str, parameters: dict[str, Any], several: bool) -> Answer:
        """Have a file recognised as a task, whose number is in the answer.

        ``several`` for models that take a list of files. Raises :class:`Unanswered` if it may have
        arrived.
        """
        from dashscope.audio.asr import Transcription
        from dashscope.audio.qwen_asr import QwenTranscription

        headers = {"headers": dict(RESOLVE)} if url.startswith("oss://") else {}
        common = {**self._sending(), **headers, **parameters}
        if several:
            return self._ask(
                model, lambda: Transcription.async_call(model=model, file_urls=[url], **common)
            )
        return self._ask(
            model, lambda: QwenTranscription.async_call(model=model, file_url=url, **common)
        )

    def task(self, number: str) -> Answer:
        """How a task stands."""
        from dashscope.client.base_api import BaseAsyncApi

        return self._ask("tasks", lambda: BaseAsyncApi.fetch(number, **self._who()))

    def tasks(self, model: str, page: int) -> Answer:
        """A page of the account's tasks of the last 24 hours: ``data`` and ``total_page``."""
        from dashscope.client.base_api import BaseAsyncApi

        return self._ask(
            "tasks",
            lambda: BaseAsyncApi.list(model_name=model, page_no=page, page_size=100, **self._who()),
        )

    def store(self, model: str, path: str) -> str:
        """Upload a file for a model into the service's own storage, where it lies for 48 hours."""
        from dashscope.common.error import UploadFileException
        from dashscope.utils.oss_utils import OssUtils

        policy = self._ask(
            model,
            lambda: OssUtils.get_upload_certificate(
                model=model, request_timeout=self.account.timeout, **self._who()
            ),
        ).output
        try:
            address, _ = self._reached(
                lambda: OssUtils.upload(
                    model=model, file_path=path, api_key=self.key(), upload_certificate=policy
                )
            )
        except (UploadFileException, KeyError, TypeError) as error:
            raise Temporary(
                f"the storage of {self.account.host} does not take the sound: "
                f"{type(error).__name__}",
                "It is tried again; if that goes on, give a bucket of your own: "
                f"[{self.section}.bucket]",
            ) from None
        return str(address)

    def try_key(self) -> None:
        """Ask for what costs nothing and needs a key. Raises what is wrong."""
        self.tasks("qwen3-asr-flash-filetrans", 1)

    def _who(self) -> dict[str, Any]:
        said: dict[str, Any] = {"api_key": self.key(), "base_address": self.account.base}
        if self.account.workspace:
            said["workspace"] = self.account.workspace
        return said

    def _sending(self) -> dict[str, Any]:
        limits = (CONNECT, self.account.timeout)
        return {**self._who(), "session": self._once, "request_timeout": limits}

    def _ask(self, model: str, call: Callable[[], Any], quote: bool = True) -> Answer:
        """The answer to one call; a refusal is raised as what it means."""
        _ = self._sdk
        said = self._reached(call)
        output, usage = said.get("output"), said.get("usage")
        body = output if isinstance(output, dict) else {}
        error = body.get("error") if isinstance(body.get("error"), dict) else None
        if said.get("status_code") == 200 and not said.get("code") and error is None:
            if not body:
                raise self.stranger()
            used = usage if isinstance(usage, dict) else {}
            return Answer(body, used, str(said.get("request_id") or ""))
        code = (error or said).get("code") or "Unknown"
        message = str((error or said).get("message") or "") if quote else ""
        raise Refusal(
            int(said.get("status_code") or 0),
            str(code),
            " ".join(message.replace(self.key(), "***").split()),
            str(said.get("request_id") or ""),
            _seconds(said.get("headers")),
        ).means(self.section, self.account.host, model)

    def _reached(self, call: Callable[[], Any]) -> Any:
        """What the call gives; what happens on the way there and back, as a problem of ours."""
        import requests

        try:
            return call()
        except requests.exceptions.JSONDecodeError:
            raise self.stranger() from None
        except (requests.RequestException, OSError) as error:
            raise Temporary(
                f"{self.account.host} is not reached: {type(error).__name__}",
                "Check the connection to the internet, and a proxy if there is one",
            ) from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # The SDK takes answers apart and is as surprised by others' as anybody.
            if isinstance(error, UnicodeError | ValueError) or _of_the_sdk(error):
                raise self.stranger() from None
            raise

    def stranger(self) -> Temporary:
        return Temporary(
            f"{self.account.host} does not answer as the service does",
            f"It is tried again; check a proxy in between, and {self.section}.base_url",
        )


class _Once:
    """What the SDK takes for a session: each request is sent at most once, and to nobody else."""

    def __init__(self, service: Service) -> None:
        import requests

        self._service = service
        self._session = requests.Session()

    def post(self, url: str, **said: Any) -> Any:
        import requests

        said["headers"] = {**said.get("headers", {}), "user-agent": AGENT}
        try:
            return self._session.post(url, allow_redirects=False, **said)
        except requests.RequestException as error:
            host = self._service.account.host
            if never_sent(error):
                raise Temporary(
                    f"{host} is not reached: {type(error).__name__}",
                    "Check the connection to the internet, and a proxy if there is one",
                ) from None
            raise Unanswered(
                f"{host} did not answer: {type(error).__name__}",
                f"It is tried again; {self._service.section}.timeout is how long is waited",
            ) from None


def never_sent(error: BaseException) -> bool:
    """Whether a request surely did not arrive: no connection came about."""
    import requests
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)


def _of_the_sdk(error: BaseException) -> bool:
    """Whether an error arose in the SDK and not in what we gave it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and "dashscope" in trace.tb_frame.f_globals.get("__name__", "")


def _seconds(headers: Any) -> float | None:
    """What the answer says of how long to wait."""
    said = {str(name).lower(): value for name, value in dict(headers or {}).items()}
    try:
        return min(3600.0, max(0.0, float(said["retry-after"])))
    except (KeyError, TypeError, ValueError):
        return None
