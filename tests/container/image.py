"""An image built of our Dockerfile without Docker: each stage a Debian root of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from debian import copy_root, inside, run
from dockerfile import Instruction, instructions

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "container" / "Dockerfile"


def sent_to_the_builder(target: Path) -> Path:
    """What .dockerignore lets through, and nothing else."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            source, copy = ROOT / line[1:], target / line[1:]
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, copy)
    return target


@dataclass
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
    """The last stage of the Dockerfile; ``base`` gives the root for the name of an image."""
    context = sent_to_the_builder(place / "context")
    stages: dict[str, Image] = {}
    image: Image | None = None
    for said in instructions(DOCKERFILE.read_text("utf-8")):
        if said.name == "FROM":
            name, *alias = said.words
            image = Image(place / f"stage-{len(stages)}")
            copy_root(base(name), image.root)
            stages[alias[-1] if alias else str(len(stages))] = image
        else:
            assert image is not None, "a Dockerfile begins with FROM"
            source = stages[said.flags["from"]].root if "from" in said.flags else context
            _do(said, image, source)
    assert image is not None
    return image


def _do(said: Instruction, image: Image, source: Path) -> None:
    """One instruction after FROM. Fails for one that this builder does not know."""
    match said.name:
        case "RUN":
            container = inside(image.root, environment=image.environment, folder=image.folder)
            run([*container, "/bin/sh", "-c", said.text])
        case "COPY":
            _copy(said, image, source)
        case "ENV":
            image.environment |= dict(word.split("=", 1) for word in said.words)
        case "WORKDIR":
            image.folder = said.text
            _in(image.root, said.text).mkdir(parents=True, exist_ok=True)
        case "VOLUME":
            image.volumes = said.words
            for folder in said.words:
                _in(image.root, folder).mkdir(parents=True, exist_ok=True)
        case "ENTRYPOINT":
            image.entrypoint = said.words
        case "CMD":
            image.command = said.words
        case "HEALTHCHECK":
            image.health = Instruction("CMD", said.text.removeprefix("CMD").strip()).words
        case "STOPSIGNAL":
            image.stop_signal = said.text
        case unknown:
            raise AssertionError(f"the builder of the tests does not know {unknown}")


def _copy(said: Instruction, image: Image, source: Path) -> None:
    """Folders give their contents, files go into a target that ends with a slash or is one."""
    *names, to = said.words
    target = _in(image.root, PurePosixPath(image.folder, to))
    for name in names:
        found = _in(source, name)
        if found.is_dir():
            shutil.copytree(found, target, dirs_exist_ok=True)
            continue
        copy = target / found.name if to.endswith("/") or target.is_dir() else target
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found, copy)
        if mode := said.flags.get("chmod"):
            copy.chmod(int(mode, 8))


def _in(root: Path, path: str | PurePosixPath) -> Path:
    """Where a path of a container lies on this machine."""
    return root / str(path).lstrip("/")
