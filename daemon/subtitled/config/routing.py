"""``[[libraries.NAME.routes]]``: rules by which a library chooses its engines."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from subtitled.plugin import Language

from .values import Seconds, Section


class RouteSettings(Section):
    """``[[libraries.NAME.routes]]``: which engines take what. The first rule that fits counts.

    ``languages``, ``longer_than`` and ``shorter_than`` say what the rule is for; ``engines``,
    ``max_price`` and ``destinations`` say who takes it.
    """

    languages: tuple[Language, ...] = Field(
        (), description="Spoken languages that the rule is for. Empty: any."
    )
    longer_than: Seconds | None = Field(
        None, description="It is for media at least this long. Unset: however short."
    )
    shorter_than: Seconds | None = Field(
        None, description="It is for media shorter than this. Unset: however long."
    )
    engines: tuple[str, ...] = Field(
        (),
        description="Engines to use, first choice first; the next takes what one cannot do. "
        "Empty: those of the library.",
    )
    max_price: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Only engines that cost no more than this for an hour of sound, in the "
        "currency of their price. One that sends sound away and names no price is left out.",
    )
    destinations: tuple[str, ...] | None = Field(
        None,
        description='Only engines whose sound goes to one of these, such as "local". '
        "Unset: wherever the library allows.",
    )

    @model_validator(mode="after")
    def _can_fit(self) -> Self:
        longer, shorter = self.longer_than, self.shorter_than
        if longer is not None and shorter is not None and longer >= shorter:
            raise ValueError("longer_than must be less than shorter_than, or nothing fits")
        return self
