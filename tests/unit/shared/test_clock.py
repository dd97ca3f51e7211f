from shared import clock


async def test_nobody_waits_who_was_not_let_through_lately() -> None:
    began = clock.monotonic()
    await clock.Pace(5.0).wait()
    assert clock.monotonic() - began < 0.5


async def test_who_comes_early_is_let_through_when_the_time_is_over() -> None:
    pace = clock.Pace(0.1)
    began = clock.monotonic()
    for _ in range(3):
        await pace.wait()
    assert 0.2 <= clock.monotonic() - began < 2.0
    await clock.sleep(0.15)
    again = clock.monotonic()
    await pace.wait()
    assert clock.monotonic() - again < 0.08
