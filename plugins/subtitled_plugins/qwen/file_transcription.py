"""Transcription of whole files as remote tasks, each uploaded and paid for once.

The checkpoint stores what must not happen twice: the address of the audio, that a task is being
submitted, the id of the task. After a crash the work continues from there.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from subtitled.plugin import (
    Audio,
    Checkpoint,
    InputRejectedError,
    SetupError,
    SubtitledError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
    UsageRecord,
)

from .catalogue import ModelFamily, find_code
from .errors import DOWNLOAD_ERROR_CODES, NO_SPEECH_CODES, ServiceRefusal
from .parsing import ParsedResult, parse_result
from .rate_limit import RateLimiter
from .service import Service, ServiceResponse, UnansweredError
from .settings import QwenSettings
from .task_lookup import TaskLookup
from .transfer import UploadedAudio, build_download_url, delete_upload, fetch_json, upload_audio

TASK_LIFETIME_SECONDS = 24 * 3600.0
"""Seconds that the service keeps a finished task and its result. It keeps audio longer."""
FINAL_STATUSES = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN"})
MAX_HOTWORDS = 100
QUERIES_PER_MINUTE = 600.0
"""Status requests per minute. An account has 1200."""


@dataclass(frozen=True, slots=True)
class TaskTimeouts:
    """How long to wait for a task, in seconds."""

    first_interval: float = 1.0
    max_interval: float = 15.0
    min_wait: float = 240.0
    wait_per_audio_second: float = 20.0
    """Times the length of the audio, added to ``min_wait``. After that the job is retried later."""

    def compute_timeout(self, seconds: float) -> float:
        """Compute how long to wait for a task with so many seconds of audio."""
        return self.min_wait + self.wait_per_audio_second * seconds


class FileTranscription:
    """Transcribes files with one account. Several threads may use it."""

    def __init__(
        self,
        service: Service,
        settings: QwenSettings,
        rate_limiter: RateLimiter,
        timeouts: TaskTimeouts | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._service = service
        self._settings = settings
        self._rate_limiter = rate_limiter
        self._query_limiter = RateLimiter(QUERIES_PER_MINUTE, sleep)
        self._timeouts = timeouts or TaskTimeouts()
        self._sleep = sleep

    def transcribe(self, audio: Audio, request: TranscriptionRequest, span: TimeSpan) -> Transcript:
        """Transcribe a time span by a task. A task of an earlier try is resumed.

        Args:
            audio: The decoded track.
            request: The request with its checkpoint.
            span: The part of the track to send.

        Returns:
            Words with times, and one usage record.

        Raises:
            SubtitledError: The task failed, or is not finished yet.
        """
        checkpoint = _TaskCheckpoint(request.checkpoint, self._settings)
        task = self._resume_task(checkpoint) or self._submit_task(audio, request, span, checkpoint)
        response = self._wait_for_task(task, span.duration)
        result = self._parse_result(response, checkpoint, span)
        if name := checkpoint.values.get("object"):
            with contextlib.suppress(
                SubtitledError
            ):  # a failure is harmless: the object is private and expires
                delete_upload(self._settings, name)
        usage = response.usage
        seconds = usage.get("seconds", usage.get("duration"))
        account = self._settings
        usage_record = UsageRecord(
            kind="audio",
            amount=float(seconds) if isinstance(seconds, int | float) else span.duration,
            host=account.host,
            region=account.effective_region,
            request_id=checkpoint.values.get("request", "") or response.request_id,
        )
        detected_language = next(iter(result.languages), None)
        return Transcript(
            language=request.language
            if request.language.is_known
            else detected_language or request.language,
            words=result.words,
            engine=f"qwen {account.model_name}",
            usage=(usage_record,),
        )

    def _resume_task(self, checkpoint: _TaskCheckpoint) -> str | None:
        """Return the id of the task of an earlier try, if its result still exists."""
        record, age = checkpoint.values, checkpoint.age
        if "task" in record and age < TASK_LIFETIME_SECONDS:
            return record["task"]
        if "submitting" not in record or age >= TASK_LIFETIME_SECONDS:
            if age >= TASK_LIFETIME_SECONDS:
                checkpoint.clear()
            return None
        task_id = self._build_lookup().find(record["object"], float(record["submitting"]))
        if task_id is None:
            checkpoint.save(object=record["object"], url=record["url"], stored=record["stored"])
        else:
            checkpoint.save(**record, task=task_id)
        return task_id

    def _submit_task(
        self,
        audio: Audio,
        request: TranscriptionRequest,
        span: TimeSpan,
        checkpoint: _TaskCheckpoint,
    ) -> str:
        """Submit a task. Return its id once it is stored."""
        settings, service = self._settings, self._service
        parameters = self._build_parameters(request)
        if "object" not in checkpoint.values:
            upload = self._rate_limiter.call_with_retries(
                lambda: upload_audio(service, settings, audio, span)
            )
            checkpoint.save(object=upload.name, url=upload.url, stored=str(time.time()))
        record = dict(checkpoint.values)

        def submit() -> ServiceResponse:
            checkpoint.save(**record, submitting=str(time.time()))
            has_file_list = settings.chosen_model.family is ModelFamily.FUN_FILE
            try:
                url = build_download_url(settings, UploadedAudio(record["object"], record["url"]))
                return service.submit(settings.model_name, url, parameters, has_file_list)
            except UnansweredError:
                # Not retried: it may be running. It is searched, now or at the next try.
                raise _SubmissionLostError from None
            except SubtitledError:
                checkpoint.save(**record)
                raise

        try:
            response = self._rate_limiter.call_with_retries(submit)
        except _SubmissionLostError:
            task_id = self._build_lookup().find(record["object"], time.time())
            if task_id is None:
                checkpoint.save(**record)
                raise TransientError(
                    f"a task that was submitted to {settings.host} did not arrive there",
                    "It is submitted again at the next try, without another upload",
                    retry_after=30.0,
                ) from None
            checkpoint.save(**record, submitting=str(time.time()), task=task_id)
            return task_id
        new_task_id = response.output.get("task_id")
        if not isinstance(new_task_id, str) or not new_task_id:
            raise service.unexpected_answer()
        checkpoint.save(
            **record, submitting=str(time.time()), task=new_task_id, request=response.request_id
        )
        return new_task_id

    def _build_lookup(self) -> TaskLookup:
        return TaskLookup(self._service, self._settings, self._query_limiter, self._sleep)

    def _build_parameters(self, request: TranscriptionRequest) -> dict[str, Any]:
        """Build the parameters of the model. The families do not accept each other's."""
        settings = self._settings
        model = settings.chosen_model
        code = find_code(model, request.language)
        hotwords = request.hotwords[:MAX_HOTWORDS] if model.supports_hotwords else ()
        parameters: dict[str, Any] = {"channel_id": [0]}
        if model.family is ModelFamily.QWEN_FILE:
            parameters |= {"enable_words": True, "enable_itn": False}
            if code:
                parameters["language"] = code
            if hotwords:
                parameters["corpus"] = {"text": ", ".join(hotwords)}
            return parameters
        # By default the service masks the words of a list of its own with asterisks.
        parameters["special_word_filter"] = {"system_reserved_filter": False}
        if code:
            parameters["language_hints"] = [code]
        if settings.diarization:
            parameters["diarization_enabled"] = True
        if settings.vocabulary_id:
            parameters["vocabulary_id"] = settings.vocabulary_id
        elif accepted := [hotword for hotword in hotwords if _is_valid_hotword(hotword)]:
            parameters["vocabulary"] = dict.fromkeys(accepted, 4)
        return parameters

    def _wait_for_task(self, task: str, seconds: float) -> ServiceResponse:
        """Wait until a task has ended, in any way."""
        deadline = time.monotonic() + self._timeouts.compute_timeout(seconds)
        pause = self._timeouts.first_interval
        while True:
            response = self._query_limiter.call_with_retries(lambda: self._service.fetch_task(task))
            if response.output.get("task_status") in FINAL_STATUSES:
                return response
            if time.monotonic() + pause > deadline:
                raise TransientError(
                    f"the task {task} at {self._settings.host} is not done yet",
                    "It continues there and is checked again later. Nothing is paid twice",
                    retry_after=300.0,
                )
            self._sleep(pause)
            pause = min(pause * 1.3, self._timeouts.max_interval)

    def _parse_result(
        self, response: ServiceResponse, checkpoint: _TaskCheckpoint, span: TimeSpan
    ) -> ParsedResult:
        """Parse the result of an ended task. Forget a failed one, so that another can be made."""
        output = response.output
        status = output.get("task_status")
        parts = output.get("results")
        part = parts[0] if isinstance(parts, list) and parts else output.get("result")
        part = part if isinstance(part, dict) else {}
        url = part.get("transcription_url")
        if status == "SUCCEEDED" and isinstance(url, str) and "code" not in part:
            is_timing_uncertain = self._settings.chosen_model.family is ModelFamily.QWEN_FILE
            document = self._query_limiter.call_with_retries(
                lambda: fetch_json(url, self._settings.host)
            )
            return parse_result(document, span, is_timing_uncertain)
        code = str(part.get("code") or output.get("code") or status)
        if code in NO_SPEECH_CODES:
            return ParsedResult((), ())
        if status == "UNKNOWN":
            checkpoint.clear()
            raise TransientError(
                f"the task is no longer known at {self._settings.host}",
                "It is submitted again at the next try",
            )
        message = str(part.get("message") or output.get("message") or "")
        if code in DOWNLOAD_ERROR_CODES:
            checkpoint.clear()
            raise TransientError(
                f"{self._settings.host} could not download the audio: {code}",
                "It is uploaded again at the next try. If that does not help, check "
                f"[{self._service.section}.bucket] if there is one",
            )
        checkpoint.clear()
        raise self._task_error(code, message, response.request_id)

    def _task_error(self, code: str, message: str, request_id: str) -> SubtitledError:
        refusal = ServiceRefusal(
            status=0, code=code, message="" if message == code else message, request_id=request_id
        )
        error = refusal.to_error(
            self._service.section, self._settings.host, self._settings.model_name
        )
        if isinstance(error, InputRejectedError | SetupError):
            return error
        return TransientError(error.message, error.hint, retry_after=60.0)


