import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { readable, resources, type Json } from "./support";

const alarms = (): [string, Json][] =>
  Object.entries(resources("AWS::CloudWatch::Alarm")).map(([id, alarm]) => [id, readable(alarm)]);

describe("alarms", () => {
  test("go off at these values and no other", () => {
    const executions = (name: string, metric: string): string =>
      `AWS/States ${metric} of <${name}StateMachine>: Sum >= 1`;
    const errors = (id: string, threshold: number): string =>
      `AWS/Lambda Errors of <${id}Function>: Sum >= ${threshold}`;
    const metrics = alarms().map(([id, alarm]) => [
      id.replace(/^Alarms/, ""),
      `${alarm.Namespace} ${alarm.MetricName} of ${alarm.Dimensions.map((each: Json) => each.Value).join()}: ` +
        `${alarm.Statistic} >= ${alarm.Threshold}`,
    ]);
    assert.deepEqual(Object.fromEntries(metrics), {
      DeadLetterQueueNotEmpty:
        "AWS/SQS ApproximateNumberOfMessagesVisible of <NotificationsQueueDeadLetterQueue.QueueName>: Maximum >= 1",
      OldestNotification: "AWS/SQS ApproximateAgeOfOldestMessage of <NotificationsQueue.QueueName>: Maximum >= 3600",
      ExecutionsFailed: executions("Workflow", "ExecutionsFailed"),
      ExecutionsTimedOut: executions("Workflow", "ExecutionsTimedOut"),
      ExecutionsAborted: executions("Workflow", "ExecutionsAborted"),
      OrderExecutionsFailed: executions("OrderWorkflow", "ExecutionsFailed"),
      OrderExecutionsTimedOut: executions("OrderWorkflow", "ExecutionsTimedOut"),
      OrderExecutionsAborted: executions("OrderWorkflow", "ExecutionsAborted"),
      TokenStorageErrors: errors("FunctionsTokenStorage", 5),
      NotificationsSubscriberErrors: errors("FunctionsNotificationsSubscriber", 5),
      ReportCreatorErrors: errors("FunctionsReportCreator", 5),
      ReportReaderErrors: errors("FunctionsReportReader", 5),
      ReportCancellerErrors: errors("FunctionsReportCanceller", 5),
      ReportSchedulerErrors: errors("FunctionsReportScheduler", 5),
      OrderPlacerErrors: errors("FunctionsOrderPlacer", 5),
      ReportDocumentRetrievalErrors: errors("FunctionsReportDocumentRetrieval", 5),
      ReportDocumentStorageErrors: errors("FunctionsReportDocumentStorage", 5),
      PresignedUrlGeneratorErrors: errors("FunctionsPresignedUrlGenerator", 5),
      ReportNotifierErrors: errors("FunctionsReportNotifier", 5),
      NotificationsProcessorErrors: errors("NotificationsNotificationsProcessor", 5),
      ReportReconcilerErrors: errors("ReconcilerReportReconciler", 1),
    });
  });

  test("say what to do", () => {
    for (const [id, alarm] of alarms()) {
      // What happened, and then what to do about it.
      assert.match(alarm.AlarmDescription, /\. .+\.$/, id);
    }
  });

  test("go off at once, and not for lack of data", () => {
    for (const [id, alarm] of alarms()) {
      assert.equal(alarm.ComparisonOperator, "GreaterThanOrEqualToThreshold", id);
      assert.equal(alarm.EvaluationPeriods, 1, id);
      assert.equal(alarm.Period, 300, id);
      assert.equal(alarm.TreatMissingData, "notBreaching", id);
    }
  });
});
