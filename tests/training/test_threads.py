"""Training computes on one thread, with warm matrix products."""

from threadpoolctl import threadpool_info

from harness.training.threads import one_thread, warm_up


def test_products_are_warmed_once_before_anything_is_computed():
    for _ in range(2):
        with one_thread():
            assert warm_up.cache_info().misses == 1


def test_one_thread_is_a_limit_that_ends():
    def threads():
        return {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}

    warm_up()
    before = threads()
    with one_thread():
        assert set(threads().values()) == {1}
    assert threads() == before
