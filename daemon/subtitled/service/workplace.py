"""What the daemon and every worker need to work on jobs, for one life with one configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from socket import gethostname

from subtitled.config.describe import digest
from subtitled.config.load import Configuration
from subtitled.config.places import ensure_private, state_dir
from subtitled.jobcontext.counters import Tally
from subtitled.jobcontext.services import build_services
from subtitled.jobs.halts import Halts
from subtitled.jobs.rescue import Rescue
from subtitled.jobs.signs import Pulse
from subtitled.jobs.working import Working
from subtitled.library.ledger import Ledger
from subtitled.library.records import DAEMON

from .lock import WORKERS, holder, workers
from .neighbour import Neighbour
from .sensors import children


class Workplace:
    """The services with their jobs, a neighbour that halts them, and signs of life to and from the
    other processes that work on the same queue."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        tally: Tally,
        name: str = DAEMON,
        on_watching: Callable[[Sequence[Path]], None] = lambda paths: None,
    ) -> None:
        """``name`` is the process's; ``on_watching`` hears what somebody now watches."""
        settings = configuration.settings
        self._state = ensure_private(state_dir(settings))
        self._name = name
        scratch = "scratch" if name == DAEMON else f"{WORKERS}/{name}/scratch"
        self.services = build_services(configuration, ledger, scratch=scratch, counters=tally)
        halts = Halts(ledger.mailbox, name)
        self.working = Working(self.services, self._state / "work.sqlite", name, halts)
        self._neighbour = Neighbour(
            settings=settings.neighbour,
            servers=configuration.servers,
            halts=halts,
            engines=self.services.engines,
            busy=lambda: bool(self.working.in_work),
            on_watching=on_watching,
            processes=self._processes,
        )
        lost_after = settings.daemon.lost_after
        self._pulse = Pulse(ledger.mailbox, name, digest(configuration), lost_after)
        self._rescue = Rescue(ledger.mailbox, self.working.queue, name, lost_after)

    def start(self) -> None:
        """Begin, first with what an earlier life left."""
        self._pulse.begin()
        self._neighbour.start()
        self.working.start()

    def turn(self) -> None:
        """Give a sign of life and look for those of others."""
        self._pulse.beat(busy=bool(self.working.in_work))
        self._rescue.look()

    def stop(self) -> None:
        """Leave all jobs where they are, for the next life."""
        self._neighbour.end()
        self.working.stop()
        self._pulse.end()

    def _processes(self) -> Iterator[int]:
        """The engines of this process, and all that the others on this state folder started here:
        what they take is no load by others."""
        yield from self.services.engines.process_ids()
        for other in (holder(self._state), *workers(self._state).values()):
            if other is not None and other.name != self._name and other.host == gethostname():
                yield from children(other.pid or 0)
