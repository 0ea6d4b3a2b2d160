"""What has ended well is handed over, whatever else goes wrong in the same moment."""

from collections import deque
from concurrent.futures import Executor, Future

import pytest

from harness.errors import HarnessError
from harness.spec.trial import Trial
from harness.sweep.workers.dispatch import Stop, Task, dispatch
from harness.sweep.workers.pool import Workers

TASKS = [Task(str(seed), Trial(seed=seed), "pace", "arm") for seed in range(8)]


class AtOnce(Executor):
    """Ends every call as it is handed in: that with seed 3 by `error`, the others well."""

    def __init__(self, error=None):
        self.error = error

    def submit(self, _, *arguments):
        future = Future()
        if self.error is not None and arguments[1]["seed"] == 3:
            future.set_exception(self.error)
        else:
            future.set_result({"seed": arguments[1]["seed"]})
        return future


def lost():
    raise HarnessError("the scheduler is lost")


def handed_over(executor, check=lambda: None):
    """The seeds that dispatch yielded before it raised, all of one batch, and the error."""
    workers = Workers(executor, lambda: len(TASKS) // 2, check, (), str, (), 1, None)
    seeds = set()
    with pytest.raises(HarnessError) as caught:
        seeds.update(answer["seed"] for _, answer in dispatch(deque(TASKS), workers, "module:work", Stop()))
    return seeds, str(caught.value)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (HarnessError("a worker runs other sources"), "a worker runs other sources"),
        (RuntimeError("no module 'module'"), "the workers cannot run trials: RuntimeError: no module 'module'"),
    ],
)
def test_a_worker_that_cannot_work_does_not_take_the_answers_of_others_with_it(error, message):
    assert handed_over(AtOnce(error)) == ({0, 1, 2, 4, 5, 6, 7}, message)


def test_a_lost_scheduler_does_not_take_answers_with_it_that_have_arrived():
    assert handed_over(AtOnce(), check=lost) == (set(range(8)), "the scheduler is lost")
