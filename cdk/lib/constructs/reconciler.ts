import { Duration } from "aws-cdk-lib";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import type { Capabilities } from "./capabilities";
import { RustFunction, type FunctionFactory } from "./rust-function";
import { runOnSchedule } from "./schedule";
import type { Workflow } from "./workflow";

export interface ReconcilerProps {
  readonly settings: Settings;
  readonly functionFactory: FunctionFactory;
  readonly can: Capabilities;
  readonly deliveryWorkflow: Workflow;
  readonly orderWorkflow: Workflow;
  readonly redeliveryWorkflow: Workflow;
  readonly mailWorkflow: Workflow;
  /** How often it runs, as EventBridge Scheduler writes it. */
  readonly rate: string;
}

/** The function that regularly looks after reports that nothing has been heard of, and its schedule. */
export class Reconciler extends Construct {
  readonly rustFunction: RustFunction;
  /** Runs that the schedule could not start. */
  readonly deadLetterQueue: sqs.Queue;

  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    super(scope, id);
    const { settings, functionFactory, can, deliveryWorkflow, orderWorkflow, redeliveryWorkflow, mailWorkflow } = props;

    this.rustFunction = new RustFunction(this, "ReportReconciler", {
      name: "report-reconciler",
      description: "Schedule: looks after reports that are overdue or were never announced, and reminds of authorizations",
      timeout: Duration.minutes(15),
      memorySize: 256,
      capabilities: [
        ...can.spApi("dynamodb:Scan", "dynamodb:UpdateItem"),
        can.quotas(),
        can.reports("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:Query"),
        can.reportsIndex("byDueTime"),
        deliveryWorkflow.starting(),
        deliveryWorkflow.watching(),
        orderWorkflow.starting(),
        orderWorkflow.watching(),
        redeliveryWorkflow.starting(),
        can.overdue(),
        can.slowAfter(),
        can.reauthorization(),
        ...can.publishing(mailWorkflow),
        can.reportsBucketName(),
      ],
      settings,
      functionFactory,
    });
    this.deadLetterQueue = runOnSchedule(this, {
      description: "Runs the reconciler",
      rate: props.rate,
      scheduled: this.rustFunction.function,
      removalPolicy: settings.removalPolicy,
    });
  }
}
