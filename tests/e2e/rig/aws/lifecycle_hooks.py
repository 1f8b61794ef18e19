"""Lifecycle hooks that hold an instance, when it is launched and when it is to end, until somebody answers."""
import json
import time
import uuid

from account import ACCOUNT, here, later, lock
from event_bus import emit, instance_arn
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, TerminateInstanceActivity
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult
from moto.sqs import sqs_backends

LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
# Transition: the state in which the instance is held, the event's kind, where the instance comes from and goes to.
TRANSITIONS = {
    LAUNCHING: ("Pending:Wait", "EC2 Instance-launch Lifecycle Action", "EC2", "AutoScalingGroup"),
    TERMINATING: ("Terminating:Wait", "EC2 Instance-terminate Lifecycle Action", "AutoScalingGroup", "EC2"),
}
GLOBAL_LIMIT = 48 * 3600  # seconds that heartbeats can hold an instance at most; or a hundred timeouts
held = {}  # instance to Held


class Held:
    """One instance whose way goes on when release(CONTINUE or ABANDON) is called."""

    def __init__(self, hook, instance, release):
        self.hook, self.instance, self._release = hook, instance, release
        self.token = str(uuid.uuid4())
        self._last = time.monotonic() + min(GLOBAL_LIMIT, 100 * int(hook.heartbeat_timeout))
        self._timer = None
        self.beat()

    def beat(self):
        if self._timer:
            self._timer.cancel()
        left = min(int(self.hook.heartbeat_timeout), self._last - time.monotonic())
        self._timer = later(max(left, 0), self.proceed, self.hook.default_result)

    def proceed(self, result):
        with lock:
            if forget([self.instance]):
                self._release(result)

    def cancel(self):
        self._timer.cancel()


def forget(instances):
    """Those of them that were held, and are no more: they have ended otherwise, or somebody answered."""
    known = [held.pop(instance) for instance in instances if instance in held]
    for one in known:
        one.cancel()
    return known


def states_held():
    return {one.instance: TRANSITIONS[one.hook.lifecycle_transition][0] for one in list(held.values())}


def hold(state, hook, release):
    with lock:
        if state.instance_id in held:
            return
        state.lifecycle_state, kind, origin, destination = TRANSITIONS[hook.lifecycle_transition]
        one = held[state.instance_id] = Held(hook, state.instance_id, release)
    detail = {
        "LifecycleActionToken": one.token, "AutoScalingGroupName": hook.auto_scaling_group_name,
        "LifecycleHookName": hook.name, "EC2InstanceId": one.instance, "LifecycleTransition": hook.lifecycle_transition,
        "NotificationMetadata": getattr(hook, "notification_metadata", None) or "",
        "Origin": origin, "Destination": destination}
    emit("aws.autoscaling", kind, [state.auto_scaling_group.arn], detail)
    queue = getattr(hook, "queue", None)
    if queue:
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        here(sqs_backends).send_message(queue.rpartition(":")[2], json.dumps({
            **detail, "AccountId": ACCOUNT, "RequestId": str(uuid.uuid4()), "Time": now,
            "Service": "AWS Auto Scaling"}))


def tell(group, instance, what):
    emit("aws.autoscaling", f"EC2 Instance {what}", [instance_arn(instance)], {
        "AutoScalingGroupName": group.name, "EC2InstanceId": instance})


def hook_of(group, transition):
    return next((hook for hook in group.autoscaling_backend.lifecycle_hooks.values()
                 if hook.auto_scaling_group_name == group.name and hook.lifecycle_transition == transition), None)


def leave(group, state):
    group.autoscaling_backend.ec2_backend.terminate_instances([state.instance_id])
    group.instance_states.remove(state)


