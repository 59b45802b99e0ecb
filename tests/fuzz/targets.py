"""What is fuzzed: a function for each reader of something from outside, and what it may raise."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subtitled.plugin import InputRejectedError, Language, SubtitledError, TimeSpan

from . import corpus

EN, ES = Language("en"), Language("es")


@dataclass(frozen=True)
class Target:
    """A reader and valid inputs of it."""

    name: str
    read: Callable[[bytes], object]
    samples: Sequence[bytes]
    allowed: tuple[type[BaseException], ...] = ()
    """Errors by which it may refuse an input."""


@functools.cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="subtitled-fuzz-"))


def _text(data: bytes) -> str:
    """Decode as JSON's and the file system's texts are: with surrogates where it is no UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def _read_subtitle(suffix: str, data: bytes) -> object:
    from subtitled.plugin import Subtitle
    from subtitled.subtitles.encodings import decode_text
    from subtitled.subtitles.formats import drop_unusable, read_cues, read_text, render_subtitle
    from subtitled.subtitles.judgement.content import judge_text

    if len(data) % 8 == 0:  # it is slow: it reads the language
        judge_text(data, suffix, EN)
    with contextlib.suppress(InputRejectedError):
        read_cues(data, suffix)
    cues = drop_unusable(read_text(decode_text(data), suffix)).cues
    for cue in cues:
        cue.text.encode()
        assert cue.start <= cue.end
    return render_subtitle(Subtitle(language=EN, cues=cues[:200]), "srt")


def _read_nfo(data: bytes) -> object:
    from subtitled.glossary.metadata import find_metadata

    media = _folder() / "Film.mkv"
    media.with_suffix(".nfo").write_bytes(data)
    found = find_metadata(media, _folder())
    return [issue.message.encode() for issue in found.issues]


def _read_glossary(ending: str, data: bytes) -> object:
    from subtitled.glossary.files import read_glossary
    from subtitled.glossary.terms import TermScope

    path = _folder() / f"{len(data)}.{ending}"
    path.write_bytes(data)
    os.utime(path, ns=(hash(data) & 0xFFFFFFFF, hash(data) & 0xFFFFFFFF))  # the cache goes by it
    return read_glossary(path, next(iter(TermScope)))


def _read_config(data: bytes) -> object:
    from subtitled.config.load import load_config

    path = _folder() / "config.toml"
    path.write_bytes(data)
    return load_config(path)


def _read_window(data: bytes) -> object:
    from subtitled.config.time_windows import parse_window

    return list(parse_window(_text(data)).edges())


def _read_duration(data: bytes) -> object:
    from subtitled.config.types import parse_duration

    return parse_duration(_text(data))


def _read_signature(data: bytes) -> object:
    from subtitled.subtitles.ownership import from_json, to_json

    signature = from_json(data)
    if signature is not None:
        assert from_json(to_json(signature)) == signature
        signature.variant.encode()
    return signature


def _read_wire(data: bytes) -> object:
    from subtitled.engines import protocol

    answer = protocol.parse_answer(data)
    if answer.outcome == "error":
        str(protocol.error_from_json(answer.value)).encode()
    for adapter in (protocol.TRANSCRIPT, protocol.GUESSES, protocol.WORDS, protocol.SPEECH):
        with contextlib.suppress(InputRejectedError):
            protocol.validate_result(adapter, answer.value, "engine")
    return answer


@functools.cache
def _receiver() -> Any:
    from subtitled.config.settings import LibrarySettings
    from subtitled.config.web_settings import WebSettings
    from subtitled.web.receiver import WebhookReceiver

    return WebhookReceiver(WebSettings(), {"films": LibrarySettings(path=Path("/films"))})


def _read_webhook(data: bytes) -> object:
    from subtitled.plugin.limits import parse_json
    from subtitled.web.webhooks import PARSERS
    from subtitled.web.webhooks.payload import InvalidPayloadError

    payload = parse_json(data)
    for kind in PARSERS:
        with contextlib.suppress(InvalidPayloadError):
            for command in _receiver().handle(kind, payload).commands:
                os.fsencode(command.path or "")
    return payload


@functools.cache
def _servers() -> list[tuple[Any, Any]]:
    from subtitled.plugin import ComponentContext
    from subtitled_plugins.emby import Emby
    from subtitled_plugins.jellyfin import Jellyfin
    from subtitled_plugins.kodi import Kodi
    from subtitled_plugins.peertube import PeerTube
    from subtitled_plugins.plex import Plex

    os.environ["FUZZ_KEY"] = "a1b2c3"
    key = {"env": "FUZZ_KEY"}
    options: list[tuple[Any, dict[str, Any]]] = [
        (Jellyfin, {"api_key": key}), (Emby, {"api_key": key}), (Plex, {"token": key}), (Kodi, {}),
        (PeerTube, {"user": "ana", "password": key}),
    ]  # fmt: skip
    return [
        (cls(cls.Settings(url="http://nas", **more), ComponentContext("x")), cls)
        for cls, more in options
    ]


