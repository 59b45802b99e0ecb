"""The words that ``quality.py`` segments, and what is known of their times."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from material import model
from subtitled.config.paths import resolve_models_dir
from subtitled.config.settings import AppSettings
from subtitled.plugin import Cue, Language, Word
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.segmentation.syntax import is_sentence_end

CAPTIONS = "video.js@7.21.7"
PROMPTS = {
    "es": ("es_MX_f_Allison", "asterisk-core-sounds-es-wav"),
    "fr": ("fr_CA_f_June", "asterisk-core-sounds-fr-wav"),
    "it": ("it_IT_m_Carlo", "asterisk-core-sounds-it-wav"),
    "ru": ("ru_RU_f_IvrvoiceRU", "asterisk-core-sounds-ru-wav"),
}
SOUNDS = Path("/usr/share/asterisk/sounds")
RATE = 16_000
PAUSES = (0.3, 0.7, 1.2, 2.5)
"""Seconds of the pauses between prompts, in turn."""
JAPANESE = (
    "今日はとても天気がいいので、みんなで一緒に公園へ行きましょう。",
    "昨日の夜、友達から電話がかかってきて、来週の旅行について長い時間話しました。",
    "この町には古い図書館があり、子供のころから毎週のように通っていました。",
    "電車が遅れているため、会議には間に合わないかもしれません。",
    "すみませんが、もう一度ゆっくり説明していただけますか。",
    "彼女は大学で歴史を勉強しながら、小さな喫茶店で働いています。",
    "台風が近づいているので、今夜は外に出ないほうがいいでしょう。",
    "その映画は面白かったけれど、最後の場面だけはよく分かりませんでした。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Words to segment, and their reference."""

    name: str
    language: Language
    segments: list[dict[str, Any]]
    """Segments as Whisper writes them."""
    duration: float
    reference: tuple[Cue, ...] | None = None
    human: bool = False
    """Whether the reference is human subtitles, and not only the times of the audio."""

    @property
    def words(self) -> list[Word]:
        return [
            Word(
                text=word["word"],
                start=word["start"],
                end=word["end"],
                confidence=word["probability"],
            )
            for one in self.segments
            for word in one["words"]
        ]


def ran(*command: str | Path, said: str | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command], input=said, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))[:200]}\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
    return done.stdout


def heard(path: Path, language: str, start: float = 0.0) -> dict[str, Any]:
    """Transcribe with Whisper base from a time on; return the segments and the duration."""
    from faster_whisper import WhisperModel, decode_audio

    sound = decode_audio(str(path), sampling_rate=RATE)[round(start * RATE) :]
    whisper = WhisperModel(str(model()), device="cpu", compute_type="int8")
    found, _ = whisper.transcribe(
        sound,
        language=language,
        word_timestamps=True,
        vad_filter=True,
        condition_on_previous_text=False,
    )
    segments = [
        {
            "id": number,
            "start": one.start,
            "end": one.end,
            "text": one.text,
            "words": [
                {"word": w.word, "start": w.start, "end": w.end, "probability": w.probability}
                for w in one.words
            ],
        }
        for number, one in enumerate(found)
        if one.words
    ]
    return {"segments": segments, "duration": len(sound) / RATE}


def joined(parts: Sequence[np.ndarray], target: Path) -> list[tuple[float, float]]:
    """Join audio files with known pauses; return start and end of each in seconds."""
    whole, where, now = [np.zeros(RATE // 2, np.float32)], [], RATE // 2
    for number, part in enumerate(parts):
        loud = np.abs(part) > 0.02 * np.abs(part).max()
        first, last = int(loud.argmax()), len(part) - int(loud[::-1].argmax())
        part = part[first:last]
        pause = round(PAUSES[number % len(PAUSES)] * RATE)
        where.append((now / RATE, (now + len(part)) / RATE))
        whole += [part, np.zeros(pause, np.float32)]
        now += len(part) + pause
    sound = np.concatenate(whole)
    raw = (sound / np.abs(sound).max() * 30000).astype("<i2").tobytes()
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y", "-f", "s16le", "-ar", str(RATE), "-ac", "1"),
            *("-i", "-", str(target)),
        ],
        input=raw,
        check=True,
    )
    return where


def as_heard(
    segments: Sequence[dict[str, Any]], where: Sequence[tuple[float, float]], language: Language
) -> tuple[Cue, ...]:
    """Return a cue for each prompt, with its times and the words transcribed in them."""
    cues = []
    edges = [0.0, *((a[1] + b[0]) / 2 for a, b in pairwise(where)), 1e9]
    for (start, end), (low, high) in zip(where, pairwise(edges), strict=True):
        said = "".join(
            word["word"]
            for one in segments
            for word in one["words"]
            if low <= (word["start"] + word["end"]) / 2 < high
        ).strip()
        if said:
            cues.append(Cue(start, end, said))
    return tuple(cues)


