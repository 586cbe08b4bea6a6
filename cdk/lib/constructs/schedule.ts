import { Duration, Stack, Validations, type RemovalPolicy } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

/** How late a run may start; a later one has no advantage over the next. */
const MAXIMUM_DELAY = Duration.minutes(15);

/** What is run, and how often. */
export interface ScheduledRun {
  readonly description: string;
  /** As EventBridge Scheduler writes it. */
  readonly rate: string;
  readonly scheduled: lambda.Function;
  /** What becomes of runs that could not be started, when the stack is destroyed. */
  readonly removalPolicy: RemovalPolicy;
}

/**
 * Has EventBridge Scheduler run a function.
 *
 * @returns the queue with the runs that it could not start
 */
export function runOnSchedule(scope: Construct, { description, rate, scheduled, removalPolicy }: ScheduledRun): sqs.Queue {
  const { functionArn } = scheduled;
  const deadLetterQueue = new sqs.Queue(scope, "DeadLetterQueue", {
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    removalPolicy,
  });
  Validations.of(deadLetterQueue).acknowledge({
    id: "AwsSolutions-SQS3",
    reason: "It is a dead-letter queue: the schedule's.",
  });
  const { queueArn } = deadLetterQueue;
  const stack = Stack.of(scope);
  const role = new iam.Role(scope, "ScheduleRole", {
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
    description: `${description} on its schedule`,
  });
  role.addToPolicy(new iam.PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [functionArn] }));
  role.addToPolicy(new iam.PolicyStatement({ actions: ["sqs:SendMessage"], resources: [queueArn] }));

  const schedule = new CfnSchedule(scope, "Schedule", {
    description,
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
  return deadLetterQueue;
}
