"""Pods that die on a rig on which nothing else happens: told to end by evictions, one after the other, by nobody's
handler."""
import time

import node
from cells import Cell
from clock import Clock, Ends, end_watches, servers
from echo import Echo
from figures import LATE, load_now
from handlers import HANDLERS
from machine import await_until
from run import SLOW, Run
from testing import admin, ready
from timeline import Timeline
from traffic import RuleWatch

DEATHS = 3  # of pods: when a kubelet comes to one of them is chance, by a second where the machine has much to do


class QuietDeaths(Run):
    """Gives figures.py's "pods", of which DEATHS were told to end, the machine's load before and after, and by how much the
    API was late; times are in seconds from the beginning."""

    def _measure(self):
        pods = self._service.pods()[:DEATHS]
        names = {pod["spec"]["nodeName"] for pod in pods}
        clock, line = Clock(self._api, self._service), Timeline(self._api, self._service)
        ends, echo = Ends(servers(self._service.namespace, names)), Echo(self._state, self._service, SLOW)
        before, began = load_now(), time.time()
        try:
            for pod in pods:
                self._evict(pod["metadata"]["name"])
                await_until("its successor", self._complete, 60, every=0.1)
            for pod in pods:
                await_until("the end of the pod", lambda: self._over(pod["metadata"]["name"]), 90, every=0.1)
        finally:
            ends.end()
            clock.end()
            line.end()
            end_watches([echo])
        late = min(LATE, echo.latest(began, time.time()))
        return self._pods(began, names, clock, ends, line), f"{before}, {load_now()}", late

    def _evict(self, name):
        self._api.create(f"{self._service.pods_path}/{name}/eviction", {
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": name, "namespace": self._service.namespace}})

    def _complete(self):
        return sum(map(ready, self._service.pods())) == self._scenario.replicas

    def _over(self, name):
        """Its object is gone, and so it is from the balancer."""
        there = {one["metadata"]["name"] for one in self._service.pods()}
        return name not in there and any(
            change == "removed" and pod == name for _, change, pod in self._traffic.fed())


def quiet_deaths(state, scenario):
    cell = Cell(state, 0, 1)
    rules = RuleWatch(state, "rules-quiet")
    try:
        return QuietDeaths(state, rules, scenario, "none", HANDLERS["none"], cell, 1)()
    finally:
        rules.end()
        if any(node.alive(state, number) for number in cell.numbers):
            cell.end(admin())
