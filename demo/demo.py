"""Demonstration of the daemon: one film in, subtitles in two languages out.

It makes a film with French speech, moves it into a library as a download client does, shows what
the daemon does and prints the subtitles. It needs no key and no account, and leaves only the model
on the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROMPTS = Path("/usr/share/asterisk/sounds/fr_CA_f_June")
LIMIT = 900.0
"""Seconds after which the demonstration fails."""
SPOKEN = (
    "Bonjour et bienvenue. Ce film n'a pas encore de sous-titres. "
    "Le démon écoute la voix, écrit ce qu'elle dit, et le traduit en anglais."
)

CONFIG = """
[daemon]
state_dir = "{home}/state"

[libraries.films]
path = "{home}/films"
languages = ["original", "en"]
stability_delay = "2s"
"""


def main() -> int:
    print("subtitled: one film in, two languages out\n")
    home = Path(tempfile.mkdtemp(prefix="subtitled-demo-"))
    try:
        return _demo(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _demo(home: Path) -> int:
    library = home / "films"
    library.mkdir()
    config = home / "config.toml"
    config.write_text(CONFIG.format(home=home), "utf-8")
    _subtitled(config, "models", "pull", "base")
    print("making a film with French speech, and a second track marked as commentary ...")
    film = _film(home)
    log = (home / "daemon.log").open("wb")
    daemon = subprocess.Popen(
        [sys.executable, "-m", "subtitled", "--config", str(config), "run"],
        stderr=log,
        stdin=subprocess.DEVNULL,
    )
    try:
        time.sleep(3)
        print("a download arrives: Film (2026).mkv.part, renamed when complete\n")
        arriving = library / "Film (2026).mkv.part"
        shutil.copyfile(film, arriving)
        arriving.rename(library / "Film (2026).mkv")
        well = _watch(config, library)
    finally:
        daemon.send_signal(signal.SIGTERM)
        status = daemon.wait(15)
        log.close()
    if not well or status != 0:
        print((home / "daemon.log").read_text("utf-8", "replace"), file=sys.stderr)
        return 1
    for name in ("Film (2026).fr.srt", "Film (2026).en.srt"):
        print(f"\n--- {name}")
        print((library / name).read_text("utf-8").rstrip())
    print("\nNext: .venv/bin/subtitled generate /path/to/your/video.mkv --languages original,en")
    return 0


def _watch(config: Path, library: Path) -> bool:
    """Show the progress until both sidecars exist and the file is done."""
    begin = time.monotonic()
    last = ""
    while time.monotonic() - begin < LIMIT:
        status = json.loads(_subtitled(config, "status", "--json", quiet=True))
        progress = status["active_jobs"][0]["progress"] if status["active_jobs"] else ""
        line = progress or ", ".join(status["files"]) or "waiting for the file"
        if line != last:
            print(f"  {time.monotonic() - begin:5.1f} s  {line}", flush=True)
            last = line
        if status["files"].get("done"):
            return len(list(library.glob("*.srt"))) == 2
        if status["files"].get("failed") or status["files"].get("retrying"):
            return False
        time.sleep(0.5)
    print("it took too long", file=sys.stderr)
    return False


def _subtitled(config: Path, *arguments: str, quiet: bool = False) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "subtitled", "--config", str(config), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    if not quiet:
        print(ran.stdout, end="", flush=True)
    return ran.stdout


def _film(home: Path) -> Path:
    sound, other = home / "speech.wav", home / "commentary.wav"
    prompts = sorted(PROMPTS.glob("*.wav"), key=lambda path: -path.stat().st_size)
    if len(prompts) >= 20:
        _concatenate(prompts[:3], sound)
        _concatenate(prompts[3:5], other)
    else:
        for target, text in ((sound, SPOKEN), (other, "Ceci est un commentaire.")):
            _run("espeak-ng", "-v", "fr", "-s", "140", "-w", str(target), text)
    film = home / "film.mkv"
    _run(
        *"ffmpeg -v error -y -f lavfi -i testsrc2=s=320x180:r=5".split(),
        "-i",
        str(sound),
        "-i",
        str(other),
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-map",
        "2:a",
        "-t",
        str(_seconds(sound)),
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-c:a",
        "aac",
        *"-metadata:s:a:0 language=fra -metadata:s:a:1 language=fra".split(),
        "-metadata:s:a:1",
        "title=Commentary",
        "-disposition:a:1",
        "comment",
        str(film),
    )
    return film


def _concatenate(prompts: list[Path], target: Path) -> None:
    """Join the prompts, with half a second of silence between them."""
    inputs = [word for prompt in prompts for word in ("-i", str(prompt))]
    padded = "".join(f"[{n}:a]apad=pad_dur=0.5[p{n}];" for n in range(len(prompts)))
    joined = "".join(f"[p{n}]" for n in range(len(prompts))) + f"concat=n={len(prompts)}:v=0:a=1"
    _run("ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", padded + joined, str(target))


def _seconds(sound: Path) -> float:
    duration = _run(
        "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(sound)
    )
    return float(duration)


def _run(*command: str) -> str:
    return subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
