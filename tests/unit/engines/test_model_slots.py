"""How many engines have their models in memory: by their number, and by what they need."""

from __future__ import annotations

from subtitled.engines.limits import ModelSlots


class Holder:
    """An idle engine, whose models need so many megabytes."""

    is_closed = False

    def __init__(self, slots: ModelSlots, memory_mb: int = 0) -> None:
        self._slots, self.memory_mb = slots, memory_mb
        self.is_loaded = False

    def load(self) -> None:
        self._slots.acquire(self)
        self.is_loaded = True

    def evict_if_idle(self) -> bool:
        was_loaded, self.is_loaded = self.is_loaded, False
        self._slots.release(self)
        return was_loaded


def loaded(slots: ModelSlots, *needs: int) -> list[bool]:
    """Load engines one after the other, and say which are loaded in the end."""
    holders = [Holder(slots, need) for need in needs]
    for holder in holders:
        holder.load()
    return [holder.is_loaded for holder in holders]


def test_models_that_fit_together_stay() -> None:
    assert loaded(ModelSlots(3, 2000), 900, 600, 500) == [True] * 3


def test_the_longest_loaded_engine_makes_room_for_models_that_do_not_fit() -> None:
    assert loaded(ModelSlots(3, 2000), 900, 600, 800) == [False, True, True]
    assert loaded(ModelSlots(3, 2000), 900, 600, 1900) == [False, False, True]


def test_a_model_that_is_too_large_is_tried_alone() -> None:
    assert loaded(ModelSlots(3, 2000), 600, 3000) == [False, True]


def test_models_of_unknown_size_are_counted_by_their_number() -> None:
    assert loaded(ModelSlots(2, 2000), 0, 1900, 0) == [False, True, True]
    assert loaded(ModelSlots(3), 9000, 9000, 9000) == [True] * 3


def test_there_is_free_room_only_as_long_as_no_other_engine_has_to_go() -> None:
    slots = ModelSlots(2, 2000)
    first, second, third = Holder(slots, 900), Holder(slots, 1200), Holder(slots, 500)
    assert slots.has_room(first)
    first.load()
    assert slots.has_room(first)
    assert not slots.has_room(second), "it needs more memory than is left"
    assert slots.has_room(third)
    third.load()
    assert not slots.has_room(Holder(slots, 1)), "there are as many as there may be"
    assert first.is_loaded and third.is_loaded
