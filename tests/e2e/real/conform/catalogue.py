"""The tests: NTH's end-to-end scenarios by their numbers, and those that NTH has not."""
import dataclasses
import typing

NTH_NAMES = {
    1: "spot-interruption-test", 2: "spot-interruption-test-events-on",
    3: "spot-interruption-test-host-networking-off", 4: "spot-interruption-dry-run-test", 5: "imds-v2-test",
    6: "cordon-only-test", 7: "maintenance-event-test", 8: "maintenance-event-dry-run-test",
    9: "maintenance-event-cancellation-test", 10: "maintenance-event-reboot-test", 11: "rebalance-recommendation-test",
    12: "rebalance-recommendation-drain-test", 13: "rebalance-recommendation-dry-run-test",
    14: "asg-lifecycle-imds-test", 15: "spot-interruption-sqs-test", 16: "ec2-state-change-sqs-test",
    17: "rebalance-recommendation-sqs-test", 18: "scheduled-change-event-sqs-test",
    19: "rebalance-recommendation-sqs-node-not-found-test", 20: "asg-lifecycle-sqs-test",
    21: "asg-lifecycle-sqs-heartbeat-test", 22: "asg-launch-lifecycle-sqs-test", 23: "webhook-test",
    24: "webhook-secret-test", 25: "webhook-http-proxy-test", 26: "emit-events-test", 27: "prometheus-metrics-test",
    28: "prometheus-metrics-sqs-test",
}
NOT_YET = (*range(15, 23), 28)
BOTH = ("compat", "own")


@dataclasses.dataclass
class Test:
    number: int | None  # of NTH's list
    name: str
    modes: tuple
    seconds: int  # about how long it takes; the long ones begin first
    run: typing.Callable
    pods: bool = False  # it needs the agent's image

    @property
    def label(self):
        """Fit for names of objects."""
        return f"{self.number:02d}" if self.number else "x-" + self.run.__name__.replace("_", "-")[:40].strip("-")

    def __str__(self):
        return f"{self.number:2d} {self.name}" if self.number else f" + {self.name}"


TESTS = []


def nth(number, name, modes=BOTH, seconds=20, pods=False):
    """One of NTH's."""
    return lambda function: TESTS.append(Test(number, name, modes, seconds, function, pods)) or function


def beyond(name, modes=("own",), seconds=30):
    """One that NTH has not."""
    return lambda function: TESTS.append(Test(None, name, modes, seconds, function)) or function


def table():
    """The table of docs/conformance.md."""
    lines = ["| number | NTH's test | ours | as NTH | own options |", "|---|---|---|---|---|"]
    for number, theirs in NTH_NAMES.items():
        ours = [test for test in TESTS if test.number == number]
        for test in ours:
            lines.append(f"| {number} | {theirs} | {test.name} | {_mark(test, 'compat')} | {_mark(test, 'own')} |")
        if not ours:
            lines.append(f"| {number} | {theirs} | not yet (queue: needs the controller) | – | – |")
    lines += ["", "| beyond NTH's list | as NTH | own options |", "|---|---|---|"]
    lines += [f"| {test.name} | {_mark(test, 'compat')} | {_mark(test, 'own')} |" for test in TESTS if not test.number]
    return "\n".join(lines) + "\n"


def _mark(test, mode):
    return "yes" if mode in test.modes else "–"
