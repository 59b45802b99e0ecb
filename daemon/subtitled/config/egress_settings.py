"""Settings of what may leave this machine and what it may cost: ``[budgets]`` and ``[prices]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from subtitled.plugin import LOCAL


def _parse_destinations(value: object) -> object:
    return (value,) if isinstance(value, str) and value not in (LOCAL, "any") else value


AllowedDestinations = Annotated[
    Literal["local", "any"] | tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_parse_destinations),
]
"""``local``, ``any``, or the destinations that may receive audio and text."""


def is_destination_allowed(allowed: AllowedDestinations, destination: str) -> bool:
    """Return whether something may be sent to a destination such as ``qwen:singapore``.

    ``qwen`` in a list allows all regions of qwen. ``local`` is always allowed.
    """
    if destination == LOCAL or allowed == "any":
        return True
    if allowed == LOCAL:
        return False
    return destination in allowed or destination.partition(":")[0] in allowed


class BudgetSettings(BaseModel):
    """``[budgets.NAME]``: a limit for all workers together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: Literal["day", "month"] = Field(
        "month", description="The period that it covers, by the clock of this machine."
    )
    max_cost: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="The cost of a period, at most."
    )
    currency: str = Field(
        "USD", pattern=r"^[A-Z]{3}$", description="The currency of `max_cost`: USD, EUR, CNY ..."
    )
    max_audio_hours: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="Hours of audio sent in a period, at most."
    )
    libraries: tuple[str, ...] = Field((), description="The libraries that it covers. Empty: all.")
    projects: tuple[str, ...] = Field(
        (), description="The projects that it covers. Empty: files of all, and of none."
    )
    components: tuple[str, ...] = Field(
        (), description="The engines and translators that it covers. Empty: all remote ones."
    )
    on_exhausted: Literal["wait", "fallback"] = Field(
        "wait",
        description="What happens when it is exhausted. wait: jobs wait for the next period. "
        "fallback: the next engine or translator is used.",
    )

    @model_validator(mode="after")
    def _check_has_cap(self) -> BudgetSettings:
        if self.max_cost is None and self.max_audio_hours is None:
            raise ValueError("give max_cost, max_audio_hours or both")
        return self


class PriceSettings(BaseModel):
    """``[prices.NAME]``: the price of an engine or translator, instead of its plugin's price."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: float = Field(ge=0, allow_inf_nan=False, description="The price of one `per`.")
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="The currency of `amount`.")
    per: Literal["hour", "million characters"] = Field(
        "hour", description="An hour of audio, or a million characters of text."
    )
