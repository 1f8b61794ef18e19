"""The control groups of a rig: one of its name in every hierarchy, below it one for each node with its containers."""
import os
import pathlib

from machine import Failed

TOP = pathlib.Path("/sys/fs/cgroup")


def make(name):
    """With the most weight there is: all nodes together would weigh as much as one other process of the machine, and
    their pods starve beside a build."""
    if (TOP / "cgroup.controllers").exists():
        (TOP / name).mkdir(exist_ok=True)
        (TOP / "cgroup.subtree_control").write_text("+cpu")
        (TOP / name / "cpu.weight").write_text("10000")
    else:
        (TOP / "cpu" / name).mkdir(exist_ok=True)
        (TOP / "cpu" / name / "cpu.shares").write_text("262144")


def refuse_others(name):
    """Before anything is made: a group of this name that is there is not this rig's."""
    there = [str(path) for path in (TOP / name, *TOP.glob(f"*/{name}")) if path.exists()]
    if there:
        raise Failed(f"there is a control group {there[0]} that no rig of this folder made")


def remove(name):
    """The groups of dead nodes and containers, in every hierarchy, the innermost first."""
    for top in [TOP / name, *TOP.glob(f"*/{name}")]:
        for folder, _, _ in os.walk(top, topdown=False):
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise Failed(f"{folder}: {error.strerror}") from error
