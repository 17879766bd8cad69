"""Circuit breakers, in time that the test tells."""

from contextlib import suppress

import pytest

from connectors.framework.breaker import Breakers
from connectors.framework.errors import Refused, Retry, StoreAway


class Time:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def breakers(time):
    return Breakers(3, 10, clock=time)


def call(breakers, error=None, target="host"):
    with suppress(Exception, KeyboardInterrupt), breakers.watch(target):
        if error is not None:
            raise error


def fail(breakers, times, target="host"):
    for _ in range(times):
        call(breakers, Retry("unreachable"), target)


def test_it_opens_after_so_many_failures_in_a_row_for_so_long(breakers, time):
    fail(breakers, 2)
    assert (breakers.wait("host"), breakers.open) == (0, 0)
    fail(breakers, 1)
    assert (breakers.wait("host"), breakers.open) == (10, 1)
    time.now = 9.5
    assert breakers.wait("host") == 0.5
    time.now = 10
    assert breakers.wait("host") == 0


@pytest.mark.parametrize("answer", [None, Refused("unreachable"), Refused("refused"), Retry("busy"), Retry("status")])
def test_whatever_answers_is_well(breakers, answer):
    fail(breakers, 2)
    call(breakers, answer)
    fail(breakers, 2)
    assert breakers.wait("host") == 0


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt(), StoreAway("Redis does not answer.")])
def test_what_says_nothing_of_the_target_changes_nothing(breakers, error):
    fail(breakers, 2)
    call(breakers, error)
    assert breakers.wait("host") == 0
    fail(breakers, 1)
    assert breakers.wait("host") > 0


def test_each_target_has_its_own(breakers):
    fail(breakers, 3, "one")
    assert breakers.wait("one") > 0
    assert breakers.wait("two") == 0


def test_a_single_try_is_let_through_and_closes_it(breakers, time):
    fail(breakers, 3)
    time.now = 10
    assert breakers.wait("host") == 0
    with breakers.watch("host"):
        assert breakers.wait("host") > 0, "a second one waits for the first"
    assert (breakers.wait("host"), breakers.open) == (0, 0)
    fail(breakers, 2)
    assert breakers.wait("host") == 0, "it counts from the beginning"


def test_a_try_that_fails_opens_it_again(breakers, time):
    fail(breakers, 3)
    time.now = 10
    fail(breakers, 1)
    assert breakers.wait("host") == 10


def test_a_try_that_is_cut_short_leaves_it_to_the_next(breakers, time):
    fail(breakers, 3)
    time.now = 10
    call(breakers, ValueError())
    assert (breakers.wait("host"), breakers.open) == (0, 1)


def test_targets_that_are_well_leave_nothing_behind(breakers):
    for number in range(1_000):
        call(breakers, target=f"host-{number}")
    fail(breakers, 1)
    call(breakers)
    assert breakers._failing == {}
