"""``run``: the daemon in the foreground."""

from __future__ import annotations

from functools import partial

from subtitled.config.load import Configuration

from .app import abort_start, app, config_path, load_configuration


@app.command()
def run() -> None:
    """Run the daemon in the foreground."""
    from subtitled.daemon.daemon import Daemon
    from subtitled.daemon.process import run as run_process
    from subtitled.web.server import build_web

    configuration = load_configuration_to_run()
    run_process(config_path(), configuration, partial(Daemon, web=build_web))


def load_configuration_to_run() -> Configuration:
    """Load the configuration of a process that works until it is stopped, and start its log."""
    from subtitled.daemon.logs import log_to_stderr

    configuration = load_configuration()
    daemon = configuration.settings.daemon
    if not configuration.settings.libraries:
        abort_start(
            "no library is configured. Write a [libraries.NAME] section with a path into "
            f"{config_path() or '/etc/subtitled/config.toml'}; config.example.toml shows how"
        )
    log_to_stderr(daemon.log_level, daemon.log_format)
    return configuration