def _read_server_answer(data: bytes) -> object:
    import httpx

    from subtitled.plugin import Sidecar, SidecarChange, SubtitleKind

    film = Path("/films/Up.mkv")
    sidecar = Sidecar(film.with_suffix(".en.srt"), EN, SubtitleKind.FULL)
    change = SidecarChange(film, (sidecar,), ())
    for server, _ in _servers():
        transport = httpx.MockTransport(lambda request: httpx.Response(200, content=data))
        server._client = httpx.Client(transport=transport)
        with contextlib.suppress(SubtitledError):
            for path in server.now_playing():
                str(path).encode()
        with contextlib.suppress(SubtitledError):
            metadata = server.metadata(film)
            assert (
                metadata is None or "".join((metadata.title, *metadata.cast)).encode() is not None
            )
        with contextlib.suppress(SubtitledError):
            server.check_indexed(change)
    return None


def _read_completion(data: bytes) -> object:
    from subtitled.plugin import Batch, Line
    from subtitled.translation.checks import check_batch
    from subtitled_plugins.openai.llm_output import parse_lines

    text = _text(data)
    lines = tuple(Line(number, line) for number, line in parse_lines(text))
    batch = Batch(
        lines=(Line(1, "Hello there, my friend."), Line(2, "Good bye, and 1,000 thanks.")),
        source=EN, target=ES,
    )  # fmt: skip
    whole = (Line(1, " ".join(text.split())[:5000]), Line(2, "x"))
    return check_batch(batch, lines), check_batch(batch, whole)


def _read_transcription(data: bytes) -> object:
    from subtitled.plugin import TransientError
    from subtitled.plugin.limits import parse_json
    from subtitled_plugins.openai.response import is_transcription, parse_response
    from subtitled_plugins.qwen.parsing import parse_result

    payload = parse_json(data)
    if is_transcription(payload):
        for word in parse_response(payload, 3.0).words:
            assert 0 <= word.start <= word.end <= 3.0
    with contextlib.suppress(TransientError):
        for word in parse_result(payload, TimeSpan(0.0, 3.0), is_timing_uncertain=True).words:
            assert 0 <= word.start <= word.end <= 3.0
    return payload


def _read_probe(data: bytes) -> object:
    from unittest.mock import patch

    from subtitled.media import probe
    from subtitled.media.ffmpeg_process import Completed

    film = _folder() / "film"
    film.write_bytes(b"x")
    with patch.object(probe, "run_ffprobe", lambda *a, **k: Completed(0, data, "")):
        return probe.probe_media(film)


def _read_container(data: bytes) -> object:
    from subtitled.media.mxf_labels import read_mxf_labels
    from subtitled.media.truncation import missing_bytes
    from subtitled.media.wave_notes import read_wave_notes

    path = _folder() / "container"
    path.write_bytes(data)
    assert missing_bytes(path) >= 0
    read_wave_notes(path)
    read_mxf_labels(path)
    return None


def _read_name(data: bytes) -> object:
    from subtitled.subtitles.filenames import parse_sidecar_name

    return parse_sidecar_name("Film.mkv", os.fsdecode(data.replace(b"/", b"").replace(b"\0", b"")))


def _read_line(data: bytes) -> object:
    from subtitled.subtitles.formats import tidy_text
    from subtitled.subtitles.sdh import strip_sdh_text

    text = _text(data)
    tidy_text(text).encode()
    return strip_sdh_text(text)


def _read_tag(data: bytes) -> object:
    from subtitled.media.marks import find_marks, strip_technical_name

    return find_marks(_text(data)[:4096]), strip_technical_name(_text(data)[:4096])


def _config_error() -> type[BaseException]:
    from subtitled.config.load import ConfigurationError

    return ConfigurationError


def _all_targets() -> list[Target]:
    from subtitled.media.errors import NotMediaError

    return [
        *(
            Target(f"subtitle {suffix}", functools.partial(_read_subtitle, suffix), samples,
                   (InputRejectedError,))
            for suffix, samples in corpus.SUBTITLES.items()
        ),
        *(
            Target(f"glossary {ending}", functools.partial(_read_glossary, ending), samples,
                   (InputRejectedError,))
            for ending, samples in corpus.GLOSSARIES.items()
        ),
        Target("nfo", _read_nfo, corpus.NFO),
        Target("configuration", _read_config, corpus.CONFIG, (_config_error(),)),
        Target("time window", _read_window, corpus.WINDOWS, (ValueError,)),
        Target("duration", _read_duration, (b"30s", b"1h 30m", b"2d"), (ValueError,)),
        Target("signature", _read_signature, corpus.SIGNATURE),
        Target("wire", _read_wire, corpus.WIRE, (ValueError,)),
        Target("webhook", _read_webhook, corpus.WEBHOOKS, (ValueError,)),
        Target("server's answer", _read_server_answer, corpus.ANSWERS),
        Target("completion", _read_completion, corpus.COMPLETIONS),
        Target("transcription", _read_transcription, corpus.TRANSCRIPTIONS, (ValueError,)),
        Target("ffprobe", _read_probe, corpus.PROBES, (NotMediaError,)),
        Target("container", _read_container, corpus.CONTAINERS, (OSError,)),
        Target("file name", _read_name, corpus.NAMES),
        Target("line", _read_line, corpus.LINES),
        Target("tag", _read_tag, corpus.TAGS),
    ]  # fmt: skip


TARGETS = _all_targets()
