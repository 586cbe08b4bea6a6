import { Duration, type RemovalPolicy } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import { useKeyThrough } from "./encryption";

/** Amazon's account that sends Selling Partner API notifications. */
const SP_API_NOTIFICATIONS_ACCOUNT = "437568002678";

/** How often a message is read before it goes to the dead-letter queue. */
export const MAX_RECEIVE_COUNT = 5;

export interface NotificationsQueueProps {
  readonly encryptionKey: kms.Key;
  /** Timeout of the function that reads the queue. */
  readonly processorTimeout: Duration;
  readonly removalPolicy: RemovalPolicy;
}

/** Lets Amazon's account send notifications to a queue. */
export function letAmazonSendTo(queue: sqs.Queue): void {
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: "SellingPartnerApiNotifications",
      principals: [new iam.AccountPrincipal(SP_API_NOTIFICATIONS_ACCOUNT)],
      actions: ["sqs:SendMessage", "sqs:GetQueueAttributes"],
      resources: [queue.queueArn],
    }),
  );
}

/** Where Amazon delivers notifications, and where those end up that can't be processed. */
export class NotificationsQueue extends Construct {
  readonly queue: sqs.Queue;
  readonly deadLetterQueue: sqs.Queue;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: NotificationsQueueProps,
  ) {
    super(scope, id);
    const shared: sqs.QueueProps = {
      encryption: sqs.QueueEncryption.KMS,
      encryptionMasterKey: props.encryptionKey,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: props.removalPolicy,
    };

    this.deadLetterQueue = new sqs.Queue(this, "DeadLetterQueue", shared);
    this.queue = new sqs.Queue(this, "Queue", {
      ...shared,
      // Six times the reader's timeout is what Lambda asks for, so that a message that waits
      // for a throttled function doesn't show up twice.
      visibilityTimeout: Duration.seconds(props.processorTimeout.toSeconds() * 6),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
    });

    // Both grants as Amazon's notifications guide asks for them.
    letAmazonSendTo(this.queue);
    props.encryptionKey.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: "SellingPartnerApiNotifications",
        principals: [new iam.AccountPrincipal(SP_API_NOTIFICATIONS_ACCOUNT)],
        actions: ["kms:GenerateDataKey", "kms:Decrypt"],
        resources: ["*"], // In a key policy: this key.
      }),
    );
  }

  /** Allows to read and remove messages. */
  consumeAccess(): iam.PolicyStatement[] {
    return [
      new iam.PolicyStatement({
        actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        resources: [this.queue.queueArn],
      }),
      useKeyThrough("sqs", this.props.encryptionKey, "kms:Decrypt"),
    ];
  }

  /** Allows to put messages into the dead-letter queue. */
  deadLetterAccess(): iam.PolicyStatement[] {
    return [
      new iam.PolicyStatement({ actions: ["sqs:SendMessage"], resources: [this.deadLetterQueue.queueArn] }),
      useKeyThrough("sqs", this.props.encryptionKey, "kms:GenerateDataKey", "kms:Decrypt"),
    ];
  }
}
