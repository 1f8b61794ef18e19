"""Holds what aws/ adds to moto to what it says of itself, as an AWS client sees it. Runs in moto's environment with
the variables of the credentials file and AWS_ENDPOINT_URL; prints lines "ok …" and "FAIL …"."""
import json
import os
import sys
import time
import urllib.error
import urllib.request

import boto3
import botocore.exceptions

failed = False


def check(what, condition, detail=""):
    global failed
    failed = failed or not condition
    print(f"ok {what}" if condition else f"FAIL {what}: {detail}", flush=True)


def refused(call, **parameters):
    """The error code of a call that must not work."""
    try:
        call(**parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def rig(**wish):
    url = f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/rig"
    request = urllib.request.Request(url, json.dumps(wish).encode(), {"Content-Type": "application/json"})
    return json.loads(urllib.request.urlopen(request, timeout=10).read())


def until(probe, bound=10):
    end = time.monotonic() + bound
    while not (found := probe()) and time.monotonic() < end:
        time.sleep(0.05)  # between two looks
    return found


class Account:
    """A queue that a rule sends all events of EC2 and AutoScaling to, and a group of two behind a target group."""

    def __init__(self):
        self.ec2, self.sqs, self.events, self.groups, self.balancers = (
            boto3.client(name) for name in ("ec2", "sqs", "events", "autoscaling", "elbv2"))
        self.queue = self.sqs.create_queue(QueueName="interruptions")["QueueUrl"]
        self.queue_arn = self.sqs.get_queue_attributes(
            QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.ec2", "aws.autoscaling"]}))
        self.events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": self.queue_arn}])
        self.image = self.ec2.describe_images()["Images"][0]["ImageId"]
        self.template = self.ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData={
            "ImageId": self.image, "InstanceType": "m5.large"})["LaunchTemplate"]["LaunchTemplateId"]
        self.subnet = self.ec2.describe_subnets()["Subnets"][0]
        self.zone = self.subnet["AvailabilityZone"]
        self.targets = self.balancers.create_target_group(
            Name="web", Protocol="HTTP", Port=80, VpcId=self.subnet["VpcId"])["TargetGroups"][0]["TargetGroupArn"]
        self.balancers.modify_target_group_attributes(TargetGroupArn=self.targets, Attributes=[
            {"Key": "deregistration_delay.timeout_seconds", "Value": "1"}])
        self.groups.create_auto_scaling_group(
            AutoScalingGroupName="spot", MinSize=0, MaxSize=5, DesiredCapacity=2,
            VPCZoneIdentifier=self.subnet["SubnetId"], LaunchTemplate={"LaunchTemplateId": self.template, "Version": "$Latest"})

    def members(self):
        group = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=["spot"])["AutoScalingGroups"][0]
        return {member["InstanceId"]: member["LifecycleState"] for member in group["Instances"]}

    def next_event(self, kind):
        """Takes messages from the queue until one is of this kind."""
        def take():
            for message in self.sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=1).get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                body = json.loads(message["Body"])
                if kind in (body.get("detail-type"), body.get("LifecycleTransition")):
                    return body
        return until(take)

    def state_of(self, instance):
        found = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return found["State"]["Name"]

    def fleet(self, *kinds):
        overrides = [{"InstanceType": kind, "SubnetId": self.subnet["SubnetId"]} for kind in kinds]
        return self.ec2.create_fleet(
            Type="instant", TargetCapacitySpecification={"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "spot"},
            LaunchTemplateConfigs=[{"LaunchTemplateSpecification": {
                "LaunchTemplateId": self.template, "Version": "$Latest"}, "Overrides": overrides}])


def check_signatures():
    wrong = boto3.client(
        "ec2", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], aws_secret_access_key="wrong")
    check("a wrong signature is refused", refused(wrong.describe_instances) in ("SignatureDoesNotMatch", "AuthFailure"))
    unsigned = urllib.request.Request(f"{os.environ['AWS_ENDPOINT_URL']}/?Action=DescribeInstances&Version=2016-11-15",
                                      headers={"Host": "ec2.us-east-1.amazonaws.com"})
    try:
        status = urllib.request.urlopen(unsigned, timeout=10).status
    except urllib.error.HTTPError as error:
        status = error.code
    check("so is none at all", status >= 400, status)


def check_capacity(account):
    rig(no_capacity=[["m5.large", account.zone, "spot"], ["c5.large", "*", "on-demand"]])
    answer = account.fleet("m5.large")
    codes = [error["ErrorCode"] for error in answer.get("Errors", [])]
    check("a fleet without capacity has errors and no instances",
          codes == ["InsufficientInstanceCapacity"] and not answer.get("Instances"), answer)
    answer = account.fleet("m5.large", "m5a.large")
    kinds = [instances["InstanceType"] for instances in answer["Instances"]]
    check("a fleet takes the pool that has some", kinds == ["m5a.large"] and len(answer["Errors"]) == 1, answer)
    code = refused(account.ec2.run_instances, ImageId=account.image, MinCount=1, MaxCount=1, InstanceType="c5.large",
                   SubnetId=account.subnet["SubnetId"])
    check("RunInstances fails without capacity", code == "InsufficientInstanceCapacity", code)
    rig(no_capacity=[])
    answer = account.fleet("m5.large")
    check("capacity comes back", answer["Instances"] and not answer.get("Errors"), answer)


