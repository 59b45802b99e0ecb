"""The egress gate: what leaves the machine is allowed, budgeted and recorded first."""

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

from subtitled.config.egress_settings import BudgetSettings, PriceSettings, is_destination_allowed
from subtitled.config.load import load_config
from subtitled.costs.budgets import (
    budget_period,
    budgets_for,
    effective_price,
    price_of,
    seconds_to_reset,
)
from subtitled.costs.egress_gate import EgressGate, OutboundRequest
from subtitled.db.database import Database
from subtitled.db.egress_log import (
    BudgetCap,
    BudgetExceededError,
    EgressEntry,
    EgressLog,
    EgressState,
)
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.plugin import (
    LOCAL,
    EngineCapabilities,
    InputRejectedError,
    Price,
    SetupError,
    TransientError,
    UsageRecord,
)

HOUR = Price(0.36, "USD")  # a hundredth of a cent for a second


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EgressLog]:
    # In memory where there is such a folder: what is tested is the counting.
    shared = Path("/dev/shm")
    folder = tmp_path_factory.mktemp("pages")
    place = (
        shared / f"subtitled-{folder.name}-{random.getrandbits(32)}" if shared.is_dir() else folder
    )
    place.mkdir(exist_ok=True)
    database = Database(place / "subtitled.sqlite")
    yield database.egress_log
    database.close()
    shutil.rmtree(place)


def _entry(key: str, seconds: float, price: float | None) -> EgressEntry:
    return EgressEntry(
        key=key,
        path=Path("/films/a.mkv"),
        library="films",
        component="cloud",
        destination="cloud:far",
        kind="audio",
        amount=seconds,
        price=price,
        currency="USD",
    )


def test_what_is_local_may_always_and_what_is_not_only_where_it_is_allowed() -> None:
    assert is_destination_allowed("local", LOCAL)
    assert not is_destination_allowed("local", "qwen:singapore")
    assert is_destination_allowed("any", "qwen:singapore")
    assert is_destination_allowed(("qwen:singapore",), "qwen:singapore")
    assert not is_destination_allowed(("qwen:singapore",), "qwen:beijing")
    assert is_destination_allowed(("qwen",), "qwen:beijing")
    assert not is_destination_allowed(("qwe",), "qwen:beijing")
    assert not is_destination_allowed((), "qwen:beijing")
    assert is_destination_allowed((), LOCAL)


_COUNT = [0]


@pytest.mark.slow
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
    pages: EgressLog,
    money: float,
    hours: float | None,
    acts: list[tuple[int, float, str, float]],
    order: random.Random,
) -> None:
    _COUNT[0] += 1
    name = f"budget {_COUNT[0]}"
    cap = BudgetCap(name, "2026-11", money, None if hours is None else hours * 3600)
    under_way: list[tuple[int, str, float]] = []
    paid = {"money": 0.0, "seconds": 0.0}
    lengths: dict[str, float] = {}

    def end_one() -> None:
        number, what, part = under_way.pop(order.randrange(len(under_way)))
        if what == "crash":
            return  # it may have been sent and paid; nobody says so
        if what == "stayed":
            pages.finish(number, EgressState.NOT_SENT)
            return
        whole = lengths[str(number)]
        billed = whole * part if what == "cheaper" else whole
        price = price_of("audio", billed, HOUR)
        assert price is not None
        paid["money"] += price
        paid["seconds"] += billed
        state = EgressState.REFUSED if what == "refused" else EgressState.SENT
        pages.finish(
            number, state, [(UsageRecord(kind="audio", amount=billed, host="far.example"), price)]
        )

    for piece, seconds, what, part in acts:
        try:
            entry = _entry(f"{name} {piece}", seconds, price_of("audio", seconds, HOUR))
            number = pages.open(entry, [cap])
        except BudgetExceededError:
            pass
        else:
            lengths.setdefault(str(number), seconds)
            if all(number != known for known, _, _ in under_way):
                under_way.append((number, what, part))
        while under_way and order.random() < 0.5:
            end_one()
        spent, used = pages.used(name, "2026-11")
        assert spent <= money + 1e-6
        assert cap.seconds is None or used <= cap.seconds + 1e-6
    while under_way:
        end_one()
    spent, used = pages.used(name, "2026-11")
    assert paid["money"] <= spent + 1e-6 <= money + 2e-6
    assert paid["seconds"] <= used + 1e-6


