import type { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import type { Capabilities } from "./capabilities";
import { MAX_RECEIVE_COUNT, type NotificationsQueue } from "./notifications-queue";
import { RustFunction, type FunctionFactory } from "./rust-function";
import type { Workflow } from "./workflow";

export interface NotificationsProcessorProps {
  readonly settings: Settings;
  readonly functionFactory: FunctionFactory;
  readonly timeout: Duration;
  readonly notificationsQueue: NotificationsQueue;
  readonly can: Capabilities;
  readonly deliveryWorkflow: Workflow;
  /** Where deliveries begin, if there is one. */
  readonly expressLane: Workflow | undefined;
}

/** The function that starts the workflow for every notification of a finished report. */
export class NotificationsProcessor extends Construct {
  readonly rustFunction: RustFunction;

  constructor(scope: Construct, id: string, props: NotificationsProcessorProps) {
    super(scope, id);
    const { settings, functionFactory, notificationsQueue, can, deliveryWorkflow, expressLane, timeout } = props;

    this.rustFunction = new RustFunction(this, "NotificationsProcessor", {
      name: "notifications-processor",
      description: "Queue: starts the workflow for every finished report",
      timeout,
      memorySize: 256,
      capabilities: [
        deliveryWorkflow.starting(),
        ...(expressLane === undefined ? [] : [expressLane.starting()]),
        can.reports("dynamodb:GetItem", "dynamodb:UpdateItem"),
        can.overdue(),
        // Nothing is delivered of sellers who are not known here, and of others what they want.
        can.sellingPartners("dynamodb:GetItem"),
        { environment: { DELIVER: settings.deliver } },
        { permissions: notificationsQueue.consumeAccess() },
        {
          environment: {
            DEAD_LETTER_QUEUE_URL: notificationsQueue.deadLetterQueue.queueUrl,
            // At the last receive it says why, before the queue moves the message without a word.
            MAX_RECEIVE_COUNT: String(MAX_RECEIVE_COUNT),
          },
          permissions: notificationsQueue.deadLetterAccess(),
        },
      ],
      settings,
      functionFactory,
    });
    // Not an `SqsEventSource`, which grants more on the queue and its key than it takes.
    this.rustFunction.function.addEventSourceMapping("Notifications", {
      eventSourceArn: notificationsQueue.queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency: 10,
    });
  }
}
