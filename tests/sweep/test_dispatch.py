"""What has ended well is handed over, whatever else goes wrong in the same moment."""

from collections import deque
from concurrent.futures import Future

import pytest

from harness.errors import HarnessError
from harness.spec.trial import Trial
from harness.sweep.workers.dispatch import Task, dispatch
from harness.sweep.workers.pool import Stop, Workers

TASKS = [Task(str(seed), Trial(seed=seed), "pace", "arm") for seed in range(8)]


class AtOnce(Workers):
    """Ends every call as it is handed in: that with seed 3 by `error`, the others well; `gone` is raised by `check`."""

    attempts = 1

    def __init__(self, error=None, gone=None):
        self.error = error
        self.gone = gone

    def submit(self, _, fields):
        future = Future()
        if self.error is not None and fields["seed"] == 3:
            future.set_exception(self.error)
        else:
            future.set_result({"seed": fields["seed"]})
        return future

    def slots(self):
        return len(TASKS) // 2

    def check(self):
        if self.gone is not None:
            raise self.gone

    def warm_up(self, *_):
        """Nothing is to be done."""


def handed_over(workers):
    """The seeds that dispatch yielded before it raised, all of one batch, and the error."""
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
    assert handed_over(AtOnce(gone=HarnessError("the scheduler is lost"))) == (set(range(8)), "the scheduler is lost")
