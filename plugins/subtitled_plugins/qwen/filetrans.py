"""Recognition of whole files as tasks that run elsewhere, each uploaded and paid for once.

What must not be done twice is written down before it is waited for: where the sound lies, that a
task is being submitted, the task's number. Whoever comes back finds its place by that.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from subtitled.plugin import (
    Audio,
    Interval,
    Memo,
    Misconfigured,
    Problem,
    Rejected,
    Request,
    Sent,
    Temporary,
    Transcript,
)

from .catalogue import Family, code_of
from .pace import Pace
from .refusals import NOBODY_SPEAKS, NOT_REACHABLE, Refusal
from .results import Result, parsed
from .search import Search
from .service import Answer, Service, Unanswered
from .settings import QwenSettings
from .storage import Stored, address, discard, store
from .transfer import fetch_json

LIVES = 24 * 3600.0
"""Seconds that the service keeps a task that is done, and its result. Sound lies for longer."""
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN"})
MOST_TERMS = 100
QUERIES = 600.0
"""Looks at tasks a minute; an account has 1200."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for a task: between two looks at it, and in all."""

    first: float = 1.0
    longest: float = 15.0
    least: float = 240.0
    times: float = 20.0
    """Times the length of the sound, beside ``least``; then the daemon comes back later."""

    def limit(self, seconds: float) -> float:
        return self.least + self.times * seconds


