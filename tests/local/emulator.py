"""The local AWS: MiniStack, with somebody to carry e-mail.

MiniStack takes e-mail subscriptions, and only logs what is sent to them. Here it is put into the queue of the
mailbox stack, filter policies and the form for e-mail included, with the address that it is for. So is what SES
sends. What is sent to SES's own addresses for tries, such as bounce+1@simulator.amazonses.com, comes back as an event
instead, and what is sent to unverified@... is refused.
"""

import json
import sys
from datetime import datetime, timezone

import composite_alarms
from hypercorn.config import Config
from ministack import app
from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id
from ministack.services import eventbridge, ses_v2, sns, sqs

# SES v2's SendEmail.
SENDING = ("POST", "/v2/email/outbound-emails")

fanout = sns._fanout
handle_ses = ses_v2.handle_request
enforce_ses = app._enforce_ses_v2


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


def enforce_sending(method, path, headers, body, query_params, request_id):
    """Who sends needs permission for the sender's identity, and policies know the sender's address, as on AWS."""
    if (method, path) != SENDING:
        return enforce_ses(method, path, headers, body, query_params, request_id)
    sender = json.loads(body).get("FromEmailAddress", "")
    region = app.extract_region(headers, query_params)
    identity = f"arn:aws:ses:{region}:{get_account_id()}:identity/{sender}"
    return app._enforce_data_plane(
        "sesv2", "ses:SendEmail", headers, query_params, request_id, resource_arn=identity,
        service_context={"ses:FromAddress": sender}, named_resource=identity,
    )


async def handle_ses_with_mail(method, path, headers, body, query_params):
    response = await handle_ses(method, path, headers, body, query_params)
    if (method, path) == SENDING and response[0] == 200:
        carry(json.loads(body), json.loads(response[2])["MessageId"])
    return response


def carry(mail, message_id):
    message, destination = mail["Content"]["Simple"], mail["Destination"]
    for recipient in destination.get("ToAddresses", []) + destination.get("BccAddresses", []):
        local_part, _, domain = recipient.partition("@")
        if domain == "simulator.amazonses.com":
            feed_back(local_part.partition("+")[0], recipient, mail.get("ConfigurationSetName"), message_id)
            continue
        envelope = {
            "Type": "Notification",
            "MessageId": message_id,
            "Subject": message["Subject"]["Data"],
            "Message": message["Body"]["Text"]["Data"],
            "Html": message["Body"]["Html"]["Data"],
            "Recipient": recipient,
            "Timestamp": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        for arn in mailboxes():
            eventbridge._dispatch_to_sqs(parse_arn(arn), json.dumps(envelope))


def feed_back(what, recipient, configuration_set, message_id):
    """What SES's mailbox simulator does, as SES tells it of a configuration set."""
    recipients = [{"emailAddress": recipient}]
    if what == "bounce":
        code = "smtp; 550 5.1.1 user unknown"
        bounced = [{"emailAddress": recipient, "action": "failed", "status": "5.1.1", "diagnosticCode": code}]
        bounce = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": bounced}
        name, detail = "Email Bounced", {"eventType": "Bounce", "bounce": bounce}
    elif what == "ooto":
        bounce = {"bounceType": "Transient", "bounceSubType": "General", "bouncedRecipients": recipients}
        name, detail = "Email Bounced", {"eventType": "Bounce", "bounce": bounce}
    elif what == "complaint":
        complaint = {"complaintFeedbackType": "abuse", "complainedRecipients": recipients}
        name, detail = "Email Complaint Received", {"eventType": "Complaint", "complaint": complaint}
    else:
        return
    tags = {"ses:configuration-set": [configuration_set]}
    detail["mail"] = {"messageId": message_id, "destination": [recipient], "tags": tags}
    entry = {"Source": "aws.ses", "DetailType": name, "Detail": json.dumps(detail)}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def rejection(sender, recipients=()):
    """Every sender is verified, and so are all readers but those that say they are not."""
    failed = [recipient for recipient in recipients if recipient.startswith("unverified")]
    return f"Email address is not verified. The following identities failed the check: {', '.join(failed)}" if failed else None


# After a thousand requests Hypercorn ends an HTTP/2 connection without an answer to the last of them: a function that has
# lived so long would wait for it until its time is up.
Config.keep_alive_max_requests = sys.maxsize

sns._fanout = fanout_with_mail
ses_v2.handle_request = handle_ses_with_mail
ses_v2._message_rejection = rejection
app._enforce_ses_v2 = enforce_sending
composite_alarms.install()
app.main()
