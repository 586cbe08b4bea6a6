import { Duration, Stack, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import type { Capabilities } from "./capabilities";
import { RustFunction, type FunctionFactory } from "./rust-function";
import type { Workflow } from "./workflow";

/** How late a run may start; a later one has no advantage over the next. */
const MAXIMUM_DELAY = Duration.minutes(15);

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
      description: "Schedule: looks after reports that are overdue, and for those that were never announced",
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
        ...can.publishing(mailWorkflow),
        can.reportsBucketName(),
      ],
      settings,
      functionFactory,
    });
    this.deadLetterQueue = new sqs.Queue(this, "DeadLetterQueue", {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: settings.removalPolicy,
    });
    Validations.of(this.deadLetterQueue).acknowledge({
      id: "AwsSolutions-SQS3",
      reason: "It is a dead-letter queue: the schedule's.",
    });
    this.addSchedule(props.rate);
  }

  private addSchedule(rate: string): void {
    const { functionArn } = this.rustFunction.function;
    const { queueArn } = this.deadLetterQueue;
    const stack = Stack.of(this);
    const role = new iam.Role(this, "ScheduleRole", {
      // Schedules of this account only, so that nobody else's can borrow the role.
      assumedBy: new iam.ServicePrincipal("scheduler.amazonaws.com", {
        conditions: {
          StringEquals: {
            "aws:SourceAccount": stack.account,
            "aws:SourceArn": stack.formatArn({
              service: "scheduler",
              resource: "schedule-group",
              resourceName: "default",
            }),
          },
        },
      }),
      description: "Runs the reconciler on its schedule",
    });
    role.addToPolicy(new iam.PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [functionArn] }));
    role.addToPolicy(new iam.PolicyStatement({ actions: ["sqs:SendMessage"], resources: [queueArn] }));

    const schedule = new CfnSchedule(this, "Schedule", {
      description: "Runs the reconciler",
      scheduleExpression: rate,
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: functionArn,
        roleArn: role.roleArn,
        retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: MAXIMUM_DELAY.toSeconds() },
        deadLetterConfig: { arn: queueArn },
      },
    });
    // Its first run comes at once, and needs the role's policy.
    schedule.node.addDependency(role);
  }
}
