import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { permissionsOf, readable, resources, statements, type Json } from "./support";

describe("the schedule", () => {
  const schedules = (): Record<string, Json> => readable(resources("AWS::Scheduler::Schedule"));

  test("runs the reconciler as often as the parameter says, to the minute", () => {
    assert.deepEqual(Object.keys(schedules()), ["ReconcilerSchedule"]);
    const schedule = schedules()["ReconcilerSchedule"];
    assert.equal(schedule.ScheduleExpression, "<ReconcileRate>");
    assert.deepEqual(schedule.FlexibleTimeWindow, { Mode: "OFF" });
    assert.equal(schedule.State, undefined); // enabled
    assert.deepEqual(schedule.Target, {
      Arn: "<ReconcilerReportReconcilerFunction.Arn>",
      RoleArn: "<ReconcilerScheduleRole.Arn>",
      RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 900 },
      DeadLetterConfig: { Arn: "<ReconcilerDeadLetterQueue.Arn>" },
    });
  });

  test("keeps for two weeks which runs it could not start", () => {
    const queue = resources("AWS::SQS::Queue")["ReconcilerDeadLetterQueue"];
    assert.equal(queue.SqsManagedSseEnabled, true);
    assert.equal(queue.MessageRetentionPeriod, 14 * 24 * 3600);
  });

  test("has a role that can do this and nothing else", () => {
    assert.deepEqual(permissionsOf("Roles", "ReconcilerScheduleRole"), [
      "lambda:InvokeFunction on <ReconcilerReportReconcilerFunction.Arn>",
      "sqs:SendMessage on <ReconcilerDeadLetterQueue.Arn>",
    ]);
    const role = resources("AWS::IAM::Role")["ReconcilerScheduleRole"];
    assert.equal(role.ManagedPolicyArns, undefined);
    assert.equal(role.Policies, undefined);
  });

  test("is the only one that may take on its role, and only in its own account", () => {
    const role = resources("AWS::IAM::Role")["ReconcilerScheduleRole"];
    const condition = {
      StringEquals: {
        "aws:SourceAccount": "<AWS::AccountId>",
        "aws:SourceArn": "arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule-group/default",
      },
    };
    assert.deepEqual(statements(role.AssumeRolePolicyDocument), [
      `{"Service":"scheduler.amazonaws.com"}: sts:AssumeRole on  if ${JSON.stringify(condition)}`,
    ]);
  });
});
