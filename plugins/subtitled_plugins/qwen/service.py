"""Calls to the service through its SDK.

The SDK retries requests without a response by itself, up to eight times for the submission of a
task, and each of them may be executed and charged. It therefore gets a session that never retries.
A request that may have arrived raises :class:`UnansweredError`, and the caller decides.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from subtitled.plugin import SetupError, TransientError

from .errors import ServiceRefusal
from .settings import AccountSettings

RESOLVE_HEADER = {"X-DashScope-OssResourceResolve": "enable"}
"""The header with which the service accepts ``oss://`` addresses of its temporary storage."""
USER_AGENT = "subtitled"
MAX_RESPONSE_BYTES = 32 * 2**20
"""Largest response of a call. A minute of speech is some kilobytes."""
CONNECT_TIMEOUT = 15.0
"""Seconds to wait for a connection."""


class UnansweredError(TransientError):
    """A request without a response, which may have been executed or not."""


@dataclass(frozen=True, slots=True)
class ServiceResponse:
    """A result: its output, the billed usage, and the id of the request."""

    output: dict[str, Any]
    usage: dict[str, Any] = field(default_factory=dict)
    request_id: str = ""


class Service:
    """The service, with one account in one region. ``section`` is named in hints."""

    def __init__(self, account: AccountSettings, section: str) -> None:
        self.account = account
        self.section = section

    @staticmethod
    def is_installed() -> bool:
        """Check whether the SDK is installed, without importing it."""
        return find_spec("dashscope") is not None

    @cached_property
    def _sdk(self) -> Any:
        """Import the SDK, which takes seconds and much memory."""
        os.environ.setdefault("DASHSCOPE_DISABLE_SDK_HEADERS", "1")
        try:
            import dashscope
        except ImportError as error:
            raise SetupError(
                f"dashscope cannot be imported: {error}",
                "Install it: pip install 'subtitled[qwen]'",
            ) from error
        # At level debug it logs whole requests with their audio, and urls in its errors.
        logging.getLogger("dashscope").disabled = True
        return dashscope

    @cached_property
    def _single_send_session(self) -> _SingleSendSession:
        return _SingleSendSession(self)

    def open(self) -> None:
        """Import the SDK and read the key. Raise :class:`SetupError` if either is missing."""
        self.load_key()
        _ = self._sdk, self._single_send_session

    def load_key(self) -> str:
        """Read the key. Raise :class:`SetupError` if it is missing or no key."""
        key = self.account.api_key.reveal()
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise SetupError(
                f"what {self.section}.api_key refers to is no key", "Store the key alone there"
            )
        return key

    def recognise(
        self, model: str, messages: list[dict[str, Any]], options: dict[str, Any]
    ) -> ServiceResponse:
        """Transcribe a piece of audio synchronously."""
        return self._call(
            model,
            lambda: self._sdk.MultiModalConversation.call(
                model=model,
                messages=messages,
                result_format="message",
                asr_options=options,
                **self._build_request_options(),
            ),
        )

    def translate(self, model: str, text: str, options: dict[str, Any]) -> ServiceResponse:
        """Translate a text. Errors do not contain the text."""
        return self._call(
            model,
            lambda: self._sdk.Generation.call(
                model=model,
                messages=[{"role": "user", "content": text}],
                result_format="message",
                translation_options=options,
                **self._build_request_options(),
            ),
            has_quotable_message=False,
        )

    def submit(
        self, model: str, url: str, parameters: dict[str, Any], has_file_list: bool
    ) -> ServiceResponse:
        """Submit a task that transcribes a file.

        Args:
            model: The model.
            url: The address of the file.
            parameters: Parameters of the model.
            has_file_list: Whether the model expects a list of files.

        Returns:
            A response whose output has the id of the task.

        Raises:
            UnansweredError: The task may have been created or not.
        """
        from dashscope.audio.asr import Transcription
        from dashscope.audio.qwen_asr import QwenTranscription

        headers = {"headers": dict(RESOLVE_HEADER)} if url.startswith("oss://") else {}
        common = {**self._build_request_options(), **headers, **parameters}
        if has_file_list:
            return self._call(
                model, lambda: Transcription.async_call(model=model, file_urls=[url], **common)
            )
        return self._call(
            model, lambda: QwenTranscription.async_call(model=model, file_url=url, **common)
        )

    def fetch_task(self, number: str) -> ServiceResponse:
        """Fetch the status of a task."""
        from dashscope.client.base_api import BaseAsyncApi

        return self._call("tasks", lambda: BaseAsyncApi.fetch(number, **self._build_identity()))

    def fetch_tasks(self, model: str, page: int) -> ServiceResponse:
        """Fetch a page of the account's tasks of the last 24 hours: ``data``, ``total_page``."""
        from dashscope.client.base_api import BaseAsyncApi

        return self._call(
            "tasks",
            lambda: BaseAsyncApi.list(
                model_name=model, page_no=page, page_size=100, **self._build_identity()
            ),
        )

    def upload_file(self, model: str, path: str) -> str:
        """Upload a file for a model into the service's own storage, which keeps it for 48 hours."""
        from dashscope.common.error import UploadFileException
        from dashscope.utils.oss_utils import OssUtils

        policy = self._call(
            model,
            lambda: OssUtils.get_upload_certificate(
                model=model, request_timeout=self.account.timeout, **self._build_identity()
            ),
        ).output
        try:
            address, _ = self._call_sdk(
                lambda: OssUtils.upload(
                    model=model, file_path=path, api_key=self.load_key(), upload_certificate=policy
                )
            )
        except (UploadFileException, KeyError, TypeError) as error:
            raise TransientError(
                f"the storage of {self.account.host} does not accept the audio: "
                f"{type(error).__name__}",
                "It is retried later. If that does not help, configure a bucket of your own: "
                f"[{self.section}.bucket]",
            ) from None
        return str(address)

    def check_key(self) -> None:
        """Make a free request that needs the key. Raise the error if it fails."""
        self.fetch_tasks("qwen3-asr-flash-filetrans", 1)

    def _build_identity(self) -> dict[str, Any]:
        identity: dict[str, Any] = {
            "api_key": self.load_key(),
            "base_address": self.account.effective_url,
        }
        if self.account.workspace:
            identity["workspace"] = self.account.workspace
        return identity

    def _build_request_options(self) -> dict[str, Any]:
        timeouts = (CONNECT_TIMEOUT, self.account.timeout)
        return {
            **self._build_identity(),
            "session": self._single_send_session,
            "request_timeout": timeouts,
        }

    def _call(
        self, model: str, call: Callable[[], Any], has_quotable_message: bool = True
    ) -> ServiceResponse:
        """Make a call. Raise the error of a refusal."""
        _ = self._sdk
        response = self._call_sdk(call)
        output, usage = response.get("output"), response.get("usage")
        body = output if isinstance(output, dict) else {}
        error = body.get("error") if isinstance(body.get("error"), dict) else None
        if response.get("status_code") == 200 and not response.get("code") and error is None:
            if not body:
                raise self.unexpected_answer()
            usage_dict = usage if isinstance(usage, dict) else {}
            return ServiceResponse(body, usage_dict, str(response.get("request_id") or ""))
        code = (error or response).get("code") or "Unknown"
        message = str((error or response).get("message") or "") if has_quotable_message else ""
        raise ServiceRefusal(
            status=int(response.get("status_code") or 0),
            code=str(code),
            message=" ".join(message.replace(self.load_key(), "***").split()),
            request_id=str(response.get("request_id") or ""),
            retry_after=_parse_retry_after(response.get("headers")),
        ).to_error(self.section, self.account.host, model)

    def _call_sdk(self, call: Callable[[], Any]) -> Any:
        """Make a call of the SDK. Convert its exceptions."""
        import requests

        try:
            return call()
        except requests.exceptions.JSONDecodeError:
            raise self.unexpected_answer() from None
        except (requests.RequestException, OSError) as error:
            raise TransientError(
                f"{self.account.host} is not reached: {type(error).__name__}",
                "Check the connection to the internet, and a proxy if there is one",
            ) from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # The SDK fails with these on responses that are not the service's.
            if isinstance(error, UnicodeError | ValueError) or _is_sdk_error(error):
                raise self.unexpected_answer() from None
            raise

    def unexpected_answer(self) -> TransientError:
        """Create the error for a response that the service would not send."""
        return TransientError(
            f"{self.account.host} does not answer as the service does",
            f"It is retried later. Check a proxy in between, and {self.section}.base_url",
        )


