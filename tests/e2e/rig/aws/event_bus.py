"""Events on the default bus, as EC2 and AutoScaling tell of what they do."""
import json

from account import ACCOUNT, REGION, here
from moto.events import events_backends
from moto.events.utils import EventTemplateParser


def emit(source, kind, resources, detail):
    here(events_backends).put_events([{
        "Source": source, "DetailType": kind, "Resources": resources, "Detail": json.dumps(detail)}])


def instance_arn(instance):
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance}"


def emit_of_instance(kind, instance, **detail):
    emit("aws.ec2", kind, [instance_arn(instance)], {"instance-id": instance, **detail})


def tell_the_account():
    """moto's events leave out the account that every real one names."""
    template = EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE
    EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE = template.replace('{"id"', '{"account": "<account>", "id"', 1)
