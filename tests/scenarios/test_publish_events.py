"""Published sidecars are announced, whatever happens to the rest of the job."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.plugin import Event, JobFailed, JobFinished, SubtitlePublished
from subtitled.plugin.testing import FakeChat, serve_chat
from support.harness import Harness, film


def test_published_language_is_announced_although_the_next_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subtitled.translation.calls.time.sleep", lambda seconds: None)
    happened: list[Event] = []
    monkeypatch.setattr(
        "subtitled.jobs.results.dispatch_event",
        lambda configuration, event: happened.append(event),
    )
    with serve_chat(FakeChat(translate=str.upper)) as chat:
        chat.manners = [503] * 3 + ["well"]
        harness = Harness(
            tmp_path,
            'languages = ["original", "fr"]',
            f'[translators.openai]\nurl = "{chat.url}"\nmodel = "tiny"\n',
        )
        film(harness.root / "A.wav", 1)
        harness.scan()
        harness.close()
    assert [type(one) for one in happened] == [
        SubtitlePublished,
        JobFailed,
        SubtitlePublished,
        JobFinished,
    ]
    listed = [one.sidecar.name for one in happened if isinstance(one, SubtitlePublished)]
    assert listed == ["A.en.srt", "A.fr.srt"]
