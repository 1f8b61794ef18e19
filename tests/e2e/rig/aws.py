"""moto as the rig's AWS, with signatures checked, and with what moto lacks: capacity that is not there, interruptions,
lifecycle hooks that hold an instance until they are completed, targets that drain.

    aws.py --credentials FILE -H ADDRESS -p PORT      (runs in moto's own environment)

FILE becomes lines AWS_ACCESS_KEY_ID=… of a user that may do everything. POST /moto-api/rig, which needs no signature,
takes a JSON object (Content-Type: application/json) with any of

    no_capacity     [[type, zone, "spot"|"on-demand"], …]: the pools that have none, instead of those named before; a
                    type or zone may be "*". CreateFleet lists them as errors, RunInstances fails with
                    InsufficientInstanceCapacity.
    interrupt       {"instances": [id, …], "notice": seconds}: an EC2 Spot Instance Interruption Warning now, the end of
                    the instances after that time, and the state-change events of both
    rebalance       [id, …]: an EC2 Instance Rebalance Recommendation for each

and answers with {"no_capacity": …, "held": {instance: lifecycle state}}. Events go to the targets of the rules on the
default event bus, as those of EC2 and AutoScaling do.

A group's hook for EC2_INSTANCE_TERMINATING holds what TerminateInstanceInAutoScalingGroup or a smaller desired capacity
ends: Terminating:Wait, an event and a message to the hook's own queue, then CompleteLifecycleAction or the end of the
heartbeat timeout, which RecordLifecycleActionHeartbeat puts off. Hooks for launches do not hold anything.
"""
import argparse
import json
import sys
import threading
import time
import uuid

from moto import settings
from moto.autoscaling import autoscaling_backends
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, TerminateInstanceActivity
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2 import ec2_backends
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.responses.fleets import Fleets
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup
from moto.events import events_backends
from moto.events.utils import EventTemplateParser
from moto.iam import iam_backends
from moto.moto_api._internal import urls
from moto.server import main as serve
from moto.sqs import sqs_backends

ACCOUNT, REGION = "123456789012", "us-east-1"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
GLOBAL_LIMIT = 48 * 3600  # seconds that heartbeats can hold an instance at most; or a hundred timeouts
lock = threading.RLock()


def later(seconds, action, *arguments):
    timer = threading.Timer(seconds, action, arguments)
    timer.daemon = True
    timer.start()
    return timer


# Events

def emit(source, kind, resources, detail):
    events_backends[ACCOUNT][REGION].put_events([{
        "Source": source, "DetailType": kind, "Resources": resources, "Detail": json.dumps(detail)}])


def instance_arn(instance):
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance}"


def emit_of_instance(kind, instance, **detail):
    emit("aws.ec2", kind, [instance_arn(instance)], {"instance-id": instance, **detail})


def tell_the_account():
    """moto's events leave out the account that every real one names."""
    template = EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE
    EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE = template.replace('{"id"', '{"account": "<account>", "id"', 1)


# Capacity

no_capacity = set()


def lacks(kind, zone, lifecycle):
    return any((a, b, lifecycle) in no_capacity for a in (kind, "*") for b in (zone, "*"))


def shortage(kind, zone):
    return f"We currently do not have sufficient {kind} capacity in the Availability Zone you requested ({zone})."


def zone_of(backend, subnet):
    return backend.get_subnet(subnet).availability_zone if subnet else f"{REGION}a"


def limit_fleets():
    original = Fleets.create_fleet

    def create_fleet(self):
        lifecycle = self._get_param("TargetCapacitySpecification", {}).get("DefaultTargetCapacityType", "on-demand")
        errors, possible = [], []
        for config in self._get_param("LaunchTemplateConfigs", []):
            overrides = []
            for override in config.get("Overrides") or [{}]:
                zone = override.get("AvailabilityZone") or zone_of(self.ec2_backend, override.get("SubnetId"))
                if not lacks(override.get("InstanceType"), zone, lifecycle):
                    overrides.append(override)
                    continue
                errors.append({
                    "LaunchTemplateAndOverrides": {
                        "LaunchTemplateSpecification": config["LaunchTemplateSpecification"], "Overrides": override},
                    "Lifecycle": lifecycle, "ErrorCode": "InsufficientInstanceCapacity",
                    "ErrorMessage": shortage(override.get("InstanceType"), zone)})
            if overrides:
                possible.append({**config, "Overrides": overrides})
        if not errors:
            return original(self)
        if not possible:
            return ActionResult({"FleetId": f"fleet-{uuid.uuid4()}", "Errors": errors, "Instances": []})
        self.params["LaunchTemplateConfigs"] = possible
        answer = original(self)
        answer.result["Errors"] = errors
        return answer

    Fleets.create_fleet = create_fleet


