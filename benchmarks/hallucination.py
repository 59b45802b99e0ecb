"""Hallucinated characters in audio without speech, a minute of each kind. Takes about 2 minutes.

First the whole pipeline, `subtitled generate`, as a user runs it: the goal is 0. Then the engine
alone on each file as if all of it were speech. This shows what the stages after the VAD would
remove if the VAD failed: by the engine's scores, by the text, and by both with the real result of
the VAD.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from material import model, own_folder
from subtitled.media.vad import detect_speech
from subtitled.plugin import (
    Audio,
    Chunk,
    ComponentContext,
    Language,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
)
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.hallucination import FilterContext, filter_hallucinations, load_phrases
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings

SECONDS = 60.0
_DYING = "exp(-2*mod(t,2))"
_CHORD = "+".join(
    f"{loud}*sin(2*PI*{pitch}*if(lt(mod(t,4),2),1,1.122)*t)"
    for pitch, loud in ((220, 1), (277.18, 1), (329.63, 1), (440, 0.5), (554.37, 0.3), (880, 0.2))
)
SOUNDS = {
    "silence": "anullsrc",
    "pink noise": "anoisesrc=c=pink:a=0.3:seed=1",
    "440 Hz tone": "sine=f=440",
    "chords": f"aevalsrc='0.2*({_CHORD})*{_DYING}'".replace(",", "\\,"),
    "drums": "aevalsrc='(random(0)*2-1)*0.5*exp(-18*mod(t\\,0.5))+"
    "0.5*sin(2*PI*60*t)*exp(-9*mod(t\\,1))'",
}


def made(name: str, folder: Path) -> Path:
    target = folder / f"{name}.flac"
    _ffmpeg("-f", "lavfi", "-i", SOUNDS[name], "-t", str(SECONDS), "-ar", "44100", str(target))
    return target


def written(medium: Path, folder: Path) -> int:
    """Return the characters in the sidecars of the whole pipeline, from an empty state."""
    config = folder / "config.toml"
    config.write_text("", "utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "STATE_DIRECTORY"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "subtitled", "--config", str(config)),
            *("generate", str(medium), "--languages", "original,en"),
        ],
        env=environment | {"XDG_STATE_HOME": str(folder / "state")},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        sys.exit(f"{medium.name}: status {done.returncode}:\n{done.stderr}")
    sidecars = medium.parent.glob(f"{medium.stem}.*.srt")
    return sum(len(cue.text) for path in sidecars for cue in read_cues(path.read_bytes(), "srt"))


def engine_alone(engine: WhisperEngine, audio: Audio) -> dict[str, int]:
    """Return the characters of the engine if all is speech, and those that each stage keeps."""
    whole, english = TimeSpan(0.0, audio.duration), Language("en")
    raw = engine.transcribe(
        audio, TranscriptionRequest(chunk=Chunk(whole, (whole,)), language=english)
    )
    bare = Transcript(language=raw.language, words=raw.words)
    phrases, heard = load_phrases(), detect_speech(audio)

    def left(transcript: Transcript, speech: tuple[TimeSpan, ...]) -> int:
        context = FilterContext(language=english, duration=audio.duration, phrases=phrases)
        words, _ = filter_hallucinations(transcript, context, speech, heard.low_energy)
        return sum(len(word.text) for word in words)

    return {
        "raw": sum(len(word.text) for word in raw.words),
        "text": left(bare, (whole,)),
        "evidence": left(raw, (whole,)),
        "all": left(raw, heard.spans),
    }


def main() -> None:
    engine = WhisperEngine(WhisperSettings(), ComponentContext("whisper", 2, {"base": model()}))
    engine.load()
    results: dict[str, dict[str, int]] = {}
    print(f"characters in {SECONDS:.0f} s   pipeline | detector bypassed:")
    print(f"{'':14} {'':>9} | {'engine':>7} {'text':>7} {'+engine':>8} {'+detector':>10}")
    with own_folder() as folder:
        for name in SOUNDS:
            medium = made(name, folder)
            raw = folder / "sound.s16"
            _ffmpeg("-i", str(medium), "-ac", "1", "-ar", "16000", "-f", "s16le", str(raw))
            row = {"pipeline": written(medium, folder)} | engine_alone(engine, Audio(raw))
            print(
                f"{name:14} {row['pipeline']:9} | {row['raw']:7} {row['text']:7} "
                f"{row['evidence']:8} {row['all']:10}",
                flush=True,
            )
            results[name] = row
    print(json.dumps(results))
    if any(row["pipeline"] for row in results.values()):
        sys.exit("characters were written where nobody speaks")


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL
    )


if __name__ == "__main__":
    main()
