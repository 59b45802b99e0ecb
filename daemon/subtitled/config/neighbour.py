"""``[neighbour]``: when work gives way to what else the machine is for, and what it may take."""

from __future__ import annotations

from pydantic import Field

from .values import Seconds, Section


class NeighbourSettings(Section):
    """``[neighbour]``: being a good one. Zero or false turns a rule off."""

    watching: bool = Field(
        True, description="Pause while somebody watches something on a configured media server."
    )
    ask_every: Seconds = Field(
        15.0,
        ge=2,
        description="How often servers are asked whether somebody watches, while there is work.",
    )
    linger: Seconds = Field(
        60.0, description="How long after that work still rests: the next episode may follow."
    )
    load: float = Field(
        0.0,
        ge=0,
        description="Pause while others than we load the machine with so many running processes, "
        "as `uptime` counts them.",
    )
    temperature: float = Field(
        0.0,
        ge=0,
        le=150,
        description="Pause while the hottest sensor shows so many degrees Celsius, until it is "
        "5 degrees cooler.",
    )
    free_memory: int = Field(
        0,
        ge=0,
        description="Start no stretch while less than so many megabytes of memory are available.",
    )
    memory_pressure: float = Field(
        0.0,
        ge=0,
        le=100,
        description="Start no stretch while processes wait for memory so many per cent of the "
        "time (the kernel's PSI, some avg10).",
    )
    on_battery: bool = Field(
        True, description="Pause while the machine runs on a battery that discharges."
    )
    ups: str = Field(
        "",
        pattern=r"^([\w.-]+(@[\w.:\[\]-]+)?)?$",
        description="A UPS known to Network UPS Tools, such as ups@localhost: pause while it runs "
        "on its battery.",
    )
    state_space: int = Field(
        0,
        ge=0,
        description="Start no work while the disk of the state folder has fewer megabytes free; "
        "an hour of sound takes 115.",
    )
    library_space: int = Field(
        0, ge=0, description="Start no work in a library whose disk has fewer megabytes free."
    )
    niceness: int = Field(
        10,
        ge=0,
        le=19,
        description="Niceness of the engines' processes, if it is more than the daemon's own.",
    )
    idle_io: bool = Field(
        False, description="Let the engines' processes read only when the disk has nothing to do."
    )
    engine_memory: int = Field(
        0,
        ge=0,
        description="An engine's process that takes more megabytes is ended, and the stretch done "
        "in smaller pieces with fewer threads.",
    )
