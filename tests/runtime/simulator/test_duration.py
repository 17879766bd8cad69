from zoneinfo import ZoneInfo

import pytest

from processor.runtime.simulator.duration import duration_ms, moment_ms, written_duration

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("3d", 259_200_000), ("1h30m", 5_400_000), (" 1h 2ms ", 3_600_002), ("0s", 0)],
)
def test_a_duration_is_read(written, milliseconds):
    assert duration_ms(written) == milliseconds


@pytest.mark.parametrize("written", ["", "5", "5 minutes", "-5s", "1.5h", "500d", "9999999999s"])
def test_what_is_no_duration_is_refused(written):
    with pytest.raises(ValueError, match=r"a duration .*, found"):
        duration_ms(written)


@pytest.mark.parametrize("milliseconds", [0, 1, 2000, 5_400_000, 90_061_001])
def test_a_duration_that_is_written_is_read_as_it_was(milliseconds):
    assert duration_ms(written_duration(milliseconds)) == milliseconds


def test_a_time_is_in_the_given_time_zone_unless_it_has_an_offset():
    assert moment_ms("2026-03-02T10:00", PARIS) == moment_ms("2026-03-02T09:00Z", PARIS) == 1_772_442_000_000


@pytest.mark.parametrize("written", ["", "tomorrow", "2026-02-30T09:00", "0001-01-01T00:00+14:00"])
def test_what_is_no_time_is_refused(written):
    with pytest.raises(ValueError, match=r"a time .*, found"):
        moment_ms(written, PARIS)
