"""The speech models: their languages, regions and prices.

From the API references and price lists on help.aliyun.com/zh/model-studio and
alibabacloud.com/help/en/model-studio, as of 2026-10.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from subtitled.plugin import Language, Price


class ModelFamily(StrEnum):
    """Models with the same requests and responses."""

    FLASH = "flash"
    """Synchronous: text, no times."""
    QWEN_FILE = "qwen file"
    """A task for a file: ``file_url``, words with times."""
    FUN_FILE = "fun file"
    """A task for files: ``file_urls``, words with times, speakers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A speech model."""

    prefix: str
    """Its name. Dated snapshots begin with it."""
    family: ModelFamily
    codes: str
    """Its languages, as its own codes separated by spaces."""
    prices: dict[str, Price]
    """Region -> price of an hour. Regions without the model are left out."""
    supports_hotwords: bool = False

    @property
    def identifies_language(self) -> bool:
        """Whether it identifies the language if none is named, by its API reference."""
        return self.family is not ModelFamily.FUN_FILE


def _price_per_hour(second: float, currency: str = "USD") -> Price:
    return Price(round(second * 3600, 6), currency)


_FLASH = "zh yue en ja de ko ru fr pt ar it es hi id th tr uk vi cs da fil fi is ms no pl sv"
_AUDIO = (
    "zh en ja ko vi th id ms fil hi ar fr de es pt ru it nl sv da fi no el pl cs hu ro bg hr sk"
)
_PAIR = {"beijing": _price_per_hour(0.000032), "singapore": _price_per_hour(0.000035)}
_FUN = {"beijing": _price_per_hour(0.00022, "CNY"), "singapore": _price_per_hour(0.00026, "CNY")}

MODELS = (
    Model(
        prefix="qwen3-asr-flash-filetrans",
        family=ModelFamily.QWEN_FILE,
        codes=_FLASH,
        prices=_PAIR,
        supports_hotwords=True,
    ),
    Model(
        prefix="qwen-audio-3.1-asr-flash-filetrans",
        family=ModelFamily.FUN_FILE,
        codes=_AUDIO,
        prices=_PAIR,
        supports_hotwords=True,
    ),
    Model(
        prefix="qwen-audio-3.0-asr-flash-filetrans",
        family=ModelFamily.FUN_FILE,
        codes=_AUDIO,
        prices=_PAIR,
        supports_hotwords=True,
    ),
    Model(
        prefix="fun-asr-mtl",
        family=ModelFamily.FUN_FILE,
        codes="zh yue en ja th vi id",
        prices=_FUN,
    ),
    Model(prefix="fun-asr", family=ModelFamily.FUN_FILE, codes="zh yue en ja", prices=_FUN),
    Model(
        prefix="paraformer-v2",
        family=ModelFamily.FUN_FILE,
        codes="zh yue en ja ko de fr ru",
        prices={"beijing": _price_per_hour(0.00008, "CNY")},
    ),
    Model(
        prefix="qwen3-asr-flash-us",
        family=ModelFamily.FLASH,
        codes=_FLASH,
        prices={"us": _price_per_hour(0.000035)},
        supports_hotwords=True,
    ),
    Model(
        prefix="qwen3-asr-flash",
        family=ModelFamily.FLASH,
        codes=_FLASH,
        prices=_PAIR,
        supports_hotwords=True,
    ),
)
"""All models. A name comes before the shorter names that it begins with."""

_CODE_ALIASES = {"nb": "no", "nn": "no", "tl": "fil", "wuu": "zh", "nan": "zh", "cmn": "zh"}
"""Languages that the models know under another code, such as Wu and Min Nan as Chinese."""

TIMESTAMP_LANGUAGES = frozenset(map(Language, "zh yue en ja ko de fr es it pt ru".split()))
"""Languages with word times in qwen3-asr-flash-filetrans, by its API reference."""


def find_model(name: str) -> Model | None:
    """Find a model by its name or the name of a snapshot. Return None if there is none."""
    if name.startswith("qwen3-asr-flash-") and name.endswith("-us"):
        name = "qwen3-asr-flash-us"
    for model in MODELS:
        suffix = name.removeprefix(model.prefix)
        if suffix == "" or (suffix != name and suffix[:1] == "-" and suffix[1:5].isdecimal()):
            return model
    return None


def list_languages(model: Model) -> frozenset[Language]:
    """List the primary languages of a model."""
    codes = set(model.codes.split())
    return frozenset(
        Language(tag)
        for tag in codes | {alias for alias, code in _CODE_ALIASES.items() if code in codes}
    )


def find_code(model: Model, language: Language) -> str | None:
    """Find the model's code of a language. Return None if the model does not know it."""
    primary = str(language.primary)
    code = _CODE_ALIASES.get(primary, primary)
    return code if code in model.codes.split() else None