class _SingleSendSession:
    """A session for the SDK that sends each request at most once and follows no redirects."""

    def __init__(self, service: Service) -> None:
        import requests

        self._service = service
        self._session = requests.Session()
        adapter = bounded_adapter()
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def post(self, url: str, **options: Any) -> Any:
        import requests

        options["headers"] = {**options.get("headers", {}), "user-agent": USER_AGENT}
        try:
            return self._session.post(url, allow_redirects=False, **options)
        except requests.RequestException as error:
            host = self._service.account.host
            if is_never_sent(error):
                raise TransientError(
                    f"{host} is not reached: {type(error).__name__}",
                    "Check the connection to the internet, and a proxy if there is one",
                ) from None
            raise UnansweredError(
                f"{host} did not answer: {type(error).__name__}",
                f"It is retried later. {self._service.section}.timeout sets how long to wait",
            ) from None


def bounded_adapter() -> Any:
    """Create an adapter of requests whose responses end at :data:`MAX_RESPONSE_BYTES`."""
    import requests
    from requests.adapters import HTTPAdapter

    class BoundedResponse(requests.Response):
        def iter_content(self, *arguments: Any, **options: Any) -> Any:
            size = 0
            for chunk in super().iter_content(*arguments, **options):
                size += len(chunk)
                if size > MAX_RESPONSE_BYTES:
                    raise requests.exceptions.ContentDecodingError("the response has no end")
                yield chunk

    class BoundedAdapter(HTTPAdapter):
        def build_response(self, *arguments: Any) -> requests.Response:
            response = super().build_response(*arguments)
            response.__class__ = BoundedResponse
            return response

    return BoundedAdapter()


def is_never_sent(error: BaseException) -> bool:
    """Check whether a request cannot have arrived, because there was no connection."""
    import requests
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)


def _is_sdk_error(error: BaseException) -> bool:
    """Check whether an error was raised inside the SDK."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and "dashscope" in trace.tb_frame.f_globals.get("__name__", "")


def _parse_retry_after(headers: Any) -> float | None:
    """Read the header ``Retry-After`` in seconds, at most an hour."""
    lowered = {str(name).lower(): value for name, value in dict(headers or {}).items()}
    try:
        return min(3600.0, max(0.0, float(lowered["retry-after"])))
    except (KeyError, TypeError, ValueError):
        return None
