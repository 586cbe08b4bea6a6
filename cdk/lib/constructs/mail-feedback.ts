import { Duration, type RemovalPolicy } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as targets from "aws-cdk-lib/aws-events-targets";
import * as iam from "aws-cdk-lib/aws-iam";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { Capabilities } from "./capabilities";
import type { Functions } from "./functions";
import type { RustFunction } from "./rust-function";
import type { SesMail } from "./ses-mail";
import type { Workflow } from "./workflow";

/** How often an event is tried before it is put aside. */
const MAX_RECEIVE_COUNT = 5;

const TIMEOUT = Duration.seconds(60);

export interface MailFeedbackProps {
  readonly functions: Functions;
  readonly can: Capabilities;
  readonly sesMail: SesMail;
  readonly mailWorkflow: Workflow;
  readonly removalPolicy: RemovalPolicy;
}

/** What becomes of bounces and complaints: from SES's events by a queue to a function. */
export class MailFeedback extends Construct {
  readonly rustFunction: RustFunction;
  /** Events that could not be acted upon. */
  readonly deadLetterQueue: sqs.Queue;

  constructor(scope: Construct, id: string, props: MailFeedbackProps) {
    super(scope, id);
    const { functions, can, sesMail, mailWorkflow, removalPolicy } = props;
    const shared: sqs.QueueProps = {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy,
    };
    this.deadLetterQueue = new sqs.Queue(this, "DeadLetterQueue", shared);
    const queue = new sqs.Queue(this, "Queue", {
      ...shared,
      // As Lambda asks for it.
      visibilityTimeout: Duration.seconds(TIMEOUT.toSeconds() * 6),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
    new events.Rule(this, "Rule", {
      description: "Bounces and complaints of e-mails about reports",
      eventPattern: {
        source: ["aws.ses"],
        detail: {
          eventType: ["Bounce", "Complaint", "Reject"],
          // Other mail of this account is none of ours.
          mail: { tags: { "ses:configuration-set": [sesMail.configurationSetName] } },
        },
      },
      targets: [new targets.SqsQueue(queue)],
    });
    this.rustFunction = functions.add("MailFeedback", {
      name: "mail-feedback",
      description: "Queue: sends nothing more to addresses that bounce or complain",
      timeout: TIMEOUT,
      memorySize: 256,
      capabilities: [
        ...can.publishing(mailWorkflow),
        can.reports("dynamodb:UpdateItem"),
        can.sellingPartners("dynamodb:Scan", "dynamodb:UpdateItem"),
        {
          permissions: [
            new iam.PolicyStatement({
              actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
              resources: [queue.queueArn],
            }),
          ],
        },
      ],
    });
    this.rustFunction.function.addEventSourceMapping("Feedback", {
      eventSourceArn: queue.queueArn,
      // Each may have several owners to be told of.
      batchSize: 1,
      reportBatchItemFailures: true,
    });
  }
}
