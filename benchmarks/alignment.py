"""Errors and cost of forced alignment and estimated times. Takes about 2 minutes.

*Against Whisper*: its own text of recordings is aligned, and the starts of words are compared with
Whisper's. *Against the clock*: prompts are joined with known pauses, their whole text is aligned,
and the starts of prompts are compared with the true ones. *Estimated* is what the core does without
an aligner. The last lines align wrong text, to see the scores of an alignment that must be
rejected.

The prompts' texts are those of Debian's asterisk-core-sounds-*-wav, in /usr/share/doc or, where
that was left out of the system, in $SUBTITLED_PROMPT_TEXTS.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import statistics
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from material import SPEECH, model, own_folder
from subtitled.media.decode import decode_track
from subtitled.media.probe import probe_media
from subtitled.media.vad import detect_speech
from subtitled.plugin import (
    SAMPLE_RATE,
    Audio,
    Chunk,
    ComponentContext,
    Language,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)
from subtitled.subtitles.hallucination.passages import normalise_text
from subtitled.subtitles.segmentation.word_timing import estimate_times
from subtitled.transcription.forced_alignment import align_transcript, rejection_reason
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings

RECORDINGS = {"sonnet.en.mp3": "en", "jfk.flac": "en", "prologue.es.mp3": "es"}
PROMPTS = {"es": "es_MX_f_Allison", "fr": "fr_CA_f_June", "it": "it_IT_m_Carlo"}
SOUNDS = Path("/usr/share/asterisk/sounds")
TEXTS = Path(os.environ.get("SUBTITLED_PROMPT_TEXTS", "/usr/share/doc"))
LONG = 120.0
"""Seconds of prompts that are aligned at once."""
PAUSES = (0.3, 0.7, 1.2, 2.5)


def whole(audio: Audio) -> Chunk:
    speech = detect_speech(audio)
    return Chunk(TimeSpan(0.0, audio.duration), speech.spans, speech.low_energy)


def shown(name: str, errors: Sequence[float]) -> dict[str, float]:
    """Print and return the median and the ninetieth percentile, in milliseconds."""
    middle = statistics.median(errors) * 1000
    high = float(np.percentile(errors, 90)) * 1000
    print(f"  {name:34} median {middle:5.0f} ms   p90 {high:5.0f} ms   n {len(errors)}", flush=True)
    return {"median_ms": round(middle), "p90_ms": round(high), "n": len(errors)}


def letters(words: Sequence[Word]) -> list[tuple[int, float]]:
    """Return for each word the number of letters before it, and its start."""
    found, at = [], 0
    for word in words:
        found.append((at, word.start))
        at += len(normalise_text(word.text))
    return found


def apart(ours: Sequence[Word], theirs: Sequence[Word]) -> list[float]:
    """Return the seconds between the starts of words of the same text, matched by letters."""
    known = dict(reversed(letters(theirs)))
    return [abs(start - known[at]) for at, start in letters(ours) if at in known]


def written(language: str) -> dict[str, str]:
    """Return the texts of the longer prompts of a language by name; empty without the package."""
    listing = TEXTS / f"asterisk-core-sounds-{language}" / f"core-sounds-{language}.txt.gz"
    if not listing.exists():
        return {}
    content = gzip.decompress(listing.read_bytes()).decode("utf-8")
    return dict(re.findall(r"^([\w-]+): ([^\[\n]{25,})$", content, re.M))


def prompts(language: str, folder: str, target: Path) -> tuple[list[str], list[float]]:
    """Join prompts to one file with known pauses; return their texts and starts in seconds."""
    texts = written(language)
    sound, said, begins = [np.zeros(SAMPLE_RATE // 2, "<i2")], [], []
    now = len(sound[0])
    for name, text in texts.items():
        path = SOUNDS / folder / f"{name}.wav"
        if not path.exists() or now > LONG * SAMPLE_RATE:
            continue
        with wave.open(str(path)) as file:
            part = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        part = np.repeat(part, SAMPLE_RATE // 8000) if len(part) else part
        loud = np.abs(part) > 0.03 * np.abs(part).max()
        part = part[int(loud.argmax()) : len(part) - int(loud[::-1].argmax())]
        said.append(text.strip())
        begins.append(now / SAMPLE_RATE)
        pause = np.zeros(round(PAUSES[len(said) % len(PAUSES)] * SAMPLE_RATE), "<i2")
        sound += [part, pause]
        now += len(part) + len(pause)
    target.write_bytes(np.concatenate(sound).tobytes())
    return said, begins


def starts(words: Sequence[Word], texts: Sequence[str]) -> list[float]:
    """Return the start of the first word of each text, among the words of all texts."""
    known, found, at = letters(words), [], 0
    for text in texts:
        found.append(next(start for before, start in known if before >= at))
        at += len(normalise_text(text))
    return found


def wrong(engine: WhisperEngine, audio: Audio, stretch: Chunk, code: str) -> None:
    """Align sentences that are not said in the audio, about as many as fit."""
    text = ""
    for sentence in reversed(written(code).values()):
        if len(text) < 15 * audio.duration:
            text += f" {sentence.strip()}"
    if text:
        words = engine.align(audio, stretch, text, Language(code))
        sure = statistics.median(word.confidence or 0.0 for word in words)
        verdict = rejection_reason(words, text, stretch.span) or "BELIEVED"
        print(f"  {'other text':34} confidence {sure:.2f}: {verdict}", flush=True)


def main() -> None:
    engine = WhisperEngine(
        WhisperSettings(), ComponentContext("whisper", threads=1, models={"base": model()})
    )
    engine.load()
    results: dict[str, object] = {}
    every: list[float] = []
    decoding = aligning = 0.0
    with own_folder() as folder:
        for name, code in RECORDINGS.items():
            print(name)
            audio = decode_track(
                SPEECH / name, probe_media(SPEECH / name).audio_tracks[0], folder / f"{name}.s16"
            )
            stretch, language = whole(audio), Language(code)
            begin = time.process_time()
            own = engine.transcribe(audio, TranscriptionRequest(chunk=stretch, language=language))
            decoding += time.process_time() - begin
            text = Word(text=own.text, start=stretch.span.start, end=stretch.span.end)
            begin = time.process_time()
            found = align_transcript(
                Transcript(language=language, words=(text,)),
                stretch,
                audio,
                engine.align,
                "whisper",
            )
            aligning += time.process_time() - begin
            sure = statistics.median(word.confidence or 0.0 for word in found.words)
            print(f"  {found}, confidence {sure:.2f}")
            errors = apart(found.words, own.words)
            every += errors
            results[name] = shown("aligned", errors)
            shown("estimated", apart(estimate_times((text,), stretch.speech, language), own.words))
            kept = [w for w in own.words if random.Random(w.text + name).random() > 0.1]
            holes = Word(text="".join(w.text for w in kept), start=text.start, end=text.end)
            found = align_transcript(
                Transcript(language=language, words=(holes,)),
                stretch,
                audio,
                engine.align,
                "whisper",
            )
            shown("aligned, a tenth of it missing", apart(found.words, kept))
            wrong(engine, audio, stretch, code)
        for code, sounds in PROMPTS.items():
            if not written(code):
                print(f"prompts {code}: no texts in {TEXTS}")
                continue
            audio = Audio(folder / f"{code}.s16")
            texts, begins = prompts(code, sounds, audio.path)
            stretch, language = whole(audio), Language(code)
            print(f"prompts {code}, {audio.duration:.0f} s in one go")
            text = Word(text=" ".join(texts), start=0.0, end=audio.duration)
            found = align_transcript(
                Transcript(language=language, words=(text,)),
                stretch,
                audio,
                engine.align,
                "whisper",
            )
            print(f"  {found}")
            off = [abs(a - b) for a, b in zip(starts(found.words, texts), begins, strict=True)]
            results[f"prompts {code}"] = shown("aligned", off)
            rough = estimate_times((text,), stretch.speech, language)
            shown(
                "estimated",
                [abs(a - b) for a, b in zip(starts(rough, texts), begins, strict=True)],
            )
            wrong(engine, audio, stretch, code)
    print("all recordings")
    results["recordings"] = shown("aligned, against Whisper's own", every)
    results["share"] = round(aligning / decoding, 2)
    print(f"  aligning takes {aligning / decoding:.0%} of the processor time of recognising")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