def limit_runs():
    original = EC2Backend.run_instances

    def run_instances(self, image_id, count, user_data, security_group_names, **wish):
        kind = wish.get("instance_type")
        zone = wish.get("placement") or zone_of(self, wish.get("subnet_id"))
        if lacks(kind, zone, "spot" if wish.get("lifecycle") == "spot" else "on-demand"):
            raise EC2ClientError("InsufficientInstanceCapacity", shortage(kind, zone))
        return original(self, image_id, count, user_data, security_group_names, **wish)

    EC2Backend.run_instances = run_instances


# Interruptions

def interrupt(instances, notice):
    for instance in instances:
        emit_of_instance("EC2 Spot Instance Interruption Warning", instance, **{"instance-action": "terminate"})
    later(notice, end_of_spot, instances)


def end_of_spot(instances):
    for instance in instances:
        emit_of_instance("EC2 Instance State-change Notification", instance, state="shutting-down")
    with lock:
        ec2_backends[ACCOUNT][REGION].terminate_instances(instances)
        # The group notices, and replaces them.
        autoscaling_backends[ACCOUNT][REGION].notify_terminate_instances(instances)
    for instance in instances:
        emit_of_instance("EC2 Instance State-change Notification", instance, state="terminated")


# Lifecycle hooks

class Held:
    """One instance between Terminating:Wait and its end."""

    def __init__(self, hook, instance, release):
        self.hook, self.instance, self.release = hook, instance, release
        self.token = str(uuid.uuid4())
        self.last = time.monotonic() + min(GLOBAL_LIMIT, 100 * int(hook.heartbeat_timeout))
        self.timer = None
        self.beat()

    def beat(self):
        if self.timer:
            self.timer.cancel()
        left = min(int(self.hook.heartbeat_timeout), self.last - time.monotonic())
        self.timer = later(max(left, 0), self.proceed)

    def proceed(self):
        """CONTINUE and ABANDON are the same for an instance that ends."""
        with lock:
            if held.pop(self.instance, None) is None:
                return
            self.timer.cancel()
            self.release()
        emit("aws.autoscaling", "EC2 Instance Terminate Successful", [instance_arn(self.instance)], {
            "AutoScalingGroupName": self.hook.auto_scaling_group_name, "EC2InstanceId": self.instance})


held = {}


def hold(backend, state, hook, release):
    with lock:
        if state.instance_id in held:
            return
        state.lifecycle_state = "Terminating:Wait"
        one = held[state.instance_id] = Held(hook, state.instance_id, release)
    detail = {
        "LifecycleActionToken": one.token, "AutoScalingGroupName": hook.auto_scaling_group_name,
        "LifecycleHookName": hook.name, "EC2InstanceId": one.instance, "LifecycleTransition": TERMINATING,
        "NotificationMetadata": getattr(hook, "notification_metadata", None) or "",
        "Origin": "AutoScalingGroup", "Destination": "EC2"}
    emit("aws.autoscaling", "EC2 Instance-terminate Lifecycle Action", [state.auto_scaling_group.arn], detail)
    queue = getattr(hook, "queue", None)
    if queue:
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        sqs_backends[ACCOUNT][REGION].send_message(queue.rpartition(":")[2], json.dumps({
            **detail, "AccountId": ACCOUNT, "RequestId": str(uuid.uuid4()), "Time": now,
            "Service": "AWS Auto Scaling"}))


def hook_of(backend, group):
    return next((hook for hook in backend.lifecycle_hooks.values()
                 if hook.auto_scaling_group_name == group and hook.lifecycle_transition == TERMINATING), None)


