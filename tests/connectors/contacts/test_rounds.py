"""Work that is done once for all who wait."""

import asyncio

import pytest

from connectors.contacts.rounds import Rounds


class Work:
    def __init__(self, fault=None):
        self.begun, self.go_on, self._fault = 0, asyncio.Event(), fault

    async def __call__(self):
        self.begun += 1
        await self.go_on.wait()
        if self._fault is not None:
            raise self._fault


async def test_who_comes_while_a_round_is_under_way_shares_the_next():
    work = Work()
    rounds = Rounds(work)
    first = asyncio.create_task(rounds.join())
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(rounds.join()) for _ in range(3)]
    await asyncio.sleep(0.01)
    assert work.begun == 1
    work.go_on.set()
    await asyncio.gather(first, *others)
    assert work.begun == 2
    await rounds.join()
    assert work.begun == 3
    await rounds.close()


async def test_who_stops_waiting_stops_nobody_else_and_a_fault_is_everybodys():
    work = Work(OSError("away"))
    rounds = Rounds(work)
    waiting = [asyncio.create_task(rounds.join()) for _ in range(3)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()
    work.go_on.set()
    for one in waiting[1:]:
        with pytest.raises(OSError, match="away"):
            await one
    assert work.begun == 1
    with pytest.raises(OSError, match="away"):
        await rounds.join()


async def test_closing_ends_the_round_and_the_next():
    rounds = Rounds(Work())
    waiting = [asyncio.create_task(rounds.join()), asyncio.create_task(asyncio.sleep(0))]
    await asyncio.sleep(0.01)
    waiting.append(asyncio.create_task(rounds.join()))
    await asyncio.sleep(0.01)
    await rounds.close()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError, type(None), asyncio.CancelledError]
