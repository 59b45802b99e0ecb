"""What made a subtitle: the engine that recognised the speech, and the translator.

Each is known by its name in the configuration, its model and the version of its plugin. Of what
older versions wrote only the names are known, from the description in the signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from subtitled.plugin.limits import MAX_FIELD_CHARACTERS, clean_text

_RECOGNISED = re.compile(r"^(?:transcribed|translated from the audio) by ([^,;]+)")
_TRANSLATED = re.compile(r"(?:^|, )translated by ([^,;]+?)(?: from [^;]*)?(?=$|[,;])")


UNKNOWN_MODEL = "unknown"
"""Stands for the model of what an older version wrote."""


@dataclass(frozen=True, slots=True)
class Maker:
    """An engine or a translator. Without a name there was none."""

    name: str = ""
    """Its name in the configuration."""
    model: str = ""
    """Empty if it is unknown, or the component has none."""
    version: str = ""
    """The version of its plugin."""

    def __str__(self) -> str:
        model = UNKNOWN_MODEL if self.has_unknown_model else self.model
        model = f"/{model}" if model else ""
        return f"{self.name}{model}" + (f"@{self.version}" if self.version else "")

    @property
    def has_unknown_model(self) -> bool:
        """Whether an older version wrote the name alone. Without a model there is a version."""
        return bool(self.name) and not self.model and not self.version

    @property
    def without_version(self) -> str:
        """Its name with the model, as :class:`MadeBy` takes it."""
        return str(self).removesuffix(f"@{self.version}") if self.version else str(self)

    def is_same_model(self, other: Maker) -> bool:
        """Return whether both are one component with one model, in whatever version."""
        return (self.name, self.model) == (other.name, other.model)


NOBODY = Maker()


@dataclass(frozen=True, slots=True)
class Makers:
    """What made one subtitle."""

    engine: Maker = NOBODY
    """What recognised the speech, or translated it from the audio."""
    translator: Maker = NOBODY
    """What translated the text."""

    def __bool__(self) -> bool:
        return bool(self.engine.name or self.translator.name)

    def __str__(self) -> str:
        return " and ".join(str(maker) for maker in (self.engine, self.translator) if maker.name)

    def is_same_models(self, other: Makers) -> bool:
        """Return whether both are the same components with the same models."""
        return self.engine.is_same_model(other.engine) and self.translator.is_same_model(
            other.translator
        )

    def to_json(self) -> dict[str, str]:
        """Return what is known, as a signature has it."""
        values = {
            "engine": self.engine.name,
            "model": self.engine.model,
            "engine_version": self.engine.version,
            "translator": self.translator.name,
            "translator_model": self.translator.model,
            "translator_version": self.translator.version,
        }
        return {key: value for key, value in values.items() if value}

    @classmethod
    def from_json(cls, value: object) -> Makers:
        """Read what :meth:`to_json` returned. Anything else is nobody: anybody may write it."""
        if not isinstance(value, Mapping):
            return NO_MAKERS

        def read(key: str) -> str:
            text = value.get(key, "")
            is_clean = isinstance(text, str) and len(text) <= MAX_FIELD_CHARACTERS
            return text if is_clean and clean_text(text) == text else ""

        return cls(
            Maker(read("engine"), read("model"), read("engine_version")),
            Maker(read("translator"), read("translator_model"), read("translator_version")),
        )

    @classmethod
    def from_variant(cls, variant: str) -> Makers:
        """Return what the description in an older signature says: the names, and no models."""
        recognised, translated = _RECOGNISED.search(variant), _TRANSLATED.search(variant)
        return cls(
            Maker(recognised[1].strip() if recognised else ""),
            Maker(translated[1].strip() if translated else ""),
        )


NO_MAKERS = Makers()


@dataclass(frozen=True, slots=True)
class MadeBy:
    """Which makers are meant: ``NAME``, ``MODEL`` or ``NAME/MODEL``, perhaps with ``@VERSION``.

    ``unknown`` and ``NAME/unknown`` mean those whose model is not known. A name alone means
    whatever it made, so those too; a model does not.
    """

    text: str

    def __post_init__(self) -> None:
        """Check the text.

        Raises:
            ValueError: It names nothing.
        """
        if not self.text.strip("/@ ") or self.text != self.text.strip():
            raise ValueError(
                f"{self.text!r} names no engine or model; write one such as base, whisper, "
                "whisper/base or whisper/base@1.0"
            )

    def __str__(self) -> str:
        return self.text

    def matches(self, maker: Maker) -> bool:
        """Return whether a maker is meant."""
        return self._is_named(maker) or self._is_named_with_version(maker)

    def may_mean(self, maker: Maker) -> bool:
        """Return whether this names a model, which may be the unknown one of a maker."""
        if not maker.has_unknown_model or self.matches(maker):
            return False
        name, slash, _ = self.text.partition("/")
        return name == maker.name if slash else True

    def is_replaced(self, old: Makers, new: Makers) -> bool:
        """Return whether what is meant made the old one, and something else would make a new one.

        Another version of the plugin is something else only if the version is named. So an update
        makes nothing again.
        """
        for before, now in ((old.engine, new.engine), (old.translator, new.translator)):
            if not now.name:
                continue
            if self._is_named(before) and not before.is_same_model(now):
                return True
            if self._is_named_with_version(before) and before != now:
                return True
        return False

    def _is_named(self, maker: Maker) -> bool:
        model = UNKNOWN_MODEL if maker.has_unknown_model else maker.model
        return bool(maker.name) and self.text in (maker.name, model, f"{maker.name}/{model}")

    def _is_named_with_version(self, maker: Maker) -> bool:
        name = self.text.removesuffix(f"@{maker.version}")
        return bool(maker.version) and name not in ("", self.text) and MadeBy(name)._is_named(maker)
