"""Capacity that is not there."""
import uuid

from account import REGION
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.responses.fleets import Fleets

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
