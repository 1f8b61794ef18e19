"""What the figures of a run must be."""
import minimum
from run import NOT_KNOWN
from testing import check

HEARD = 2  # seconds from the notice to the cordon of the last node that dies, on a machine that is never late
TOLD = 1.5  # seconds from a notice that is shorter than a grace to the first pod that is told; the same
STARTS = 10  # seconds that a pod's start may take on a busy machine: ReplicaSet, scheduler, kubelet, containerd, probe
LATEST = 2  # seconds after the end of their notice at which the machines die: later would spare whoever drains late
LAGGING = 3  # seconds by which the client may be late: else it sends less often than it should while something is wrong
ON_THEIR_WAY = ("cut", "late")  # outcomes of requests whose answer left a server and did not come, or not in time
LAST_MOMENT = 0.2  # seconds: a server writes to its log ten times a second


def judge(scenario, figures):
    name = f"({figures.scenario}) {figures.handler}"
    told = f"{figures.blame()}{dict(figures.classes)}, {dict(figures.losses)}"
    check(f"{name}: the client sent what it was told to", figures.sent == figures.expected and figures.unsent == 0,
          f"{figures.blame()}{figures.sent} of {figures.expected}, {figures.unsent} unsent")
    check(f"{name}: the client and the machines' end were in time",
          figures.client_lag_ms <= 1000 * LAGGING and figures.kill_late <= LATEST, figures.blame())
    check(f"{name}: no request was answered twice", figures.twice == 0, figures.twice)
    # By the servers' own word. What one noted in the last moment is lost where it is killed.
    answered = figures.sent - figures.lost
    lost_lines = 4 * figures.rate * LAST_MOMENT if figures.killed_hard else 0
    check(f"{name}: what was not lost was answered exactly once, by the servers' logs",
          answered - lost_lines <= figures.answered <= answered,
          f"{figures.answered} by the servers' logs, {answered} by the client's count")
    disowned = {outcome: count for outcome, count in figures.disowned.items() if outcome not in ON_THEIR_WAY}
    check(f"{name}: what a server answered was lost on its way at most", not disowned, disowned)
    unknown = figures.losses[NOT_KNOWN]
    check(f"{name}: of each lost request it is known who should have answered",
          unknown <= (0 if figures.handler == "ours" else figures.lost / 100), f"{unknown} of {figures.lost}")
    if figures.handler == "undisturbed":
        check(f"{name}: nothing is lost when nothing dies", figures.lost == 0, f"the rig is at fault: {told}")
    if figures.handler == "none":
        check(f"{name}: more than one request in a hundred is lost when nobody acts", figures.lost > figures.sent / 100,
              f"the rig is too weak: {figures.lost} of {figures.sent}")
    if figures.handler in ("kubectl-drain", "nth"):
        check(f"{name}: the nodes are cordoned", figures.cordon is not None, figures.blame())
        if scenario.name == "b":
            check(f"{name}: more than one request in a hundred is lost by who obeys the budget to the end",
                  figures.lost > figures.sent / 100, f"the scenario is too easy: {figures.lost} of {figures.sent}")
        if scenario.name == "a":
            check(f"{name}: all pods on them are told to end", figures.least is not None, figures.blame())
    if figures.handler == "ours":
        judge_promptness(scenario, name, figures)
    if figures.handler == "ours" and figures.ready_after is not None:
        # Else a handler that holds successors up would raise what the oracle lets it lose.
        check(f"{name}: successors are held up by nobody", figures.ready_after <= scenario.ready_after + STARTS,
              f"{figures.blame()}ready after {figures.ready_after:.1f} s")
    if figures.handler == "ours" and not scenario.spared:
        judge_least(name, figures, told)
    if figures.handler == "ours" and scenario.spared:
        check(f"{name}: the oracle finds that nothing had to be lost", figures.least == 0, figures.least)
        for stream, counts in figures.streams.items():
            check(f"{name}: no request is lost, {stream}", counts["lost"] == 0, f"{counts['lost']} lost: {told}")
        check(f"{name}: no pod is killed hard", figures.killed_hard == 0, f"{figures.blame()}{figures.killed_hard}")


def judge_promptness(scenario, name, figures):
    late = figures.late()
    check(f"{name}: the nodes are cordoned within {HEARD} s and what the machine was late by",
          figures.cordon is not None and figures.cordon <= HEARD + late, f"{figures.blame()}{figures.cordon}, {late:.1f}")
    if scenario.notice < scenario.grace:
        check(f"{name}: the first pod is told to end within {TOLD} s and what the machine was late by",
              figures.told is not None and figures.told <= TOLD + late, f"{figures.blame()}{figures.told}, {late:.1f}")


def judge_least(name, figures, told):
    if figures.least is None:
        check(f"{name}: every pod is told to end", False, figures.blame())
        return
    fewest, most = minimum.allowed(figures)
    check(f"{name}: no more is lost than the oracle's minimum, and no less", fewest <= figures.lost <= most,
          f"{figures.lost} lost, the oracle {minima(figures)}, allowed {fewest:.1f} to {most:.1f}: {told}")


def minima(figures):
    return f"{figures.least:.1f}, or {figures.least_from_told:.1f} from when the first pod was told, {figures.told:.1f} s"
