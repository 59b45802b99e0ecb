"""Converting refusals of the service into errors with hints.

Codes from the error pages of Model Studio (help.aliyun.com/zh/model-studio/error-code) and of the
recorded-file API; the codes of the OpenAI-like interface are beside their equivalents.
"""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError

RATE_LIMIT_PAUSE = 15.0
"""Seconds to wait after exceeding a rate limit, if the response names none."""

DOWNLOAD_ERROR_CODES = frozenset(
    "FILE_DOWNLOAD_FAILED InvalidFile.DownloadFailed FILE_403_FORBIDDEN FILE_404_NOT_FOUND "
    "FILE_SERVER_ERROR".split()
)
"""Codes of a task that could not download the audio."""
NO_SPEECH_CODES = frozenset("SUCCESS_WITH_NO_VALID_FRAGMENT ASR_RESPONSE_HAVE_NO_WORDS".split())
"""Codes of a task that found no speech."""
_CONTENT_CODES = ("datainspection", "data_inspection", "contentfilter", "content_filter")
_KEY_CODES = ("invalidapikey", "invalid_api_key")
_UNPAID_CODES = ("arrearage", "allocationquota", "prepaidbilloverdue", "postpaidbilloverdue")
_NOT_ACTIVATED_CODES = (
    "accessdenied",
    "access_denied",
    "notexist",
    "model_not_found",
    "modelnotfound",
)
_RATE_LIMIT_CODES = ("throttling", "limit_requests", "limitrequests", "rate_limit")
_TRANSIENT_CODES = (
    "internalerror",
    "internal_error",
    "requesttimeout",
    "serviceunavailable",
    "modelunavailable",
    "modelservicefailed",
    "gatewaytimeout",
    "systemerror",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRefusal:
    """A response that is no result. ``message`` contains neither a key nor a text."""

    status: int
    code: str
    message: str = ""
    request_id: str = ""
    retry_after: float | None = None

    @property
    def request_suffix(self) -> str:
        return f" (request {self.request_id})" if self.request_id else ""

    def to_error(self, section: str, host: str, model: str) -> SubtitledError:
        """Convert the refusal into an error.

        Args:
            section: The section of the configuration, such as ``engines.qwen``, for the hint.
            host: The host of the service.
            model: The requested model.

        Returns:
            The error. The caller raises it.
        """
        code, message = self.code.lower(), self.message.lower()
        detail = ": ".join(part for part in (self.code, self.message[:200]) if part)
        if any(word in code for word in _CONTENT_CODES):
            return InputRejectedError(
                f"{host} refuses the content{self.request_suffix}",
                "Its moderation cannot be switched off: have another engine or translator do it",
            )
        if self.status == 401 or any(word in code for word in _KEY_CODES):
            return SetupError(
                f"{host} refuses the key{self.request_suffix}",
                f"A key is valid in one region only: make one there and set {section}.api_key, "
                f"or set {section}.region to the region of the key",
            )
        if (
            code.startswith(_UNPAID_CODES)
            or "free allocated quota" in message
            or "arrearage" in message
        ):
            return SetupError(
                f"{host} is not paid, or the free quota is used up{self.request_suffix}: "
                f"{self.code}",
                "Pay the account's bill, or switch off 'stop when the free quota is used up' in "
                "the console. Then run: subtitled queue retry --state failed",
            )
        if any(word in code for word in _RATE_LIMIT_CODES) or self.status == 429:
            return TransientError(
                f"{host} is asked too often: {detail}",
                f"Lower {section}.requests_per_minute, or ask for a higher limit",
                self.retry_after or RATE_LIMIT_PAUSE,
            )
        if any(word in code for word in _NOT_ACTIVATED_CODES) or self.status in (403, 404):
            return SetupError(
                f"{host} does not offer {model} to this key{self.request_suffix}: {detail}",
                f"Activate the model in the console of that region, or set {section}.model",
            )
        if self.status >= 500 or self.status == 408 or _is_transient(code):
            return TransientError(
                f"{host} has a fault of its own{self.request_suffix}: {detail or self.status}",
                "It is retried later",
                self.retry_after,
            )
        if "format is empty" in message or "does not support asynchronous" in message:
            return SetupError(
                f"{host} does not take {model} this way{self.request_suffix}: {detail}",
                f"Set {section}.protocol and {section}.model to what belong together",
            )
        if 300 <= self.status < 400:
            return SetupError(
                f"{host} sends callers elsewhere", f"Set {section}.base_url to the right place"
            )
        return InputRejectedError(
            f"{host} takes this for a bad request{self.request_suffix}: {detail or self.status}",
            "Ask the service about that request, or have another engine do it",
        )


def _is_transient(code: str) -> bool:
    return any(word in code for word in _TRANSIENT_CODES) and "invalidparameter" not in code
