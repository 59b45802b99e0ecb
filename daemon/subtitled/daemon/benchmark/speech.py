"""The speech of the benchmark: recorded prompts, a synthetic voice, or a file of the user's.

No recording is part of the project. The prompts are those of a Debian package, which the demo and
the tests use too. Their licence, CC BY-SA 3.0, allows it.
"""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import which

from subtitled.media.clips import CutSource, write_samples
from subtitled.media.probe import probe_media
from subtitled.plugin import (
    SAMPLE_RATE,
    Audio,
    InputRejectedError,
    Language,
    SetupError,
    TimeSpan,
    TransientError,
)
from subtitled.plugin.paths import display_path

MINUTE = 60.0
PROMPTS_FOLDER = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
"""Where the Debian package asterisk-core-sounds-en-wav puts its recordings."""
_PROMPTS = {
    "demo-congrats": "Congratulations. You have successfully installed and executed the Asterisk "
    "open source PBX. You have also installed a set of sample sounds and configuration files that "
    "should help you get started. Like a normal PBX, you will navigate this demonstration by "
    "dialing digits. If you are using a console channel driver instead of a real phone, you can "
    "use the dial, answer, and hangup commands to simulate the actions of a standard telephone.",
    "ss-noservice": "The number you have dialed is not in service. Please check the number and "
    "try again.",
    "tt-allbusy": "All representatives of the household are currently assisting other "
    "telemarketers. Please hold and your call will be answered in the order it was received.",
    "demo-thanks": "Goodbye. Thank you for trying out the Asterisk open source PBX.",
    "demo-nogo": "I'm afraid I was unable to create a connection to the Digium demonstration "
    "Asterisk server. You may find some helpful debugging information on the Asterisk console.",
}
"""Recordings that are a minute together, and what is said in them."""
_SPOKEN = (
    "The last train of the evening was late, and nobody on the platform knew why. A woman in a "
    "long grey coat read the same page of her book three times. Two boys were counting the lights "
    "of the harbour, and every time they came to another number. At ten minutes past eleven a man "
    "in uniform came out of the office and said that a tree had fallen across the line. It would "
    "take an hour, perhaps two. The woman closed her book and laughed. She had missed the wedding, "
    "the dinner and the speeches, and now she would miss the last boat as well. So she sat down "
    "beside the boys and asked them what the lights were for. The red ones, said the older boy, "
    "tell the ships where the rocks are. The green ones tell them where to go. And the white one "
    "at the end is our kitchen. Our mother leaves it on until we are home."
)
"""What a synthetic voice says: about a minute."""
_VOICE_SECONDS = 60.0
"""Longest wait for the synthetic voice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSample:
    """Speech for engines, and what is known of it."""

    audio: Audio
    language: Language
    text: str | None
    """What is said; None if nobody knows."""
    description: str
    """What it is, for people."""
    source: Path
    """The file or folder that it is of, for the egress log."""


def prepare_sample(
    folder: Path, *, own: Path | None = None, language: Language | None = None, text: str | None
) -> SpeechSample:
    """Prepare a minute of speech.

    Args:
        folder: Where it is written.
        own: A media file of the user's, which is used instead of the speech that is at hand.
        language: What is spoken in that file; English if it is not said.
        text: What is said in the first minute of that file, if that is known.

    Raises:
        SubtitledError: There is no speech, or the file cannot be read.
    """
    if own is not None:
        return _cut_file(own, folder, language or Language("en"), text)
    prompts = [PROMPTS_FOLDER / f"{name}.wav" for name in _PROMPTS]
    if all(prompt.is_file() for prompt in prompts):
        return SpeechSample(
            audio=join_waves(prompts, folder / "prompts.pcm"),
            language=Language("en"),
            text=" ".join(_PROMPTS.values()),
            description="recorded prompts of Debian's asterisk-core-sounds-en-wav",
            source=PROMPTS_FOLDER,
        )
    if voice := which("espeak-ng"):
        return SpeechSample(
            audio=_synthesise(voice, folder),
            language=Language("en"),
            text=_SPOKEN,
            description="the synthetic voice of espeak-ng, which says little about errors",
            source=Path(voice),
        )
    raise SetupError(
        "there is no speech for the benchmark on this machine",
        "Name a film of yours: subtitled benchmark --file FILM --language en; or install speech: "
        "apt install asterisk-core-sounds-en-wav",
    )


def repeat_sample(sample: SpeechSample, seconds: float, folder: Path) -> SpeechSample:
    """Return a sample that is repeated until it has some length, for a machine of many cores.

    Args:
        sample: The sample.
        seconds: How long it should be at least.
        folder: Where it is written.
    """
    times = -(-seconds // sample.audio.duration)
    if times <= 1:
        return sample
    target = folder / "repeated.pcm"
    with target.open("wb") as file:
        for _ in range(int(times)):
            file.write(sample.audio.path.read_bytes())
    text = None if sample.text is None else " ".join([sample.text] * int(times))
    return replace(sample, audio=Audio(target), text=text)


def join_waves(files: Iterable[Path], target: Path, pause: float = 0.8) -> Audio:
    """Join recordings of one channel and 16 bits, with pauses, as engines take them.

    Args:
        files: The recordings.
        target: The file to write.
        pause: Seconds of silence after each.

    Raises:
        InputRejectedError: One is of another kind.
    """
    import numpy as np

    with target.open("wb") as joined:
        for path in files:
            try:
                with wave.open(str(path)) as file:
                    channels, width, rate = file.getparams()[:3]
                    samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            except (OSError, EOFError, wave.Error, ValueError) as error:
                raise InputRejectedError(f"{display_path(path)} cannot be read: {error}") from None
            if (channels, width) != (1, 2) or not len(samples):
                raise InputRejectedError(f"{display_path(path)} is no recording of one channel")
            length = round(len(samples) * SAMPLE_RATE / rate)
            at = np.arange(length) * (rate / SAMPLE_RATE)
            resampled = np.interp(at, np.arange(len(samples)), samples).astype("<i2")
            joined.write(resampled.tobytes())
            joined.write(bytes(2 * round(pause * SAMPLE_RATE)))
    return Audio(target)


def _synthesise(voice: str, folder: Path) -> Audio:
    """Let the synthetic voice say the text."""
    spoken = folder / "voice.wav"
    command: Sequence[str] = [voice, "-v", "en", "-s", "150", "-w", str(spoken), _SPOKEN]
    try:
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_VOICE_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise TransientError(
            f"espeak-ng could not speak: {error}",
            "Name a film of yours: subtitled benchmark --file FILM --language en",
        ) from None
    return join_waves([spoken], folder / "voice.pcm")


def _cut_file(media: Path, folder: Path, language: Language, text: str | None) -> SpeechSample:
    """Cut a minute out of a media file: the first if its text is known, else one in the middle."""
    info = probe_media(media)
    if not info.audio_tracks:
        raise InputRejectedError(f"{display_path(media)} has no sound", "Name a file with speech")
    begin = 0.0 if text is not None else max(0.0, info.duration / 2 - MINUTE / 2)
    source = CutSource(path=media, tracks=info.audio_tracks[:1], start_time=info.start_time)
    target = folder / "own.pcm"
    end = min(info.duration or MINUTE, begin + MINUTE)  # The length may be unknown.
    write_samples(source, TimeSpan(begin, end), target)
    audio = Audio(target)
    if audio.duration < 1.0:
        raise InputRejectedError(
            f"{display_path(media)} has less than a second of sound", "Name a file with speech"
        )
    return SpeechSample(
        audio=audio,
        language=language,
        text=text,
        description=f"a minute of {display_path(media)}",
        source=media,
    )
