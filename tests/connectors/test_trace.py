"""What of a trace context goes on, by the W3C recommendation."""

import pytest

from connectors.framework.trace import continued

TRACE, PARENT = b"4bf92f3577b34da6a3ce929d0e0e4736", b"00f067aa0ba902b7"
VALID = b"-".join((b"00", TRACE, PARENT, b"01"))


def parent_of(headers):
    return dict(continued(headers)).get("traceparent")


def state_of(*states):
    return dict(continued([("traceparent", VALID), *(("tracestate", state) for state in states)])).get("tracestate")


def test_the_trace_goes_on_with_a_span_of_its_own():
    spans = set()
    for _ in range(20):
        version, trace, span, flags = parent_of([("other", b"x"), ("traceparent", VALID)]).split(b"-")
        assert (version, trace, flags) == (b"00", TRACE, b"01")
        assert len(span) == 16
        spans.add(span)
    assert len(spans | {PARENT}) == 21


@pytest.mark.parametrize(
    ("found", "goes_on"),
    [
        (b"00-%s-%s-00" % (TRACE, PARENT), b"00"),
        (b" \t00-%s-%s-01 " % (TRACE, PARENT), b"01"),
        (b"00-%s-%s-ff" % (TRACE, PARENT), b"01"),  # flags that this version does not know
        (b"00-%s-%s-fe" % (TRACE, PARENT), b"00"),
        (b"cc-%s-%s-01" % (TRACE, PARENT), b"01"),  # a later version
        (b"cc-%s-%s-01-what-the-future-brings" % (TRACE, PARENT), b"01"),
    ],
)
def test_flags_and_versions(found, goes_on):
    version, trace, _, flags = parent_of([("traceparent", found)]).split(b"-")
    assert (version, trace, flags) == (b"00", TRACE, goes_on)


@pytest.mark.parametrize(
    "found",
    [
        None,
        b"",
        b"00-1-2-01",
        b"ff-%s-%s-01" % (TRACE, PARENT),
        b"00-%s-%s-01" % (TRACE.upper(), PARENT),
        b"00-%s-%s-01" % (b"0" * 32, PARENT),
        b"00-%s-%s-01" % (TRACE, b"0" * 16),
        b"00-%s-%s-01-more" % (TRACE, PARENT),
        b"00-%s-%s-01-" % (TRACE, PARENT),
        b"cc-%s-%s-01.more" % (TRACE, PARENT),
        b"00-%s-%s-1" % (TRACE, PARENT),
        b"00-%s-%s-0g" % (TRACE, PARENT),
        b"00-%s-%s-01\r\nX-Injected: 1" % (TRACE, PARENT),
        b"00-%s-%s-01\n" % (TRACE, PARENT),
    ],
)
def test_what_is_not_valid_does_not_go_on_nor_does_its_state(found):
    assert continued([("traceparent", found), ("tracestate", b"a=1")]) == ()


def test_two_parents_are_none():
    assert continued([("traceparent", VALID), ("traceparent", VALID)]) == ()


def test_no_parent_has_no_state():
    assert continued([("tracestate", b"a=1")]) == ()


def test_the_state_goes_on_several_headers_as_one_list():
    assert (
        state_of(b"rojo=00f067aa0ba902b7 , ,congo=t61rcWkgMzE\t", b"t4nant@sys=!~ x")
        == b"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE,t4nant@sys=!~ x"
    )


@pytest.mark.parametrize(
    "state",
    [b"a", b"=1", b"A=1", b"a=", b"a=1=2", b"a=\xc3\xa9", b"a=1,a=2", b"a=1\r\nX: 1", b"1a=1", b"a=" + b"x" * 257, b"a" * 257 + b"=1",
     b",".join(b"k%d=1" % number for number in range(33))],
)  # fmt: skip
def test_a_state_that_is_not_valid_is_left_out(state):
    assert state_of(state) is None
    assert parent_of([("traceparent", VALID), ("tracestate", state)]) is not None


def test_32_members_go_on():
    state = b",".join(b"k%d=1" % number for number in range(32))
    assert state_of(state) == state
