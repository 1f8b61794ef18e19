"""Spot instances that are taken back."""
from account import here, later, lock
from event_bus import emit_of_instance
from lifecycle_hooks import forget
from moto.autoscaling import autoscaling_backends
from moto.ec2 import ec2_backends


def interrupt(instances, notice):
    for instance in instances:
        emit_of_instance("EC2 Spot Instance Interruption Warning", instance, **{"instance-action": "terminate"})
    later(notice, end_of_spot, instances)


def end_of_spot(instances):
    for instance in instances:
        emit_of_instance("EC2 Instance State-change Notification", instance, state="shutting-down")
    with lock:
        forget(instances)
        here(ec2_backends).terminate_instances(instances)
        # The group notices, and replaces them.
        here(autoscaling_backends).notify_terminate_instances(instances)
    for instance in instances:
        emit_of_instance("EC2 Instance State-change Notification", instance, state="terminated")
