import pytest

from pillion.inject.gotemplate.errors import LimitError
from pillion.inject.gotemplate.limits import Limits, Meter


def test_steps_run_out():
    meter = Meter(Limits(steps=2))
    meter.step(2)
    with pytest.raises(LimitError, match=r"maximum number of steps \(2\)"):
        meter.step()


def test_large_arguments_cost_steps():
    meter = Meter(Limits(steps=10_000))
    meter.call(["x" * 6400, 1], "short")
    assert meter.steps == 10_000 - 1 - 400


def test_a_large_result_is_refused():
    meter = Meter(Limits(output=300, elements=300))
    with pytest.raises(LimitError, match="string size"):
        meter.call([], "x" * 301)
    with pytest.raises(LimitError, match="number of elements"):
        meter.call([], [0] * 301)


def test_output_runs_out():
    meter = Meter(Limits(output=3))
    meter.write(3)
    with pytest.raises(LimitError, match="output size"):
        meter.write(1)
