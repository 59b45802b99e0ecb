"""Builder of our Dockerfile without Docker. Each stage is a Debian root."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from support.debian_root import copy_root, inside, run
from support.dockerfile import Instruction, instructions

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "container" / "Dockerfile"


def sent_to_the_builder(target: Path) -> Path:
    """Copy the files that .dockerignore does not exclude."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            source, copy = ROOT / line[1:], target / line[1:]
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, copy)
    return target


@dataclass(kw_only=True)
class Image:
    """A stage: its root, and what the Dockerfile says of a container that is made of it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    volumes: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    stop_signal: str = ""


def build(place: Path, base: Callable[[str], Path]) -> Image:
    """Build the last stage. ``base`` returns the root for the name of an image."""
    context = sent_to_the_builder(place / "context")
    stages: dict[str, Image] = {}
    image: Image | None = None
    for instruction in instructions(DOCKERFILE.read_text("utf-8")):
        if instruction.name == "FROM":
            name, *alias = instruction.words
            image = Image(root=place / f"stage-{len(stages)}")
            copy_root(base(name), image.root)
            stages[alias[-1] if alias else str(len(stages))] = image
        else:
            assert image is not None, "a Dockerfile begins with FROM"
            source = (
                stages[instruction.flags["from"]].root if "from" in instruction.flags else context
            )
            _do(instruction, image, source)
    assert image is not None
    return image


def _do(instruction: Instruction, image: Image, source: Path) -> None:
    """Execute one instruction after FROM. Fail if it is not supported."""
    match instruction.name:
        case "RUN":
            container = inside(image.root, environment=image.environment, folder=image.folder)
            run([*container, "/bin/sh", "-c", instruction.text])
        case "COPY":
            _copy(instruction, image, source)
        case "ENV":
            image.environment |= dict(word.split("=", 1) for word in instruction.words)
        case "WORKDIR":
            image.folder = instruction.text
            _in(image.root, instruction.text).mkdir(parents=True, exist_ok=True)
        case "VOLUME":
            image.volumes = instruction.words
            for folder in instruction.words:
                _in(image.root, folder).mkdir(parents=True, exist_ok=True)
        case "ENTRYPOINT":
            image.entrypoint = instruction.words
        case "CMD":
            image.command = instruction.words
        case "HEALTHCHECK":
            image.health = Instruction("CMD", instruction.text.removeprefix("CMD").strip()).words
        case "STOPSIGNAL":
            image.stop_signal = instruction.text
        case unknown:
            raise AssertionError(f"the builder of the tests does not know {unknown}")


def _copy(instruction: Instruction, image: Image, source: Path) -> None:
    """Copy the contents of folders, and files into a target folder or to a target file."""
    *names, to = instruction.words
    target = _in(image.root, PurePosixPath(image.folder, to))
    for name in names:
        found = _in(source, name)
        if found.is_dir():
            shutil.copytree(found, target, dirs_exist_ok=True)
            continue
        copy = target / found.name if to.endswith("/") or target.is_dir() else target
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found, copy)
        if mode := instruction.flags.get("chmod"):
            copy.chmod(int(mode, 8))


def _in(root: Path, path: str | PurePosixPath) -> Path:
    """Return the path on this machine of a path in a container."""
    return root / str(path).lstrip("/")
