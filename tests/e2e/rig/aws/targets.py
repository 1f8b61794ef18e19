"""Targets that drain."""
import time

from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup


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
