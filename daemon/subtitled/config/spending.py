"""What may leave the machine and what it may cost: the keys for privacy, budgets and prices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from subtitled.plugin import LOCAL


def _privacy(value: object) -> object:
    return (value,) if isinstance(value, str) and value not in (LOCAL, "any") else value


Privacy = Annotated[
    Literal["local", "any"] | tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_privacy),
]
"""``local``, ``any``, or the destinations that may receive sound and text."""


def allows(privacy: Privacy, destination: str) -> bool:
    """Whether something may be sent to a destination such as ``qwen:singapore``.

    ``qwen`` in a list allows all of qwen's regions; what is local is allowed everywhere.
    """
    if destination == LOCAL or privacy == "any":
        return True
    if privacy == "local":
        return False
    return destination in privacy or destination.partition(":")[0] in privacy


class BudgetSettings(BaseModel):
    """``[budgets.NAME]``: a cap that is never passed, however many work at the same time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: Literal["day", "month"] = Field(
        "month", description="When it begins anew: each day or month, by the clock of this machine."
    )
    money: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="The most that may be spent in a period."
    )
    currency: str = Field(
        "USD", pattern=r"^[A-Z]{3}$", description="What `money` is in: USD, EUR, CNY ..."
    )
    hours: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="The most hours of sound sent in a period."
    )
    libraries: tuple[str, ...] = Field((), description="Which libraries it is for. Empty: all.")
    components: tuple[str, ...] = Field(
        (), description="Which engines and translators it is for. Empty: all that send things away."
    )
    when_spent: Literal["wait", "next"] = Field(
        "wait",
        description="When it is spent: wait for the next period, or have the next engine or "
        "translator do it.",
    )

    @model_validator(mode="after")
    def _caps_something(self) -> BudgetSettings:
        if self.money is None and self.hours is None:
            raise ValueError("give money, hours or both")
        return self


class PriceSettings(BaseModel):
    """``[prices.NAME]``: what an engine or translator costs, where its plugin's table is wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: float = Field(ge=0, allow_inf_nan=False, description="The price of one `per`.")
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="What `amount` is in.")
    per: Literal["hour", "million characters"] = Field(
        "hour", description="An hour of sound, or a million characters of text."
    )
