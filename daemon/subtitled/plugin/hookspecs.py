"""The hooks of subtitled: the table of contents of plugin API 1.

A plugin is a Python module. It states the API version that it was written for and implements any
of the hooks below, each marked with ``@hookimpl``::

    from subtitled.plugin import hookimpl

    SUBTITLED_API = "1"

    @hookimpl
    def register_engines(register):
        register(MyEngine)

Its distribution names the module in the entry-point group ``subtitled``::

    [project.entry-points.subtitled]
    mine = "my_package.my_module"

The module is imported only when the configuration names it, as in ``[engines.mine]``, or in
``[plugins.mine]`` for hooks alone. Each hook of
each plugin runs with its own time limit. An exception is logged with the plugin's name, and the
other plugins continue.

An implementation may omit parameters that it does not use. It must not rename them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import pluggy

from .component import Component, ComponentContext, Settings
from .endpoint import Endpoint
from .engine import Engine
from .media_server import MediaServer
from .notifier import JobFailed, JobFinished, Notifier, SubtitlePublished
from .translator import Translator

if TYPE_CHECKING:
    import typer

API_VERSION = "1.1"
"""The version of the plugin API, as MAJOR.MINOR.

A new major version breaks old plugins. A new minor version only adds. A plugin states the major
version (``SUBTITLED_API = "1"``), or MAJOR.MINOR if it needs what a minor version added.
"""

hookspec = pluggy.HookspecMarker("subtitled")
"""Marks a function of this module as a hook."""
hookimpl = pluggy.HookimplMarker("subtitled")
"""Marks a function of a plugin as the implementation of the hook of the same name."""

C_contra = TypeVar("C_contra", bound=Component, contravariant=True)
"""The kind of component that a ``register_...`` hook takes."""


class Register(Protocol[C_contra]):
    """The callable that a ``register_...`` hook receives."""

    def __call__(self, component: type[C_contra], name: str | None = None) -> None:
        """Add a component class to what the plugin offers.

        Args:
            component: A concrete class of the hook's kind. The core creates the instances.
            name: Distinguishes several components of one kind: ``register(Fast, name="fast")`` in
                the plugin ``mine`` is configured with ``plugin = "mine:fast"``. None makes the
                class the plugin's default of this kind, configured with ``plugin = "mine"``.

        Raises:
            SetupError: The class is not of the hook's kind, is abstract, has no valid
                ``Settings``, or its name is registered already.
        """


@hookspec
def register_engines(register: Register[Engine]) -> None:
    """Register speech recognisers, for sections ``[engines.NAME]``.

    Args:
        register: Takes a subclass of :class:`~subtitled.plugin.Engine` and an optional name.

    Example::

        @hookimpl
        def register_engines(register):
            register(ParakeetEngine)
            register(SenseVoiceEngine, name="sensevoice")
    """


@hookspec
def register_translators(register: Register[Translator]) -> None:
    """Register translators of text, for sections ``[translators.NAME]``.

    Args:
        register: Takes a subclass of :class:`~subtitled.plugin.Translator` and an optional name.

    Example::

        @hookimpl
        def register_translators(register):
            register(MyTranslator)
    """


@hookspec
def register_media_servers(register: Register[MediaServer]) -> None:
    """Register media servers, for sections ``[servers.NAME]``.

    Args:
        register: Takes a subclass of :class:`~subtitled.plugin.MediaServer` and an optional name.

    Example::

        @hookimpl
        def register_media_servers(register):
            register(AudiobookshelfServer)
    """


@hookspec
def register_notifiers(register: Register[Notifier]) -> None:
    """Register notifiers of people and programs, for sections ``[notifiers.NAME]``.

    Args:
        register: Takes a subclass of :class:`~subtitled.plugin.Notifier` and an optional name.

    Example::

        @hookimpl
        def register_notifiers(register):
            register(NtfyNotifier)
    """


@hookspec
def register_endpoints(register: Register[Endpoint]) -> None:
    """Register routes of the HTTP port, for sections ``[endpoints.NAME]``.

    Args:
        register: Takes a subclass of :class:`~subtitled.plugin.Endpoint` and an optional name.

    Example::

        @hookimpl
        def register_endpoints(register):
            register(WantedEndpoint)
    """


class RegisterSettings(Protocol):
    """The callable that ``register_settings`` receives."""

    def __call__(self, settings: type[Settings]) -> None:
        """Set the class of the settings of the plugin's hooks.

        Args:
            settings: A subclass of :class:`~subtitled.plugin.Settings`.

        Raises:
            SetupError: It is no such class, or the second one.
        """


@hookspec
def register_settings(register: RegisterSettings) -> None:
    """Register the settings of the hooks below, for the section ``[plugins.NAME]``.

    The hooks of events and commands then receive an instance as ``settings``.

    Args:
        register: Takes a subclass of :class:`~subtitled.plugin.Settings`, once.

    Example::

        class JournalSettings(Settings):
            file: Path = Field(Path("journal.txt"), description="The file to write to.")

        @hookimpl
        def register_settings(register):
            register(JournalSettings)

        @hookimpl
        def job_finished(event, settings, context):
            context.log.info("writing to %s", settings.file)
    """


@hookspec
def register_commands(cli: typer.Typer, settings: Settings, context: ComponentContext) -> None:
    """Add commands to the command line ``subtitled``.

    Called when ``subtitled --help`` is shown or an unknown command is typed, not by the daemon. A
    command of subtitled itself keeps its name.

    Args:
        cli: The Typer application of this plugin, whose commands and groups join the command line.
        settings: The settings of ``[plugins.NAME]``, as ``register_settings`` declares them.
        context: The plugin's name, and its logger.

    Example::

        @hookimpl
        def register_commands(cli):
            @cli.command()
            def journal():
                "Print the journal."
    """


@hookspec
def subtitle_published(
    event: SubtitlePublished, settings: Settings, context: ComponentContext
) -> None:
    """React to a sidecar that was just written.

    The media servers receive the change seconds later. Events reach hooks once, and are lost if
    the hook fails: a :class:`~subtitled.plugin.Notifier` receives them durably.

    Args:
        event: The media file, the sidecar, its language and its kind.
        settings: The settings of ``[plugins.NAME]``, as ``register_settings`` declares them.
        context: The plugin's name, and its logger.

    Example::

        @hookimpl
        def subtitle_published(event):
            print(event.sidecar)
    """


@hookspec
def job_finished(event: JobFinished, settings: Settings, context: ComponentContext) -> None:
    """React to a job that ended without a failure.

    Args:
        event: The media file, its new sidecars (perhaps none) and the outcome in one sentence.
        settings: The settings of ``[plugins.NAME]``, as ``register_settings`` declares them.
        context: The plugin's name, and its logger.

    Example::

        @hookimpl
        def job_finished(event):
            print(event.media, event.outcome)
    """


@hookspec
def job_failed(event: JobFailed, settings: Settings, context: ComponentContext) -> None:
    """React to a job that failed. The job may be retried later.

    Args:
        event: The media file, the reason, a hint for the user and the time of the next try.
        settings: The settings of ``[plugins.NAME]``, as ``register_settings`` declares them.
        context: The plugin's name, and its logger.

    Example::

        @hookimpl
        def job_failed(event):
            print(event.media, event.reason)
    """
