"""What leaves the machine: allowed, counted and written down before it does, or not at all."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitled.config.load import load
from subtitled.config.spending import BudgetSettings, PriceSettings, allows
from subtitled.costs.budgets import caps_for, period_of, price_of, stated, until_next
from subtitled.costs.gate import Errand, Gate
from subtitled.engines.wire import Waiting
from subtitled.library.egress import Cap, Egress, Entry, Passage, Spent
from subtitled.library.ledger import Ledger
from subtitled.plugin import (
    LOCAL,
    Capabilities,
    Misconfigured,
    Price,
    Rejected,
    Sent,
    Temporary,
)

HOUR = Price(0.36, "USD")  # a hundredth of a cent for a second


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Egress]:
    # In memory where there is such a folder: what is tested is the counting.
    shared = Path("/dev/shm")
    folder = tmp_path_factory.mktemp("pages")
    place = (
        shared / f"subtitled-{folder.name}-{random.getrandbits(32)}" if shared.is_dir() else folder
    )
    place.mkdir(exist_ok=True)
    ledger = Ledger(place / "ledger.sqlite")
    yield ledger.egress
    ledger.close()
    shutil.rmtree(place)


def _entry(key: str, seconds: float, price: float | None) -> Entry:
    where = ("films", "cloud", "cloud:far")
    return Entry(key, Path("/films/a.mkv"), *where, "audio", seconds, price, "USD")


def test_what_is_local_may_always_and_what_is_not_only_where_it_is_allowed() -> None:
    assert allows("local", LOCAL)
    assert not allows("local", "qwen:singapore")
    assert allows("any", "qwen:singapore")
    assert allows(("qwen:singapore",), "qwen:singapore")
    assert not allows(("qwen:singapore",), "qwen:beijing")
    assert allows(("qwen",), "qwen:beijing")
    assert not allows(("qwe",), "qwen:beijing")
    assert not allows((), "qwen:beijing")
    assert allows((), LOCAL)


_COUNT = [0]


@settings(
    max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    money=st.floats(0, 3),
    hours=st.none() | st.floats(0, 0.5),
    acts=st.lists(
        st.tuples(
            st.integers(0, 5),  # which piece of work
            st.floats(0.1, 900),  # how long it is
            st.sampled_from(["sent", "cheaper", "refused", "stayed", "crash"]),
            st.floats(0, 1),
        ),
        max_size=25,
    ),
    order=st.randoms(use_true_random=False),
)
def test_no_schedule_of_workers_passes_a_cap(
    pages: Egress,
    money: float,
    hours: float | None,
    acts: list[tuple[int, float, str, float]],
    order: random.Random,
) -> None:
    _COUNT[0] += 1
    name = f"budget {_COUNT[0]}"
    cap = Cap(name, "2026-11", money, None if hours is None else hours * 3600)
    under_way: list[tuple[int, str, float]] = []
    paid = {"money": 0.0, "seconds": 0.0}
    lengths: dict[str, float] = {}

    def end_one() -> None:
        number, what, part = under_way.pop(order.randrange(len(under_way)))
        if what == "crash":
            return  # it may have been sent and paid; nobody says so
        if what == "stayed":
            pages.settle(number, Passage.STAYED)
            return
        whole = lengths[str(number)]
        billed = whole * part if what == "cheaper" else whole
        price = price_of("audio", billed, HOUR)
        assert price is not None
        paid["money"] += price
        paid["seconds"] += billed
        state = Passage.REFUSED if what == "refused" else Passage.SENT
        pages.settle(number, state, [(Sent("audio", billed, "far.example"), price)])

    for piece, seconds, what, part in acts:
        try:
            entry = _entry(f"{name} {piece}", seconds, price_of("audio", seconds, HOUR))
            number = pages.open(entry, [cap])
        except Spent:
            pass
        else:
            lengths.setdefault(str(number), seconds)
            if all(number != known for known, _, _ in under_way):
                under_way.append((number, what, part))
        while under_way and order.random() < 0.5:
            end_one()
        spent, used = pages.spent(name, "2026-11")
        assert spent <= money + 1e-6
        assert cap.seconds is None or used <= cap.seconds + 1e-6
    while under_way:
        end_one()
    spent, used = pages.spent(name, "2026-11")
    assert paid["money"] <= spent + 1e-6 <= money + 2e-6
    assert paid["seconds"] <= used + 1e-6


def test_workers_at_the_same_moment_do_not_pass_a_cap_either(tmp_path: Path) -> None:
    ledgers = [Ledger(tmp_path / "ledger.sqlite") for _ in range(4)]
    cap = Cap("cloud", "2026-11", seconds=1000.0)
    let_through: list[float] = []

    def work(ledger: Ledger, who: int) -> None:
        for number in range(20):
            try:
                opened = ledger.egress.open(_entry(f"{who}/{number}", 30.0, None), [cap])
            except Spent:
                continue
            let_through.append(30.0)
            ledger.egress.settle(opened, Passage.SENT)

    threads = [
        threading.Thread(target=work, args=(ledger, who)) for who, ledger in enumerate(ledgers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let_through) == 990.0
    assert ledgers[0].egress.spent("cloud", "2026-11") == (0.0, 990.0)
    for ledger in ledgers:
        ledger.close()


def test_what_is_begun_again_after_a_crash_is_counted_once(pages: Egress) -> None:
    cap = Cap("again", "2026-11", money=1.0)
    first = pages.open(_entry("again/1", 60.0, 0.7), [cap])
    assert pages.open(_entry("again/1", 60.0, 0.7), [cap]) == first
    with pytest.raises(Spent):
        pages.open(_entry("again/2", 60.0, 0.7), [cap])
    pages.settle(first, Passage.SENT, [(Sent("audio", 30.0, "far", request_id="r1"), 0.2)])
    pages.settle(first, Passage.STAYED)  # settled is settled
    assert pages.spent("again", "2026-11") == (pytest.approx(0.2), pytest.approx(30.0))
    assert pages.open(_entry("again/1", 60.0, 0.7), [cap]) != first


def test_every_request_of_a_piece_of_work_is_written_down(pages: Egress) -> None:
    number = pages.open(_entry("two requests", 60.0, None), [])
    pages.settle(
        number,
        Passage.SENT,
        [(Sent("audio", n, "far", "sg", f"r{n}"), 0.1) for n in (20.0, 40.0)],
    )
    rows = [one for one in pages.entries() if one.key == "two requests"]
    assert [(one.amount, one.request_id, one.region) for one in rows] == [
        (20.0, "r20.0", "sg"),
        (40.0, "r40.0", "sg"),
    ]
    assert all(one.state is Passage.SENT and one.path == Path("/films/a.mkv") for one in rows)


def test_money_goes_by_the_price_that_is_stated_and_seconds_are_rounded_up() -> None:
    assert price_of("audio", 9.2, HOUR) == pytest.approx(0.001)
    assert price_of("text", 9.2, HOUR) is None
    assert price_of("audio", 9.2, None) is None
    assert price_of("text", 500_000, Price(2.0, "CNY", "million characters")) == 1.0
    mine = {"qwen": PriceSettings(amount=1.0, currency="EUR")}
    assert stated("qwen", HOUR, mine) == Price(1.0, "EUR")
    assert stated("other", HOUR, mine) == HOUR


def test_a_cap_in_money_that_cannot_be_held_lets_nothing_pass() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    budgets = {"b": BudgetSettings(money=1.0, currency="EUR")}
    for price in (None, HOUR):
        with pytest.raises(Misconfigured, match="cannot be held"):
            list(caps_for(budgets, "films", "cloud", price, now))
    other = {"b": BudgetSettings(money=1.0, currency="EUR", components=("else",))}
    assert list(caps_for(other, "films", "cloud", None, now)) == []
    theirs = {"b": BudgetSettings(hours=1.0, libraries=("series",))}
    assert list(caps_for(theirs, "films", "cloud", None, now)) == []
    ((cap, _),) = caps_for(theirs, "series", "cloud", None, now)
    assert cap == Cap("b", "2026-11", None, 3600.0)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), st.sampled_from(["day", "month"]))
def test_a_period_ends_when_the_next_begins(moment: datetime, period: str) -> None:
    now = moment.astimezone()
    later = datetime.fromtimestamp(now.timestamp() + until_next(period, now)).astimezone()
    assert period_of(period, later) != period_of(period, now)
    just_before = later - timedelta(seconds=1.5)
    assert just_before <= now or period_of(period, just_before) == period_of(period, now)


def test_a_period_goes_by_the_clock_on_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert period_of("day", datetime(2026, 11, 24, 23, 59, tzinfo=berlin)) == "2026-11-24"


def _gate(tmp_path: Path, more: str) -> tuple[Gate, Ledger, Callable[[str, float], Errand]]:
    films = tmp_path / "films"
    films.mkdir()
    config = tmp_path / "config.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{tmp_path}"\n[libraries.films]\npath = "{films}"\n{more}'
    )
    configuration = load(config)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    able = Capabilities(destination="cloud:far", price=HOUR)

    def errand(key: str, seconds: float) -> Errand:
        library = configuration.settings.libraries["films"]
        return Errand("cloud", able, films / "a.mkv", library, "audio", seconds, key)

    return Gate(configuration, ledger.egress), ledger, errand


def test_nothing_passes_the_gate_of_a_library_that_keeps_to_itself(tmp_path: Path) -> None:
    gate, ledger, errand = _gate(tmp_path, 'privacy = ["cloud:near"]\n')
    reached = False
    with pytest.raises(Misconfigured, match="cloud:far"), gate.sending(errand("a", 60)):
        reached = True
    assert not reached
    assert list(ledger.egress.entries()) == []


def test_what_passes_is_written_down_before_and_after(tmp_path: Path) -> None:
    gate, ledger, errand = _gate(tmp_path, 'privacy = ["cloud:far"]\n')
    with gate.sending(errand("a", 60.0)) as receipts:
        (before,) = ledger.egress.entries()
        assert (before.state, before.amount, before.library) == (Passage.OPEN, 60.0, "films")
        receipts.append(Sent("audio", 42.0, "far.example", "sg", "r1"))
    (after,) = ledger.egress.entries()
    assert (after.state, after.amount, after.request_id) == (Passage.SENT, 42.0, "r1")
    assert after.price == pytest.approx(0.0042)


def test_a_budget_that_is_spent_makes_work_wait_or_go_to_the_next(tmp_path: Path) -> None:
    more = 'privacy = "any"\n[budgets.month]\nmoney = 0.01\n'
    gate, ledger, errand = _gate(tmp_path, more)
    with gate.sending(errand("a", 60.0)):
        pass
    with pytest.raises(Waiting, match="month is spent") as waits, gate.sending(errand("b", 60.0)):
        pass
    assert waits.value.retry_after is not None
    (tmp_path / "other").mkdir()
    gate, ledger, errand = _gate(tmp_path / "other", more + 'when_spent = "next"\n')
    with pytest.raises(Rejected, match="month is spent"), gate.sending(errand("b", 600.0)):
        pass
    assert list(ledger.egress.entries()) == []


def test_a_wrong_key_costs_nothing_and_a_lost_answer_may_have(tmp_path: Path) -> None:
    gate, ledger, errand = _gate(tmp_path, 'privacy = "any"\n[budgets.b]\nhours = 1\n')
    for problem, counted in (
        (Misconfigured("wrong key"), 0.0),
        (Temporary("cut off"), 60.0),
        (Rejected("no"), 120.0),
    ):
        with pytest.raises(type(problem)), gate.sending(errand(str(problem), 60.0)):
            raise problem
        period = period_of("month", datetime.now().astimezone())
        assert ledger.egress.spent("b", period)[1] == counted
