"""The local AWS: MiniStack, with somebody to carry e-mail.

MiniStack takes e-mail subscriptions, and only logs what is sent to them. Here it is put into the queue of the
mailbox stack, filter policies and the form for e-mail included, with the address that it is for.
"""

import json
import sys

from hypercorn.config import Config
from ministack.app import main
from ministack.services import sns, sqs

fanout = sns._fanout


def fanout_with_mail(topic_arn, message_id, message, subject, message_structure="", message_attributes=None, *rest, **more):
    fanout(topic_arn, message_id, message, subject, message_structure, message_attributes, *rest, **more)
    topic = sns._topic_by_arn_any_scope(topic_arn)
    if not topic:
        return
    attributes = message_attributes or {}
    text = sns._resolve_message_for_protocol(message, message_structure, "email")
    for subscription in topic["subscriptions"]:
        if subscription.get("protocol") != "email" or not sns._matches_filter_policy(subscription, attributes, text):
            continue
        envelope = json.loads(sns._build_envelope(topic_arn, message_id, text, subject, attributes, False))
        envelope["Recipient"] = subscription["endpoint"]
        for arn in mailboxes():
            sns._deliver_to_sqs(arn, json.dumps(envelope), False, text, topic_arn=topic_arn)


def mailboxes():
    """The queues that mailbox stacks have made. Their policies say which topic each is for."""
    arns = [queue.get("attributes", {}).get("QueueArn", "") for queue in list(sqs._queues.all_values())]
    return [arn for arn in arns if "Mailbox" in arn]


# After a thousand requests Hypercorn ends an HTTP/2 connection without an answer to the last of them: a function that has
# lived so long would wait for it until its time is up.
Config.keep_alive_max_requests = sys.maxsize

sns._fanout = fanout_with_mail
main()