def hold_terminations():
    terminate, resize, put_hook = (
        AutoScalingBackend.terminate_instance, FakeAutoScalingGroup.set_desired_capacity,
        AutoScalingResponse.put_lifecycle_hook)

    def end(group, instance, how):
        """What releases it: CONTINUE and ABANDON are the same for an instance that ends."""
        def release(_):
            how()
            tell(group, instance, "Terminate Successful")
        return release

    def terminate_instance(self, instance_id, should_decrement):
        state = next(state for group in self.autoscaling_groups.values() for state in group.instance_states
                     if state.instance_id == instance_id)
        group = state.auto_scaling_group
        hook = hook_of(group, TERMINATING)
        if hook is None:
            return terminate(self, instance_id, should_decrement)
        hold(state, hook, end(group, instance_id, lambda: terminate(self, instance_id, should_decrement)))
        return TerminateInstanceActivity(state.instance, group.desired_capacity)

    def set_desired_capacity(self, new_capacity):
        wanted = self.min_size if new_capacity is None else new_capacity
        serving = self.active_instances()
        hook = hook_of(self, TERMINATING)
        if hook is None or wanted >= len(serving):
            return resize(self, new_capacity)
        self.desired_capacity = wanted
        leaving = [state for state in serving if not state.protected_from_scale_in][:len(serving) - wanted]
        for state in leaving:
            forget([state.instance_id])  # its launch may have been held
            hold(state, hook, end(self, state.instance_id, lambda state=state: leave(self, state)))

    def put_lifecycle_hook(self):
        answer = put_hook(self)
        hook = self.autoscaling_backend.describe_lifecycle_hooks(
            self._get_param("AutoScalingGroupName"), [self._get_param("LifecycleHookName")])[0]
        hook.queue = self._get_param("NotificationTargetARN")
        hook.notification_target_arn = hook.queue
        hook.notification_metadata = self._get_param("NotificationMetadata")
        return answer

    AutoScalingBackend.terminate_instance = terminate_instance
    FakeAutoScalingGroup.set_desired_capacity = set_desired_capacity
    AutoScalingResponse.put_lifecycle_hook = put_lifecycle_hook


def hold_launches():
    launch, attach = (
        FakeAutoScalingGroup.replace_autoscaling_group_instances, AutoScalingBackend.update_attached_target_groups)

    def replace_autoscaling_group_instances(self, count_needed, propagated_tags):
        there = list(self.instance_states)
        launch(self, count_needed, propagated_tags)
        hook = hook_of(self, LAUNCHING)
        for state in [state for state in self.instance_states if state not in there] if hook else []:
            hold(state, hook, lambda result, state=state: decide(self, state, result))

    def decide(group, state, result):
        if result == "CONTINUE":
            state.lifecycle_state = "InService"
            group.autoscaling_backend.update_attached_target_groups(group.name)
            tell(group, state.instance_id, "Launch Successful")
            return
        leave(group, state)
        tell(group, state.instance_id, "Launch Unsuccessful")
        group.set_desired_capacity(group.desired_capacity)  # the group tries again

    def active_instances(self):
        """Also those that are on their way, else another one would be launched for each."""
        return [state for state in self.instance_states if state.lifecycle_state in ("InService", "Pending:Wait")]

    def update_attached_target_groups(self, group_name):
        """With those that are in service, while moto would register them all."""
        group = self.autoscaling_groups[group_name]
        everybody = group.instance_states
        group.instance_states = [state for state in everybody if state.lifecycle_state != "Pending:Wait"]
        try:
            attach(self, group_name)
        finally:
            group.instance_states = everybody

    FakeAutoScalingGroup.replace_autoscaling_group_instances = replace_autoscaling_group_instances
    FakeAutoScalingGroup.active_instances = active_instances
    AutoScalingBackend.update_attached_target_groups = update_attached_target_groups


def answer_lifecycle_actions():
    def named(self):
        instance, token = self._get_param("InstanceId"), self._get_param("LifecycleActionToken")
        hook, group = self._get_param("LifecycleHookName"), self._get_param("AutoScalingGroupName")
        for one in held.values():
            if (one.instance == instance or (token and one.token == token)) and one.hook.name == hook and \
                    one.hook.auto_scaling_group_name == group:
                return one
        raise ValidationError(f"No active Lifecycle Action found with instance ID {instance}")

    def complete_lifecycle_action(self):
        result = self._get_param("LifecycleActionResult")
        if result not in ("CONTINUE", "ABANDON"):
            raise ValidationError("The lifecycle action result must be CONTINUE or ABANDON")
        with lock:
            named(self).proceed(result)
        return EmptyResult()

    def record_lifecycle_action_heartbeat(self):
        with lock:
            named(self).beat()
        return EmptyResult()

    AutoScalingResponse.complete_lifecycle_action = complete_lifecycle_action
    AutoScalingResponse.record_lifecycle_action_heartbeat = record_lifecycle_action_heartbeat
