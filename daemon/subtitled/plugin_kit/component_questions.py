"""What components are asked that run in the daemon, and what all components are asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from subtitled.plugin import (
    Batch,
    Event,
    JobFailed,
    JobFinished,
    Language,
    Line,
    MediaServer,
    Notification,
    ReviewEvent,
    ReviewReopened,
    ReviewsWaiting,
    Secret,
    Sidecar,
    SidecarChange,
    SubtitleApproved,
    SubtitledError,
    SubtitleKind,
    SubtitlePublished,
    TextPair,
    TransientError,
    Translator,
)

from .subject import NotApplicableError, Subject

FILM = Path("/films/Moby Dick (1956)/Moby Dick (1956).mkv")
ENGLISH, FRENCH = Language("en"), Language("fr")
SIDECAR = Sidecar(FILM.with_suffix(".fr.srt"), FRENCH)
CHANGES = (
    SidecarChange(FILM, added=(SIDECAR,)),
    SidecarChange(FILM.with_name("\udcff.mkv"), removed=(SIDECAR,)),
)
"""Changes of two media files. The name of the second is not UTF-8."""
EVENTS: tuple[Event, ...] = (
    SubtitlePublished(FILM, SIDECAR.path, FRENCH, SubtitleKind.FULL),
    JobFinished(FILM, (SIDECAR.path,), "made fr"),
    JobFailed(FILM.with_name("\udcff.mkv"), "the server is away", "Start it", 1.0e9),
    JobFailed(FILM, "the key is wrong", "Write the right one", None),
)
REVIEWS: tuple[ReviewEvent, ...] = (
    ReviewsWaiting(library="films", count=3, new=1, expected_errors=4.5),
    SubtitleApproved(
        media=FILM, sidecars=(SIDECAR.path,), language=FRENCH, kind=SubtitleKind.FULL, by="ana"
    ),
    ReviewReopened(media=FILM, language=FRENCH, kind=SubtitleKind.FULL, by="ana"),
)
"""Events of reviews, of which a notifier gets those that it asks for."""
MAX_LINES = 50
"""Most lines of the batch that a translator is asked for."""


def describes_its_settings(subject: Subject) -> None:
    """Each setting has a description for the documentation, and its default can be written."""
    model = type(subject.configured.settings)
    bare = [name for name, key in model.model_fields.items() if not key.description]
    assert not bare, f"no description: {', '.join(bare)}. Write Field(..., description=...)"
    plain = [
        name
        for name, key in model.model_fields.items()
        if key.annotation is str and name.endswith(("key", "token", "password", "secret"))
    ]
    assert not plain, f"{', '.join(plain)} should be of the type {Secret.__name__}"


def keeps_its_variant(subject: Subject) -> None:
    """The settings that change a result are the same each time, and JSON."""
    settings = subject.configured.settings
    again = type(settings).model_validate(settings.model_dump(mode="json"))
    assert again.result_fields() == settings.result_fields(), (
        "the settings differ after they were written and read: everything would be made again"
    )


def can_be_created(subject: Subject) -> None:
    """It is created quickly, without a server."""
    assert subject.component is not None


def checks_itself(subject: Subject) -> None:
    """Its own checks are a list, also if something is wrong."""
    subject.call("self_check")


def lists_models_of_a_pair(subject: Subject) -> None:
    """Models for one pair of languages are listed, and none is called as one for every pair."""
    names = {spec.name for spec in subject.configured.models()}
    twice = names & {spec.name for spec in subject.configured.models_for_pair(*subject.pair())}
    assert not twice, f"models_for_pair() repeats models(): {', '.join(sorted(twice))}"


def translates_lines(subject: Subject) -> None:
    """Each line comes back under its own id, or not at all."""
    batch = _make_batch(subject)
    translation = subject.translator.translate(batch)
    ids = [line.id for line in translation.lines]
    assert len(set(ids)) == len(ids), "translate() returned an id twice"
    assert set(ids) <= {line.id for line in batch.lines}, "translate() returned an unknown id"
    assert all(line.text.strip() for line in translation.lines), "translate() returned no text"


def follows_instructions(subject: Subject) -> None:
    """It writes a text by an instruction."""
    if not subject.configured.capabilities().supports_instructions:
        raise NotApplicableError("it follows no instructions")
    answer = subject.translator.generate("Summarise it.", "Call me Ishmael.")
    assert answer.text.strip(), "generate() returned no text"


def accepts_changes(subject: Subject) -> None:
    """Several changes are told in one call, by each strategy."""
    for number in range(len(subject.component.refresh_strategies)):
        subject.call("refresh", CHANGES, number)


def answers_whether_it_shows_them(subject: Subject) -> None:
    """It says whether a change is shown, or that it cannot tell."""
    for change in CHANGES:
        subject.call("check_indexed", change)


def answers_what_it_knows(subject: Subject) -> None:
    """What is optional has the types of the plugin API."""
    for method in ("now_playing", "playback_sessions", "sample_paths", "server_id"):
        subject.call(method)
    subject.call("metadata", FILM)
    subject.call("item_paths", "../no such item")
    assert subject.call("to_local", subject.call("to_server", FILM)) == FILM, (
        "to_local() must undo to_server()"
    )


def accepts_notifications(subject: Subject) -> None:
    """Every event is accepted, one by one and together."""
    wanted = subject.configured.review_events()
    events = (*EVENTS, *(event for event in REVIEWS if type(event) in wanted))
    notifications = [Notification(n, 1.0e9 + n, event) for n, event in enumerate(events)]
    for notification in notifications:
        subject.call("notify", [notification])
    subject.call("notify", notifications)


def says_that_its_server_is_away(subject: Subject) -> None:
    """A server that does not answer is a transient error, so that the call is repeated."""
    with subject.at_closed_port() as away:
        method, arguments = _choose_call(away)
        try:
            away.call(method, *arguments, has_text=True)
        except TransientError as error:
            assert "Ishmael" not in str(error), (
                f"the error of {method}() repeats the text. Leave it out: errors are logged"
            )
            return
        except SubtitledError as error:
            raise AssertionError(
                f"{method}() raised {type(error).__name__} though nothing answers at its url: "
                f"{error.message}. Raise TransientError, so that it is repeated"
            ) from None
    raise NotApplicableError(f"{method}() did not ask its server")


FOR_ALL = (describes_its_settings, keeps_its_variant, can_be_created, checks_itself)
FOR_TRANSLATORS = (
    lists_models_of_a_pair,
    translates_lines,
    follows_instructions,
    says_that_its_server_is_away,
)
FOR_SERVERS = (
    accepts_changes,
    answers_whether_it_shows_them,
    answers_what_it_knows,
    says_that_its_server_is_away,
)
FOR_NOTIFIERS = (accepts_notifications, says_that_its_server_is_away)


def _choose_call(subject: Subject) -> tuple[str, tuple[Any, ...]]:
    """Return the method with which a component asks its server, and arguments for it."""
    if isinstance(subject.component, MediaServer):
        return "refresh", (CHANGES, 0)
    if isinstance(subject.component, Translator):
        return "translate", (_make_batch(subject),)
    return "notify", ([Notification(n, 1.0e9 + n, event) for n, event in enumerate(EVENTS)],)


def _make_batch(subject: Subject) -> Batch:
    """Return a batch as large as a translator takes."""
    source, target = subject.pair()
    number = min(MAX_LINES, subject.configured.capabilities().max_batch_lines)
    return Batch(
        lines=tuple(Line(10 * n, f"Call me Ishmael {n}.", 40) for n in range(number)),
        source=source,
        target=target,
        glossary=(TextPair("Ishmael", "Ishmael"),),
        previous=(TextPair("Hello.", "Bonjour."),),
    )