def check_interruption(account):
    instance = next(iter(account.members()))
    rig(rebalance=[instance])
    advice = account.next_event("EC2 Instance Rebalance Recommendation")
    check("a recommendation is an event", advice and advice["detail"]["instance-id"] == instance, advice)
    rig(interrupt={"instances": [instance], "notice": 1})
    warning = account.next_event("EC2 Spot Instance Interruption Warning")
    check("an interruption is told of", warning and warning["detail"] == {
        "instance-id": instance, "instance-action": "terminate"}, warning)
    check("the event has an account and a resource",
          warning["account"] == "123456789012" and warning["resources"] == [
              f"arn:aws:ec2:us-east-1:123456789012:instance/{instance}"], warning)
    check("until the notice is over it runs", account.state_of(instance) == "running")
    check("then it ends", until(lambda: account.state_of(instance) == "terminated"))
    check("which is an event too", account.next_event("EC2 Instance State-change Notification"))
    check("and the group replaces it", until(lambda: len(account.members()) == 2 and instance not in account.members()),
          account.members())


HOLDS = 6  # seconds that a hook waits: a busy machine takes some of them for one call


def check_hooks(account):
    account.groups.put_lifecycle_hook(
        LifecycleHookName="drain", AutoScalingGroupName="spot", HeartbeatTimeout=HOLDS,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING", NotificationTargetARN=account.queue_arn,
        RoleARN="arn:aws:iam::123456789012:role/hooks")
    first, second = account.members()
    account.groups.terminate_instance_in_auto_scaling_group(InstanceId=first, ShouldDecrementDesiredCapacity=True)
    check("a hook holds an instance that is to end", account.members()[first] == "Terminating:Wait", account.members())
    event = account.next_event("EC2 Instance-terminate Lifecycle Action")
    check("and an event tells of it", event and event["detail"]["EC2InstanceId"] == first, event)
    message = account.next_event("autoscaling:EC2_INSTANCE_TERMINATING")
    check("and a message to the hook's queue", message and message["EC2InstanceId"] == first, message)
    action = {"LifecycleHookName": "drain", "AutoScalingGroupName": "spot", "InstanceId": first}
    for _ in range(3):
        began = time.monotonic()
        until(lambda: time.monotonic() > began + HOLDS * 0.4)  # three of them are longer than the hook waits
        account.groups.record_lifecycle_action_heartbeat(**action)
    check("heartbeats put the end off", account.state_of(first) == "running")
    account.groups.complete_lifecycle_action(LifecycleActionResult="CONTINUE", **action)
    check("completion ends it", account.state_of(first) == "terminated" and first not in account.members())
    code = refused(account.groups.complete_lifecycle_action, LifecycleActionResult="CONTINUE", **action)
    check("there is nothing left to complete", code == "ValidationError", code)
    account.groups.set_desired_capacity(AutoScalingGroupName="spot", DesiredCapacity=0)
    check("a smaller group is held too", account.members().get(second) == "Terminating:Wait", account.members())
    check("without an answer the timeout ends it", until(
        lambda: account.state_of(second) == "terminated", bound=5 * HOLDS))


def check_launch_hooks(account):
    account.groups.put_lifecycle_hook(
        LifecycleHookName="begin", AutoScalingGroupName="spot", HeartbeatTimeout=HOLDS, DefaultResult="CONTINUE",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING")
    account.groups.attach_load_balancer_target_groups(AutoScalingGroupName="spot", TargetGroupARNs=[account.targets])
    action = {"LifecycleHookName": "begin", "AutoScalingGroupName": "spot"}

    def targets():
        found = account.balancers.describe_target_health(TargetGroupArn=account.targets)["TargetHealthDescriptions"]
        return {one["Target"]["Id"] for one in found}

    def grow(size):
        there = account.members()
        account.groups.set_desired_capacity(AutoScalingGroupName="spot", DesiredCapacity=size)
        return next(iter(account.members().keys() - there.keys()))

    first = grow(1)
    check("a hook holds a new instance", account.members() == {first: "Pending:Wait"}, account.members())
    check("which is no target yet", first not in targets(), targets())
    event = account.next_event("EC2 Instance-launch Lifecycle Action")
    check("and an event tells of it", event and event["detail"]["EC2InstanceId"] == first and
          event["detail"]["Destination"] == "AutoScalingGroup", event)
    account.groups.complete_lifecycle_action(LifecycleActionResult="ABANDON", InstanceId=first, **action)
    check("who is abandoned ends", account.state_of(first) == "terminated")
    second = next(iter(account.members()))
    check("and another one is launched, and held", account.members() == {second: "Pending:Wait"} and second != first,
          account.members())
    account.groups.complete_lifecycle_action(LifecycleActionResult="CONTINUE", InstanceId=second, **action)
    check("completion puts it in service", account.members() == {second: "InService"}, account.members())
    check("and makes it a target", second in targets(), targets())
    third = grow(2)
    check("the group does not launch more for one that waits", len(account.members()) == 2, account.members())
    check("without an answer its default result counts", until(
        lambda: account.members()[third] == "InService", bound=5 * HOLDS), account.members())


def check_targets(account):
    def health():
        found = account.balancers.describe_target_health(TargetGroupArn=account.targets)["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in found}

    instance = account.ec2.run_instances(ImageId=account.image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    account.balancers.register_targets(TargetGroupArn=account.targets, Targets=[{"Id": instance}])
    check("a target is healthy", health() == {instance: "healthy"}, health())
    account.balancers.deregister_targets(TargetGroupArn=account.targets, Targets=[{"Id": instance}])
    check("a target that was deregistered drains", health() == {instance: "draining"}, health())
    check("and is gone after the delay", until(lambda: health() == {}), health())


def main():
    check_signatures()
    account = Account()
    check_capacity(account)
    check_interruption(account)
    check_hooks(account)
    check_targets(account)
    check_launch_hooks(account)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
