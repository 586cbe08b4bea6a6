import { CfnOutput, Stack, Validations } from "aws-cdk-lib";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { SqsSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

export interface MailboxStackProps {
  readonly topic: ITopic;
}

/** A queue in a mailbox's place, so that a local stack's messages can be read by a program. */
export class MailboxStack extends Stack {
  constructor(scope: Construct, id: string, props: MailboxStackProps) {
    super(scope, id, { description: "Stands in for a mailbox that receives the messages about reports" });

    const queue = new Queue(this, "Mailbox", { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true });
    Validations.of(queue).acknowledge({
      id: "AwsSolutions-SQS3",
      reason: "Messages stay until the test that reads them has; there is no consumer that could fail.",
    });
    // Not raw: subject and text arrive as in an e-mail.
    props.topic.addSubscription(new SqsSubscription(queue));

    new CfnOutput(this, "MailboxQueueUrl", {
      description: "Queue with the messages about reports",
      value: queue.queueUrl,
    });
  }
}
