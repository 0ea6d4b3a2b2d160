"""The small study of these tests."""

from harness.spec.study import study_from_table


def make_study(name="pace", rates=(0.1, 0.2, 0.3), seeds=3, bad=(), tune=True, pause=0.0, **baseline):
    """A study of one arm per rate; the rates in `bad` are marked for the workers' faults."""
    arms = {f"rate {rate:g}": {"learning_rate": rate} | ({"l2": 13.0} if rate in bad else {}) for rate in rates}
    table = {
        "title": "Pace",
        "baseline": {"min_delta": pause, **baseline},
        "blocks": [{"arms": arms}],
        "seeds": {"count": seeds},
    }
    if tune:
        table["blocks"] = [{"arms": {"Adam": {"optimizer": "adam"}, "SGD": {"optimizer": "sgd"}}}]
        table["tune"] = {"learning_rate": list(rates), "seeds": 2}
    return study_from_table(name, table, "pace.toml")


def work(name):
    return f"sweep_trials:{name}"