def test_workers_at_the_same_moment_do_not_pass_a_cap_either(tmp_path: Path) -> None:
    ledgers = [Database(tmp_path / "subtitled.sqlite") for _ in range(4)]
    cap = BudgetCap("cloud", "2026-11", seconds=1000.0)
    let_through: list[float] = []

    def work(database: Database, who: int) -> None:
        for number in range(20):
            try:
                opened = database.egress_log.open(_entry(f"{who}/{number}", 30.0, None), [cap])
            except BudgetExceededError:
                continue
            let_through.append(30.0)
            database.egress_log.finish(opened, EgressState.SENT)

    threads = [
        threading.Thread(target=work, args=(database, who)) for who, database in enumerate(ledgers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let_through) == 990.0
    assert ledgers[0].egress_log.used("cloud", "2026-11") == (0.0, 990.0)
    for database in ledgers:
        database.close()


def test_what_is_begun_again_after_a_crash_is_counted_once(pages: EgressLog) -> None:
    cap = BudgetCap("again", "2026-11", money=1.0)
    first = pages.open(_entry("again/1", 60.0, 0.7), [cap])
    assert pages.open(_entry("again/1", 60.0, 0.7), [cap]) == first
    with pytest.raises(BudgetExceededError):
        pages.open(_entry("again/2", 60.0, 0.7), [cap])
    pages.finish(
        first,
        EgressState.SENT,
        [(UsageRecord(kind="audio", amount=30.0, host="far", request_id="r1"), 0.2)],
    )
    pages.finish(first, EgressState.NOT_SENT)  # settled is settled
    assert pages.used("again", "2026-11") == (pytest.approx(0.2), pytest.approx(30.0))
    assert pages.open(_entry("again/1", 60.0, 0.7), [cap]) != first


def test_every_request_of_a_piece_of_work_is_written_down(pages: EgressLog) -> None:
    number = pages.open(_entry("two requests", 60.0, None), [])
    pages.finish(
        number,
        EgressState.SENT,
        [
            (UsageRecord(kind="audio", amount=n, host="far", region="sg", request_id=f"r{n}"), 0.1)
            for n in (20.0, 40.0)
        ],
    )
    rows = [one for one in pages.entries() if one.key == "two requests"]
    assert [(one.amount, one.request_id, one.region) for one in rows] == [
        (20.0, "r20.0", "sg"),
        (40.0, "r40.0", "sg"),
    ]
    assert all(one.state is EgressState.SENT and one.path == Path("/films/a.mkv") for one in rows)


def test_money_goes_by_the_price_that_is_stated_and_seconds_are_rounded_up() -> None:
    assert price_of("audio", 9.2, HOUR) == pytest.approx(0.001)
    assert price_of("text", 9.2, HOUR) is None
    assert price_of("audio", 9.2, None) is None
    assert price_of("text", 500_000, Price(2.0, "CNY", "million characters")) == 1.0
    mine = {"qwen": PriceSettings(amount=1.0, currency="EUR")}
    assert effective_price("qwen", HOUR, mine) == Price(1.0, "EUR")
    assert effective_price("other", HOUR, mine) == HOUR


def test_a_cap_in_money_that_cannot_be_held_lets_nothing_pass() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    budgets = {"b": BudgetSettings(max_cost=1.0, currency="EUR")}
    for price in (None, HOUR):
        with pytest.raises(SetupError, match="cannot be enforced"):
            list(budgets_for(budgets, "films", "cloud", price, now))
    other = {"b": BudgetSettings(max_cost=1.0, currency="EUR", components=("else",))}
    assert list(budgets_for(other, "films", "cloud", None, now)) == []
    theirs = {"b": BudgetSettings(max_audio_hours=1.0, libraries=("series",))}
    assert list(budgets_for(theirs, "films", "cloud", None, now)) == []
    ((cap, _),) = budgets_for(theirs, "series", "cloud", None, now)
    assert cap == BudgetCap("b", "2026-11", None, 3600.0)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), st.sampled_from(["day", "month"]))
