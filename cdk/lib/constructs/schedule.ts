import { Duration, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import type { Construct } from "constructs";

/** How late a run may start; a later one has no advantage over the next. */
const MAXIMUM_DELAY = Duration.minutes(15);

/**
 * Has EventBridge Scheduler run a function.
 *
 * @param description what is run
 * @param rate how often, as EventBridge Scheduler writes it
 */
export function runOnSchedule(scope: Construct, description: string, rate: string, scheduled: lambda.Function): void {
  const { functionArn } = scheduled;
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

  const schedule = new CfnSchedule(scope, "Schedule", {
    description,
    scheduleExpression: rate,
    flexibleTimeWindow: { mode: "OFF" },
    target: {
      arn: functionArn,
      roleArn: role.roleArn,
      retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: MAXIMUM_DELAY.toSeconds() },
    },
  });
  // Its first run comes at once, and needs the role's policy.
  schedule.node.addDependency(role);
}
