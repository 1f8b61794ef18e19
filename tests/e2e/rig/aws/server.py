"""moto as the rig's AWS, with signatures checked, and with what moto lacks: capacity that is not there, interruptions,
lifecycle hooks that hold an instance until they are completed, targets that drain.

    server.py --credentials FILE -H ADDRESS -p PORT      (runs in moto's own environment)

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
heartbeat timeout, which RecordLifecycleActionHeartbeat puts off. Its hook for EC2_INSTANCE_LAUNCHING holds a new
instance in the same way: Pending:Wait, and no target of the group's load balancers; then CONTINUE puts it in service, and
ABANDON ends it, so that the group launches another one. Without an answer the hook's default result counts (AWS's own
default: ABANDON).
"""
import argparse
import json
import sys

from account import ACCOUNT, REGION
from capacity import limit_fleets, limit_runs, no_capacity
from event_bus import emit_of_instance, tell_the_account
from interruptions import interrupt
from lifecycle_hooks import answer_lifecycle_actions, hold_launches, hold_terminations, states_held
from moto import settings
from moto.iam import iam_backends
from moto.moto_api._internal import urls
from moto.server import main as serve
from targets import drain_targets


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
    return 200, {}, json.dumps({"no_capacity": sorted(no_capacity), "held": states_held()})


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
    hold_launches()
    answer_lifecycle_actions()
    drain_targets()
    urls.url_paths["{0}/moto-api/rig$"] = control
    make_user(chosen.credentials)
    serve(rest)


if __name__ == "__main__":
    sys.exit(main())