def test_a_period_ends_when_the_next_begins(moment: datetime, period: str) -> None:
    now = moment.astimezone()
    later = datetime.fromtimestamp(now.timestamp() + seconds_to_reset(period, now)).astimezone()
    assert budget_period(period, later) != budget_period(period, now)
    just_before = later - timedelta(seconds=1.5)
    assert just_before <= now or budget_period(period, just_before) == budget_period(period, now)


def test_a_period_goes_by_the_clock_on_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert budget_period("day", datetime(2026, 11, 24, 23, 59, tzinfo=berlin)) == "2026-11-24"


def _gate(
    tmp_path: Path, more: str
) -> tuple[EgressGate, Database, Callable[[str, float], OutboundRequest]]:
    films = tmp_path / "films"
    films.mkdir()
    config = tmp_path / "config.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{tmp_path}"\n[libraries.films]\npath = "{films}"\n{more}'
    )
    configuration = load_config(config)
    database = Database(tmp_path / "subtitled.sqlite")
    able = EngineCapabilities(destination="cloud:far", price=HOUR)

    def make_request(key: str, seconds: float) -> OutboundRequest:
        library = configuration.settings.libraries["films"]
        return OutboundRequest(
            component="cloud",
            capabilities=able,
            media=films / "a.mkv",
            library=library,
            kind="audio",
            amount=seconds,
            key=key,
        )

    return EgressGate(configuration, database.egress_log), database, make_request


def test_nothing_passes_the_gate_of_a_library_that_keeps_to_itself(tmp_path: Path) -> None:
    gate, database, make_request = _gate(tmp_path, 'allowed_destinations = ["cloud:near"]\n')
    reached = False
    with pytest.raises(SetupError, match="cloud:far"), gate.authorise(make_request("a", 60)):
        reached = True
    assert not reached
    assert list(database.egress_log.entries()) == []


def test_what_passes_is_written_down_before_and_after(tmp_path: Path) -> None:
    gate, database, make_request = _gate(tmp_path, 'allowed_destinations = ["cloud:far"]\n')
    with gate.authorise(make_request("a", 60.0)) as receipts:
        (before,) = database.egress_log.entries()
        assert (before.state, before.amount, before.library) == (EgressState.OPEN, 60.0, "films")
        receipts.append(
            UsageRecord(kind="audio", amount=42.0, host="far.example", region="sg", request_id="r1")
        )
    (after,) = database.egress_log.entries()
    assert (after.state, after.amount, after.request_id) == (EgressState.SENT, 42.0, "r1")
    assert after.price == pytest.approx(0.0042)


def test_a_budget_that_is_spent_makes_work_wait_or_go_to_the_next(tmp_path: Path) -> None:
    more = 'allowed_destinations = "any"\n[budgets.month]\nmax_cost = 0.01\n'
    gate, database, make_request = _gate(tmp_path, more)
    with gate.authorise(make_request("a", 60.0)):
        pass
    with (
        pytest.raises(ResourceUnavailableError, match="month is spent") as waits,
        gate.authorise(make_request("b", 60.0)),
    ):
        pass
    assert waits.value.retry_after is not None
    (tmp_path / "other").mkdir()
    gate, database, make_request = _gate(tmp_path / "other", more + 'on_exhausted = "fallback"\n')
    with (
        pytest.raises(InputRejectedError, match="month is spent"),
        gate.authorise(make_request("b", 600.0)),
    ):
        pass
    assert list(database.egress_log.entries()) == []


def test_a_wrong_key_costs_nothing_and_a_lost_answer_may_have(tmp_path: Path) -> None:
    gate, database, make_request = _gate(
        tmp_path, 'allowed_destinations = "any"\n[budgets.b]\nmax_audio_hours = 1\n'
    )
    for problem, counted in (
        (SetupError("wrong key"), 0.0),
        (TransientError("cut off"), 60.0),
        (InputRejectedError("no"), 120.0),
    ):
        with pytest.raises(type(problem)), gate.authorise(make_request(str(problem), 60.0)):
            raise problem
        period = budget_period("month", datetime.now().astimezone())
        assert database.egress_log.used("b", period)[1] == counted
