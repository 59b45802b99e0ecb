"""The models of whisper.cpp that can be downloaded, with their digests.

The digests were compared between several public lists of people who had downloaded the files, and
are checked at each download.
"""

from __future__ import annotations

from subtitled.plugin import ModelSpec

from ..whisper.catalogue import list_languages


def _build_spec(name: str, sha256: str, size_bytes: int, memory_mb: int, about: str) -> ModelSpec:
    return ModelSpec(
        name=name,
        files={f"ggml-{name}.bin": sha256},
        size_bytes=size_bytes,
        repository="ggerganov/whisper.cpp",
        revision="5359861c739e955e79d9a303bcbc70fb988958b1",
        description=about,
        languages=list_languages(name),
        memory_mb=memory_mb,
        license="MIT",
    )


MODELS = {
    spec.name: spec
    for spec in (
        _build_spec(
            "tiny",
            "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21",
            77_691_713,
            273,
            "for the slowest machines",
        ),
        _build_spec(
            "tiny.en",
            "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f",
            77_704_715,
            273,
            "English only, for the slowest machines",
        ),
        _build_spec(
            "base",
            "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe",
            147_951_465,
            388,
            "the default, as of the plugin whisper",
        ),
        _build_spec(
            "base.en",
            "a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002",
            147_964_211,
            388,
            "English only",
        ),
        _build_spec(
            "small",
            "1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b",
            487_601_967,
            852,
            "better, 3 times slower than base",
        ),
        _build_spec(
            "small.en",
            "c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d",
            487_614_201,
            852,
            "English only, better",
        ),
        _build_spec(
            "medium",
            "6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208",
            1_533_763_059,
            2100,
            "better still, 8 times slower",
        ),
        _build_spec(
            "large-v3-turbo-q5_0",
            "394221709cd5ad1f40c46e6031ca61bce88931e6e088c188294c6d5a55ffa7e2",
            574_041_195,
            1000,
            "nearly the best, in 5 bits; wants a graphics processor; does not translate",
        ),
    )
}