def prompts(tag: str, folder: Path) -> Material | None:
    """Return 90 seconds of voice prompts: every third one of two to seven seconds."""
    from faster_whisper import decode_audio

    name, package = PROMPTS[tag]
    if not (SOUNDS / name).is_dir():
        print(f"without {tag}: apt-get install {package}", file=sys.stderr)
        return None
    parts: list[np.ndarray] = []
    for path in sorted((SOUNDS / name).glob("*.wav"))[::3]:
        sound = decode_audio(str(path), sampling_rate=RATE)
        if 2.0 <= len(sound) / RATE <= 7.0 and sum(map(len, parts)) < 90 * RATE:
            parts.append(sound)
    return known(f"{tag} prompts", Language(tag), parts, folder)


def known(name: str, language: Language, parts: list[np.ndarray], folder: Path) -> Material:
    target = folder / f"{name.replace(' ', '-')}.wav"
    where = joined(parts, target)
    transcript = heard(target, str(language))
    reference = as_heard(transcript["segments"], where, language)
    return Material(name=name, language=language, reference=reference, **transcript)


def japanese(python: Path, folder: Path) -> Material:
    from faster_whisper import decode_audio

    code = (
        "import json, sys, wave, numpy, pyopenjtalk\n"
        "for number, text in enumerate(json.load(sys.stdin)):\n"
        "    sound, rate = pyopenjtalk.tts(text)\n"
        "    with wave.open(f'{sys.argv[1]}/ja{number}.wav', 'wb') as file:\n"
        "        file.setparams((1, 2, rate, 0, 'NONE', ''))\n"
        "        file.writeframes(numpy.clip(sound, -32768, 32767).astype('<i2').tobytes())\n"
    )
    ran(python, "-c", code, folder, said=json.dumps(JAPANESE))
    parts = [
        decode_audio(str(folder / f"ja{number}.wav"), sampling_rate=RATE)
        for number in range(len(JAPANESE))
    ]
    return known("ja synthetic", Language("ja"), parts, folder)


def captions() -> dict[str, tuple[Cue, ...]]:
    """Return the human captions by language; none without npm."""
    folder = resolve_models_dir(AppSettings()).parent / "quality"
    archive = folder / f"{CAPTIONS.replace('@', '-')}.tgz"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            ran("npm", "pack", CAPTIONS, "--silent", "--pack-destination", folder)
        except FileNotFoundError:
            print("without human captions: apt-get install npm", file=sys.stderr)
            return {}
    inside = "package/dist/examples/elephantsdream/captions.{}.vtt"
    return {
        tag: read_cues(ran("tar", "-xzOf", archive, inside.format(tag)).encode(), "vtt")
        for tag in ("ja", "ru", "sv", "en")
    }


def simulated(tag: str, cues: Sequence[Cue]) -> Material:
    """Simulate words at an even pace in each cue: 15 characters a second, 8 in Japanese."""
    chance = random.Random(20)
    language = Language(tag)
    rate = 8.0 if tag == "ja" else 15.0
    words: list[dict[str, Any]] = []
    reference, latest = [], 0.0
    for cue in cues:
        text = cue.text.strip()
        texts = list("".join(text.split())) if tag == "ja" else [f" {w}" for w in text.split()]
        if not texts:
            continue
        reference.append(Cue(cue.start, cue.end, text))
        length = min(len("".join(texts)) / rate, cue.duration - 0.05)
        now = cue.start
        for word in texts:
            begin = max(now + chance.gauss(0, 0.03), latest)
            now += length * len(word) / len("".join(texts))
            latest = max(now, begin + 0.02)
            words.append({"word": word, "start": begin, "end": latest, "probability": 0.9})
    name = f"{tag} captions" + (" (tuning)" if tag == "en" else "")
    end = max(cue.end for cue in cues) + 1
    return Material(
        name=name,
        language=language,
        segments=_in_segments(words),
        duration=end,
        reference=tuple(reference),
        human=True,
    )


def _in_segments(words: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Group words into segments like Whisper's: sentences, also split at a second of silence."""
    segments: list[dict[str, Any]] = []
    for word in words:
        last = segments[-1]["words"] if segments else None
        if last and not is_sentence_end(last[-1]["word"]) and word["start"] - last[-1]["end"] < 1:
            last.append(word)
        else:
            segments.append({"id": len(segments), "words": [word]})
    for one in segments:
        one["start"], one["end"] = one["words"][0]["start"], one["words"][-1]["end"]
        one["text"] = "".join(word["word"] for word in one["words"])
    return segments