def hold_terminations():
    terminate, resize, put_hook = (
        AutoScalingBackend.terminate_instance, FakeAutoScalingGroup.set_desired_capacity,
        AutoScalingResponse.put_lifecycle_hook)

    def terminate_instance(self, instance_id, should_decrement):
        state = next(state for group in self.autoscaling_groups.values() for state in group.instance_states
                     if state.instance_id == instance_id)
        hook = hook_of(self, state.auto_scaling_group_name)
        if hook is None:
            return terminate(self, instance_id, should_decrement)
        hold(self, state, hook, lambda: terminate(self, instance_id, should_decrement))
        return TerminateInstanceActivity(state.instance, state.auto_scaling_group.desired_capacity)

    def set_desired_capacity(self, new_capacity):
        backend, wanted = self.autoscaling_backend, self.min_size if new_capacity is None else new_capacity
        serving = self.active_instances()
        hook = hook_of(backend, self.name)
        if hook is None or wanted >= len(serving):
            return resize(self, new_capacity)
        self.desired_capacity = wanted
        leaving = [state for state in serving if not state.protected_from_scale_in][:len(serving) - wanted]
        for state in leaving:
            hold(backend, state, hook, lambda state=state: leave(self, state))

    def leave(group, state):
        group.autoscaling_backend.ec2_backend.terminate_instances([state.instance_id])
        group.instance_states.remove(state)

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
        if self._get_param("LifecycleActionResult") not in ("CONTINUE", "ABANDON"):
            raise ValidationError("The lifecycle action result must be CONTINUE or ABANDON")
        with lock:
            named(self).proceed()
        return EmptyResult()

    def record_lifecycle_action_heartbeat(self):
        with lock:
            named(self).beat()
        return EmptyResult()

    AutoScalingResponse.complete_lifecycle_action = complete_lifecycle_action
    AutoScalingResponse.record_lifecycle_action_heartbeat = record_lifecycle_action_heartbeat


# Targets

def drain_targets():
    """A target that was deregistered is `draining` until the group's delay is over, and listed as long."""
    deregister, ended = FakeTargetGroup.deregister, FakeTargetGroup.deregister_terminated_instances
    health, describe = FakeTargetGroup.health_for, ELBv2Backend.describe_target_health

    def draining(group):
        now = time.monotonic()
        return {key: target for key, (target, end) in getattr(group, "leaving", {}).items()
                if end > now and key not in group.targets}

    def leave(group, names):
        end = time.monotonic() + int(group.attributes.get("deregistration_delay.timeout_seconds", 300))
        group.leaving = {**getattr(group, "leaving", {}),
                         **{name: (group.targets[name], end) for name in names if name in group.targets}}

    def deregister_targets(self, targets):
        leave(self, [target["Id"] for target in targets])
        deregister(self, targets)

    def deregister_terminated(self, instances):
        leave(self, instances)
        ended(self, instances)

    def health_for(self, target, ec2_backend):
        found = draining(self).get(target["Id"])
        if found is None:
            return health(self, target, ec2_backend)
        return FakeHealthStatus(found["Id"], found["Port"], self.health_check_port, "draining",
                                "Target.DeregistrationInProgress", "Target deregistration is in progress")

    def describe_target_health(self, arn, targets):
        group = self.target_groups.get(arn)
        if group is not None and not targets:
            targets = [*group.targets.values(), *draining(group).values()]
        return describe(self, arn, targets)

    FakeTargetGroup.deregister = deregister_targets
    FakeTargetGroup.deregister_terminated_instances = deregister_terminated
    FakeTargetGroup.health_for = health_for
    ELBv2Backend.describe_target_health = describe_target_health


# Control

def control(request, full_url, headers):
    try:
        wish = json.loads(request.data)
        if "no_capacity" in wish:
            no_capacity.clear()
            no_capacity.update((kind, zone, lifecycle) for kind, zone, lifecycle in wish["no_capacity"])
        if "interrupt" in wish:
            interrupt(list(wish["interrupt"]["instances"]), float(wish["interrupt"]["notice"]))
        for instance in wish.get("rebalance", []):
            emit_of_instance("EC2 Instance Rebalance Recommendation", instance)
    except (KeyError, TypeError, ValueError) as error:
        return 400, {}, json.dumps({"error": f"{type(error).__name__}: {error}"})
    states = {one.instance: "Terminating:Wait" for one in list(held.values())}
    return 200, {}, json.dumps({"no_capacity": sorted(no_capacity), "held": states})


def make_user(path):
    """Somebody who may do everything; from then on every request has to be signed by a user."""
    iam = iam_backends[ACCOUNT]["global"]
    iam.create_user(REGION, "rig")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy("rig", "everything", json.dumps(everything))
    key = iam.create_access_key("rig")
    with open(path, "w") as file:
        file.write(f"AWS_ACCESS_KEY_ID={key.access_key_id}\nAWS_SECRET_ACCESS_KEY={key.secret_access_key}\n"
                   f"AWS_DEFAULT_REGION={REGION}\nAWS_REGION={REGION}\n")
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--credentials", required=True)
    chosen, rest = parser.parse_known_args()
    tell_the_account()
    limit_fleets()
    limit_runs()
    hold_terminations()
    answer_lifecycle_actions()
    drain_targets()
    urls.url_paths["{0}/moto-api/rig$"] = control
    make_user(chosen.credentials)
    serve(rest)


if __name__ == "__main__":
    sys.exit(main())