class Tasks:
    """Files recognised by one account. Several threads may use it."""

    def __init__(
        self,
        service: Service,
        settings: QwenSettings,
        pace: Pace,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._service = service
        self._settings = settings
        self._pace = pace
        self._queries = Pace(QUERIES, sleep)
        self._patience = patience or Patience()
        self._sleep = sleep

    def transcribe(self, audio: Audio, request: Request, interval: Interval) -> Transcript:
        """The words of an interval, by a task that is taken up if one was begun for it."""
        ledger = _Ledger(request.memo, self._settings)
        task = self._taken_up(ledger) or self._submitted(audio, request, interval, ledger)
        answer = self._awaited(task, interval.duration)
        result = self._result(answer, ledger, interval)
        if name := ledger.said.get("object"):
            with contextlib.suppress(Problem):  # it is nobody's but ours, and has a lifetime set
                discard(self._settings, name)
        usage = answer.usage
        seconds = usage.get("seconds", usage.get("duration"))
        account = self._settings
        sent = Sent(
            kind="audio",
            amount=float(seconds) if isinstance(seconds, int | float) else interval.duration,
            host=account.host,
            region=account.place,
            request_id=ledger.said.get("request", "") or answer.request_id,
        )
        spoken = next((note.language for note in result.notes if note.language), None)
        return Transcript(
            language=request.language if request.language.is_known else spoken or request.language,
            words=result.words,
            engine=f"qwen {account.name}",
            sent=(sent,),
            notes=result.notes,
        )

    def _taken_up(self, ledger: _Ledger) -> str | None:
        """The task that was begun for this already, if its result can still be had."""
        said, age = ledger.said, ledger.age
        if "task" in said and age < LIVES:
            return said["task"]
        if "submitting" not in said or age >= LIVES:
            if age >= LIVES:
                ledger.forget()
            return None
        found = self._search().find(said["object"], float(said["submitting"]))
        if found is None:
            ledger.keep(object=said["object"], url=said["url"], stored=said["stored"])
        else:
            ledger.keep(**said, task=found)
        return found

    def _submitted(
        self, audio: Audio, request: Request, interval: Interval, ledger: _Ledger
    ) -> str:
        """The number of a new task, written down."""
        settings, service = self._settings, self._service
        parameters = self._parameters(request)
        if "object" not in ledger.said:
            stored = self._pace.patiently(lambda: store(service, settings, audio, interval))
            ledger.keep(object=stored.name, url=stored.url, stored=str(time.time()))
        said = dict(ledger.said)

        def submit() -> Answer:
            ledger.keep(**said, submitting=str(time.time()))
            several = settings.chosen.family is Family.FUN_FILE
            try:
                where = address(settings, Stored(said["object"], said["url"]))
                return service.submit(settings.name, where, parameters, several)
            except Unanswered:
                # Not again: it may be running. It is looked for, now or at the next try.
                raise _Lost from None
            except Problem:
                ledger.keep(**said)
                raise

        try:
            answer = self._pace.patiently(submit)
        except _Lost:
            found = self._search().find(said["object"], time.time())
            if found is None:
                ledger.keep(**said)
                raise Temporary(
                    f"a task that was submitted to {settings.host} did not arrive there",
                    "It is submitted again at the next try; the sound need not be uploaded again",
                    retry_after=30.0,
                ) from None
            ledger.keep(**said, submitting=str(time.time()), task=found)
            return found
        number = answer.output.get("task_id")
        if not isinstance(number, str) or not number:
            raise service.stranger()
        ledger.keep(**said, submitting=str(time.time()), task=number, request=answer.request_id)
        return number

    def _search(self) -> Search:
        return Search(self._service, self._settings, self._queries, self._sleep)

    def _parameters(self, request: Request) -> dict[str, Any]:
        """What the model is told. Each family knows its own words and refuses the other's."""
        settings = self._settings
        model = settings.chosen
        code = code_of(model, request.language)
        terms = request.terms[:MOST_TERMS] if model.takes_terms else ()
        said: dict[str, Any] = {"channel_id": [0]}
        if model.family is Family.QWEN_FILE:
            said |= {"enable_words": True, "enable_itn": False}
            if code:
                said["language"] = code
            if terms:
                said["corpus"] = {"text": ", ".join(terms)}
            return said
        # Its own list of words that it masks with asterisks is on unless it is switched off.
        said["special_word_filter"] = {"system_reserved_filter": False}
        if code:
            said["language_hints"] = [code]
        if settings.speakers:
            said["diarization_enabled"] = True
        if settings.vocabulary_id:
            said["vocabulary_id"] = settings.vocabulary_id
        elif known := [term for term in terms if _hot(term)]:
            said["vocabulary"] = dict.fromkeys(known, 4)
        return said

    def _awaited(self, task: str, seconds: float) -> Answer:
        """The task when it has ended, however it has."""
        until = time.monotonic() + self._patience.limit(seconds)
        pause = self._patience.first
        while True:
            answer = self._queries.patiently(lambda: self._service.task(task))
            if answer.output.get("task_status") in ENDED:
                return answer
            if time.monotonic() + pause > until:
                raise Temporary(
                    f"the task {task} at {self._settings.host} is not done yet",
                    "It goes on there and is asked again later; nothing is paid twice",
                    retry_after=300.0,
                )
            self._sleep(pause)
            pause = min(pause * 1.3, self._patience.longest)

    def _result(self, answer: Answer, ledger: _Ledger, interval: Interval) -> Result:
        """What an ended task gave. One that gave nothing is forgotten, so that a next can begin."""
        output = answer.output
        ended = output.get("task_status")
        parts = output.get("results")
        part = parts[0] if isinstance(parts, list) and parts else output.get("result")
        part = part if isinstance(part, dict) else {}
        url = part.get("transcription_url")
        if ended == "SUCCEEDED" and isinstance(url, str) and "code" not in part:
            doubt = self._settings.chosen.family is Family.QWEN_FILE
            document = self._queries.patiently(lambda: fetch_json(url, self._settings.host))
            return parsed(document, interval, doubt)
        code = str(part.get("code") or output.get("code") or ended)
        if code in NOBODY_SPEAKS:
            return Result((), ())
        if ended == "UNKNOWN":
            ledger.forget()
            raise Temporary(
                f"the task is no longer known at {self._settings.host}",
                "It is begun anew at the next try",
            )
        message = str(part.get("message") or output.get("message") or "")
        if code in NOT_REACHABLE:
            ledger.forget()
            raise Temporary(
                f"{self._settings.host} could not fetch the sound: {code}",
                "It is uploaded anew at the next try; if that goes on, check "
                f"[{self._service.section}.bucket] if there is one",
            )
        ledger.forget()
        raise self._failed(code, message, answer.request_id)

    def _failed(self, code: str, message: str, request_id: str) -> Problem:
        refusal = Refusal(0, code, "" if message == code else message, request_id)
        problem = refusal.means(self._service.section, self._settings.host, self._settings.name)
        if isinstance(problem, Rejected | Misconfigured):
            return problem
        return Temporary(problem.what, problem.cure, retry_after=60.0)


class _Lost(Exception):
    """A submission that may have arrived."""


class _Ledger:
    """The memo of one stretch; what was written for another place or model is not for this."""

    def __init__(self, memo: Memo | None, settings: QwenSettings) -> None:
        self._memo = memo
        self._mark = {"at": settings.destination, "model": settings.name}
        said = memo.read() if memo else {}
        ours = all(said.get(key) == value for key, value in self._mark.items())
        self.said: dict[str, str] = {
            key: value for key, value in said.items() if ours and key not in self._mark
        }

    @property
    def age(self) -> float:
        """Seconds since the latest of what was done."""
        with contextlib.suppress(ValueError):
            return time.time() - float(self.said.get("submitting") or self.said.get("stored", "0"))
        return float("inf")

    def keep(self, **values: str) -> None:
        """Durable when it returns."""
        self.said = values
        if self._memo:
            self._memo.keep(**self._mark, **values)

    def forget(self) -> None:
        self.said = {}
        if self._memo:
            self._memo.keep()


def _hot(term: str) -> bool:
    """Whether a term fits a list of hot words: 15 letters, or 7 words of Latin ones."""
    return len(term.split()) <= 7 if term.isascii() else len(term) <= 15
