"""Validation of regions, models and protocols."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from subtitled.plugin import Language
from subtitled_plugins.qwen.bucket import BucketSettings, build_presigned_url
from subtitled_plugins.qwen.catalogue import MODELS, find_code, find_model, list_languages
from subtitled_plugins.qwen.engine import QwenEngine
from subtitled_plugins.qwen.settings import BASE_URLS, QwenSettings
from subtitled_plugins.qwen.translator import LANGUAGE_NAMES, find_language_name

KEY = {"api_key": {"env": "QWEN_KEY"}}


def settings(**answer: object) -> QwenSettings:
    return QwenSettings.model_validate(KEY | answer)


@pytest.mark.parametrize("region", ["beijing", "singapore"])
def test_each_region_has_its_host_and_destination(region: str) -> None:
    qwen_settings = settings(region=region)
    assert qwen_settings.effective_url == BASE_URLS[region]
    able = QwenEngine.capabilities(qwen_settings)
    assert able.destination == f"qwen:{region}"
    assert able.price is not None and 0.1 < able.price.amount < 0.13
    assert able.whole_file and able.word_timestamps


def test_the_us_region_has_its_own_model_and_no_files() -> None:
    assert settings(region="us", protocol="sync").model_name == "qwen3-asr-flash-us"
    with pytest.raises(ValidationError, match="recognises no files"):
        settings(region="us")


@pytest.mark.parametrize(
    ("url", "destination"),
    [
        ("https://ws1.cn-beijing.maas.aliyuncs.com/api/v1", "qwen:beijing"),
        ("https://ws1.ap-southeast-1.maas.aliyuncs.com/api/v1/", "qwen:singapore"),
        ("https://dashscope-us.aliyuncs.com/api/v1", "qwen:us"),
        (
            "https://ws1.eu-central-1.maas.aliyuncs.com/api/v1",
            "qwen:ws1.eu-central-1.maas.aliyuncs.com",
        ),
        (
            "https://cn-beijing.maas.aliyuncs.com.evil.example/api/v1",
            "qwen:cn-beijing.maas.aliyuncs.com.evil.example",
        ),
    ],
)
def test_a_host_of_ones_own_goes_by_where_it_really_is(url: str, destination: str) -> None:
    assert settings(base_url=url, protocol="sync", model="", region="beijing").destination == (
        destination
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"model": "qwen3-asr-flash"},
        {"model": "qwen3-asr-flash-filetrans", "protocol": "sync"},
        {"model": "whisper-1"},
        {"model": "paraformer-v2", "region": "singapore"},
        {"diarization": True},
        {"base_url": "http://dashscope.aliyuncs.com/api/v1"},
        {"base_url": "https://user:secret@host/api/v1"},
        {"workspace": "ws/../x"},
        {"api_key": "sk-secret"},
    ],
)
def test_contradictory_settings_are_rejected_at_once(answer: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**answer)


def test_snapshots_go_by_their_model() -> None:
    assert find_model("qwen3-asr-flash-2026-02-10") is find_model("qwen3-asr-flash")
    filetrans = find_model("qwen3-asr-flash-filetrans-2025-11-17")
    assert filetrans is find_model("qwen3-asr-flash-filetrans")
    assert find_model("qwen3-asr-flash-2025-09-08-us") is find_model("qwen3-asr-flash-us")
    assert find_model("qwen3-asr-flash-realtime") is None


def test_every_model_has_codes_for_its_languages() -> None:
    for model in MODELS:
        assert list_languages(model)
        assert all(find_code(model, language) for language in list_languages(model))
        assert find_code(model, Language("cy")) is None


def test_norwegian_and_filipino_go_by_its_own_codes() -> None:
    model = find_model("qwen3-asr-flash")
    assert model is not None
    assert find_code(model, Language("nb")) == "no"
    assert find_code(model, Language("tl")) == "fil"
    assert find_code(model, Language("zh-Hant-TW")) == "zh"


def test_translator_distinguishes_scripts_and_regions() -> None:
    assert find_language_name(Language("zh-TW")) == "Traditional Chinese"
    assert (
        find_language_name(Language("zh-Hans")) == find_language_name(Language("zh")) == "Chinese"
    )
    assert find_language_name(Language("pt-BR")) == "Portuguese"
    assert find_language_name(Language("no")) == "Norwegian Bokmål"
    assert find_language_name(Language("tlh")) is None
    assert len(LANGUAGE_NAMES) == 92


def test_an_address_is_signed_as_amazon_documents_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # The example of "Authenticating Requests: Using Query Parameters" in Amazon's S3 reference.
    monkeypatch.setenv("NAME", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("SECRET", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    bucket = BucketSettings.model_validate(
        {
            "url": "https://examplebucket.s3.amazonaws.com",
            "access_key": {"env": "NAME"},
            "secret_key": {"env": "SECRET"},
        }
    )
    when = datetime(2013, 5, 24, tzinfo=UTC)
    assert build_presigned_url(bucket, "GET", "test.txt", when, 86400) == (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
