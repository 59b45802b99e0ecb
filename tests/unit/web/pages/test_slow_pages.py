"""Pages that read much of the database are made one after the other."""

from __future__ import annotations

import asyncio
import threading
import time

from anyio import to_thread

from subtitled.web.pages.slow_pages import OneAtATime


def test_slow_pages_come_one_after_the_other_and_leave_the_threads_of_others_free() -> None:
    running, most = 0, 0
    may_end = threading.Event()

    def make_page() -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        assert may_end.wait(60)
        time.sleep(0.001)
        running -= 1
        return threading.get_ident()

    async def ask() -> int:
        one_at_a_time = OneAtATime()
        # More than there are threads for pages.
        asked = [asyncio.ensure_future(one_at_a_time.call(make_page)) for _ in range(100)]
        await asyncio.sleep(0)
        other = await asyncio.wait_for(to_thread.run_sync(lambda: "another page"), 60)
        assert other == "another page"
        may_end.set()
        return len(await asyncio.gather(*asked))

    assert asyncio.run(ask()) == 100
    assert most == 1
