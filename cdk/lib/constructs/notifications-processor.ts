import type { Duration } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { IStateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import type { NotificationsQueue } from "./notifications-queue";
import { RustFunction, type FunctionFactory } from "./rust-function";

export interface NotificationsProcessorProps {
  readonly settings: Settings;
  readonly functionFactory: FunctionFactory;
  readonly timeout: Duration;
  readonly notificationsQueue: NotificationsQueue;
  readonly stateMachine: IStateMachine;
}

/** The function that starts the workflow for every notification of a finished report. */
export class NotificationsProcessor extends Construct {
  readonly rustFunction: RustFunction;

  constructor(scope: Construct, id: string, props: NotificationsProcessorProps) {
    super(scope, id);
    const { settings, functionFactory, notificationsQueue, stateMachine, timeout } = props;

    this.rustFunction = new RustFunction(this, "NotificationsProcessor", {
      name: "notifications-processor",
      description: "Queue: starts the workflow for every finished report",
      timeout,
      memorySize: 256,
      environment: { STATE_MACHINE_ARN: stateMachine.stateMachineArn },
      permissions: [
        new iam.PolicyStatement({ actions: ["states:StartExecution"], resources: [stateMachine.stateMachineArn] }),
        ...notificationsQueue.consumeAccess(),
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
