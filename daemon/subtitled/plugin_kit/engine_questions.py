"""What engines are asked, in their own process."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from subtitled.media.decode import decode_track
from subtitled.media.probe import probe_media
from subtitled.plugin import (
    UNDETERMINED,
    Audio,
    Chunk,
    Engine,
    InputRejectedError,
    Language,
    SpeechWindow,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
)
from subtitled.plugin.testing import (
    ODD_HOTWORDS,
    check_aligned_words,
    check_guesses,
    check_transcript,
)

from .subject import SILENCE, SPEECH, NotApplicableError, Subject

MOST_AT_ONCE = 4
"""Calls at the same time that are tried."""


def lists_its_models(subject: Subject) -> None:
    """Each model has a name of its own, files, a size, and digests that can be."""
    specs = subject.configured.models()
    if issubclass(subject.configured.component_class, Engine):
        specs += subject.configured.models_for_language(subject.language())
    subject.configured.catalogue()
    names = [spec.name for spec in specs]
    assert len(set(names)) == len(names), (
        f"models() and models_for_language() have a name twice: {', '.join(names)}. "
        "Give each model a name of its own"
    )
    for spec in specs:
        assert spec.files, f"the model {spec.name} has no files"
        if spec.folder is not None:
            continue  # a folder of the user's, with files of unknown digests
        assert spec.size_bytes > 0, f"the model {spec.name} has size_bytes = {spec.size_bytes}"
        digests = {name: file.sha256 for name, file in spec.list_files().items()}
        for name, digest in (digests | {a.url: a.sha256 for a in spec.archives}).items():
            assert digest is None or re.fullmatch(r"[0-9a-f]{64}", digest), (
                f"the digest of {name} is no SHA-256 in lower case hexadecimal"
            )


def transcribes_silence(subject: Subject) -> None:
    """Silence in the middle of a track has no words, or words inside of it."""
    _transcribe(subject, SILENCE)


def transcribes_a_voice(subject: Subject) -> None:
    """A voice that says nothing may have words, inside of its chunk."""
    _transcribe(subject, SPEECH)


def transcribes_a_short_chunk(subject: Subject) -> None:
    """A tenth of a second may be refused."""
    try:
        _transcribe(subject, TimeSpan(SPEECH.start, SPEECH.start + 0.1))
    except InputRejectedError:
        return


def transcribes_an_unknown_language(subject: Subject) -> None:
    """The language ``und`` may be refused, unless the engine says that it needs no language."""
    try:
        _transcribe(subject, SPEECH, UNDETERMINED)
    except InputRejectedError:
        if not subject.client.capabilities.needs_language:
            raise


def transcribes_with_odd_hotwords(subject: Subject) -> None:
    """Hotwords as files of users have them do no harm."""
    if not subject.client.capabilities.supports_hotwords:
        raise NotApplicableError("it uses no hotwords")
    _transcribe(subject, SPEECH, hotwords=ODD_HOTWORDS)


def transcribes_several_chunks_at_once(subject: Subject) -> None:
    """As many calls at the same time as it states give as many answers."""
    number = min(MOST_AT_ONCE, subject.client.capabilities.max_concurrency)
    if number == 1:
        raise NotApplicableError("it states max_concurrency = 1")
    with ThreadPoolExecutor(number) as executor:
        list(executor.map(lambda _: _transcribe(subject, SPEECH), range(number)))


def transcribes_recordings(subject: Subject) -> None:
    """A recording of speech has words in its language."""
    if not subject.speech:
        raise NotApplicableError("no recording was given")
    for tag, file in subject.speech.items():
        audio = _decode(subject, file)
        span = TimeSpan(0.0, audio.duration)
        transcript = _transcribe(subject, span, Language(tag), audio=audio)
        assert transcript.words, f"it recognised no word in {file.name}"


def identifies_languages(subject: Subject) -> None:
    """There is one guess for each window, in order, with probabilities."""
    if not subject.client.capabilities.supports_language_detection:
        raise NotApplicableError("it does not detect languages")
    windows = [SpeechWindow(span.start, span.end) for span in (SILENCE, SPEECH)]
    check_guesses(subject.client.detect_language(subject.audio, windows), windows)


def aligns_words(subject: Subject) -> None:
    """All words of the text come back with times."""
    if not subject.client.capabilities.supports_alignment:
        raise NotApplicableError("it does not align")
    chunk, text = Chunk(SPEECH, (SPEECH,)), "one two"
    words = subject.client.align(subject.audio, chunk, text, subject.language())
    check_aligned_words(words, text, chunk)


def _transcribe(
    subject: Subject,
    span: TimeSpan,
    language: Language | None = None,
    *,
    hotwords: tuple[str, ...] = (),
    audio: Audio | None = None,
) -> Transcript:
    chunk = Chunk(span, (span,))
    request = TranscriptionRequest(
        chunk=chunk, language=language or subject.language(), hotwords=hotwords
    )
    transcript = subject.client.transcribe(audio or subject.audio, request)
    check_transcript(transcript, chunk)
    return transcript


def _decode(subject: Subject, file: Path) -> Audio:
    target = subject.folder / f"{file.stem}.s16"
    return decode_track(file, probe_media(file).audio_tracks[0], target)


ALL = (
    lists_its_models,
    transcribes_silence,
    transcribes_a_voice,
    transcribes_a_short_chunk,
    transcribes_an_unknown_language,
    transcribes_with_odd_hotwords,
    transcribes_several_chunks_at_once,
    transcribes_recordings,
    identifies_languages,
    aligns_words,
)
