from __future__ import annotations

from building.hosted import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from bot.pacing import Pace, Pulse


def write_as_fast_as_allowed(pace: Pace, clock: FakeClock, number: int) -> list[float]:
    moments = []
    for _ in range(number):
        clock.now += pace.delay(1.0)
        pace.note()
        moments.append(clock.now)
    return moments


def test_no_minute_and_no_hour_has_more_writes_than_github_allows():
    clock = FakeClock()

    moments = write_as_fast_as_allowed(Pace(clock), clock, 1200)

    for seconds, most in ((60, 80), (3600, 500)):
        assert all(moments[i + most] - moments[i] >= seconds for i in range(len(moments) - most))


def test_what_can_wait_leaves_room_for_what_cannot():
    clock = FakeClock()
    pace = Pace(clock)
    for _ in range(40):
        pace.note()

    assert pace.delay(0.5) == 60
    assert pace.delay(1.0) == 0


@given(jump=st.floats(-1e6, 1e6))
def test_a_clock_that_jumps_makes_nobody_wait_longer_than_an_hour(jump):
    clock = FakeClock()
    pace = Pace(clock)
    for _ in range(600):
        pace.note()

    clock.now += jump

    assert 0 <= pace.delay(1.0) <= 3600


def test_a_pulse_comes_after_longer_and_longer_intervals():
    pulse = Pulse(5, 2)
    moments = [pulse.due(100)]

    for _ in range(3):
        pulse.beat(moments[-1])
        moments.append(pulse.due(moments[-1]))

    assert moments == [105, 115, 135, 175]
    assert pulse.beats == 3


def test_a_pulse_is_due_at_the_same_time_however_often_it_is_asked():
    pulse = Pulse(5, 2)

    assert [pulse.due(100), pulse.due(103), pulse.due(200)] == [105, 105, 105]
