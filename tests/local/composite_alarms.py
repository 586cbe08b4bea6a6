"""Composite alarms of templates: MiniStack has such alarms, but its CloudFormation makes none."""

import json

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners


def name_of(logical_id, properties, stack_name):
    return properties.get("AlarmName") or provisioners._physical_name(stack_name, logical_id, max_len=255)


def create(logical_id, properties, stack_name):
    """As by PutCompositeAlarm, which keeps the state of an alarm that is there."""
    name = name_of(logical_id, properties, stack_name)
    status, _, answer = cloudwatch._put_composite_alarm({}, {**properties, "AlarmName": name}, False, is_json=True)
    if status != 200:
        raise ValueError(json.loads(answer).get("message", answer))
    return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}


def update(physical_id, old_properties, properties, stack_name, logical_id=None):
    """In place, unless the alarm is to have another name, or somebody has deleted it."""
    logical_id = logical_id or physical_id
    replaced = provisioners._rename_replacement(
        physical_id, old_properties, properties, stack_name, logical_id,
        name_of(logical_id, properties, stack_name),
        physical_id if physical_id in cloudwatch._composite_alarms else None,
        create, delete,
    )
    return replaced or create(logical_id, properties, stack_name)


def delete(physical_id, properties):
    alarm = cloudwatch._composite_alarms.pop(physical_id, None)
    if alarm:
        cloudwatch._resource_tags.pop(alarm["AlarmArn"], None)


def install():
    handlers = {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}
    # A version of MiniStack that can do it by itself keeps its own.
    provisioners._RESOURCE_HANDLERS.setdefault("AWS::CloudWatch::CompositeAlarm", handlers)
