import { CfnOutput, Stack, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

export interface MailboxStackProps {
  readonly topics: ITopic[];
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
    // The local AWS's e-mail service: what the topics send to people's addresses.
    queue.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal("sns.amazonaws.com")],
        actions: ["sqs:SendMessage"],
        resources: [queue.queueArn],
        conditions: { ArnEquals: { "aws:SourceArn": props.topics.map(({ topicArn }) => topicArn) } },
      }),
    );

    new CfnOutput(this, "MailboxQueueUrl", {
      description: "Queue with the messages about reports, and of alarms",
      value: queue.queueUrl,
    });
  }
}