class _SubmissionLostError(Exception):
    """A submission that may have arrived."""


class _TaskCheckpoint:
    """The checkpoint of one chunk. Values for another region or model are ignored."""

    def __init__(self, checkpoint: Checkpoint | None, settings: QwenSettings) -> None:
        self._checkpoint = checkpoint
        self._key = {"at": settings.destination, "model": settings.model_name}
        saved = checkpoint.load() if checkpoint else {}
        is_current = all(saved.get(key) == value for key, value in self._key.items())
        self.values: dict[str, str] = {
            key: value for key, value in saved.items() if is_current and key not in self._key
        }

    @property
    def age(self) -> float:
        """Seconds since the latest stored step."""
        with contextlib.suppress(ValueError):
            return time.time() - float(
                self.values.get("submitting") or self.values.get("stored", "0")
            )
        return float("inf")

    def save(self, **values: str) -> None:
        """Replace the stored values."""
        self.values = values
        if self._checkpoint:
            self._checkpoint.save(**self._key, **values)

    def clear(self) -> None:
        """Delete the stored values."""
        self.values = {}
        if self._checkpoint:
            self._checkpoint.clear()


def _is_valid_hotword(hotword: str) -> bool:
    """Check whether the service accepts a hotword: 15 characters, or 7 words if it is ASCII."""
    return len(hotword.split()) <= 7 if hotword.isascii() else len(hotword) <= 15
