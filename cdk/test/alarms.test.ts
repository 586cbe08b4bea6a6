import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { readable, resources, template, templateWithLane, templateWithSes, type Json } from "./support";

const alarms = (from = template()): [string, Json][] =>
  Object.entries(resources("AWS::CloudWatch::Alarm", from)).map(([id, alarm]) => [id, readable(alarm)]);

const measured = (from = template()): Record<string, string> =>
  Object.fromEntries(
    alarms(from).map(([id, alarm]) => [
      id.replace(/^Alarms/, ""),
      `${alarm.Namespace} ${alarm.MetricName} of ${alarm.Dimensions.map((each: Json) => each.Value).join()}: ` +
        `${alarm.Statistic} >= ${alarm.Threshold}`,
    ]),
  );

describe("alarms", () => {
  test("go off at these values and no other", () => {
    const executions = (name: string, metric: string): string =>
      `AWS/States ${metric} of <${name}StateMachine>: Sum >= 1`;
    const errors = (id: string, threshold: number): string =>
      `AWS/Lambda Errors of <${id}Function>: Sum >= ${threshold}`;
    assert.deepEqual(measured(), {
      DeadLetterQueueNotEmpty:
        "AWS/SQS ApproximateNumberOfMessagesVisible of <NotificationsQueueDeadLetterQueue.QueueName>: Maximum >= 1",
      OldestNotification: "AWS/SQS ApproximateAgeOfOldestMessage of <NotificationsQueue.QueueName>: Maximum >= 3600",
      ExecutionsFailed: executions("Workflow", "ExecutionsFailed"),
      ExecutionsTimedOut: executions("Workflow", "ExecutionsTimedOut"),
      ExecutionsAborted: executions("Workflow", "ExecutionsAborted"),
      OrderExecutionsFailed: executions("OrderWorkflow", "ExecutionsFailed"),
      OrderExecutionsTimedOut: executions("OrderWorkflow", "ExecutionsTimedOut"),
      OrderExecutionsAborted: executions("OrderWorkflow", "ExecutionsAborted"),
      RedeliveryExecutionsFailed: executions("RedeliveryWorkflow", "ExecutionsFailed"),
      RedeliveryExecutionsTimedOut: executions("RedeliveryWorkflow", "ExecutionsTimedOut"),
      RedeliveryExecutionsAborted: executions("RedeliveryWorkflow", "ExecutionsAborted"),
      MailExecutionsFailed: executions("MailWorkflow", "ExecutionsFailed"),
      MailExecutionsTimedOut: executions("MailWorkflow", "ExecutionsTimedOut"),
      MailExecutionsAborted: executions("MailWorkflow", "ExecutionsAborted"),
      CredentialsRefused: "SpReports CredentialsRefused of <FunctionsRedeliveryWorkerFunction>: Sum >= 1",
      TokenStorageErrors: errors("FunctionsTokenStorage", 5),
      NotificationsSubscriberErrors: errors("FunctionsNotificationsSubscriber", 5),
      ReportCreatorErrors: errors("FunctionsReportCreator", 5),
      ReportReaderErrors: errors("FunctionsReportReader", 5),
      SellerReaderErrors: errors("FunctionsSellerReader", 5),
      ReportCancellerErrors: errors("FunctionsReportCanceller", 5),
      ReportSchedulerErrors: errors("FunctionsReportScheduler", 5),
      RedeliveryRequesterErrors: errors("FunctionsRedeliveryRequester", 5),
      DocumentAccessErrors: errors("FunctionsDocumentAccess", 5),
      LinkOpenerErrors: errors("FunctionsLinkOpener", 5),
      MailGathererErrors: errors("FunctionsMailGatherer", 5),
      RedeliveryWorkerErrors: errors("FunctionsRedeliveryWorker", 5),
      OrderPlacerErrors: errors("FunctionsOrderPlacer", 5),
      ReportDocumentRetrievalErrors: errors("FunctionsReportDocumentRetrieval", 5),
      ReportDocumentStorageErrors: errors("FunctionsReportDocumentStorage", 5),
      PresignedUrlGeneratorErrors: errors("FunctionsPresignedUrlGenerator", 5),
      ReportNotifierErrors: errors("FunctionsReportNotifier", 5),
      NotificationsProcessorErrors: errors("NotificationsNotificationsProcessor", 5),
      ReportReconcilerErrors: errors("ReconcilerReportReconciler", 1),
    });
  });

  test("know the express lane, which nobody can abort", () => {
    const added = Object.entries(measured(templateWithLane())).filter(([id]) => measured()[id] === undefined);
    assert.deepEqual(Object.fromEntries(added), {
      ExpressLaneExecutionsFailed: "AWS/States ExecutionsFailed of <ExpressLaneStateMachine>: Sum >= 1",
      ExpressLaneExecutionsTimedOut: "AWS/States ExecutionsTimedOut of <ExpressLaneStateMachine>: Sum >= 1",
    });
  });

  test("know what goes wrong with mail that SES sends", () => {
    const senders = [
      "FunctionsReportNotifier",
      "FunctionsMailGatherer",
      "FunctionsRedeliveryWorker",
      "ReconcilerReportReconciler",
      "FunctionsMailFeedback",
    ];
    const others = alarms(templateWithSes()).filter(([id]) => !alarms().some(([known]) => known === id));
    assert.deepEqual(
      others.map(([id, alarm]) => [id, alarm.Namespace, alarm.MetricName, readable(alarm.Dimensions[0].Value)]),
      [
        ...senders.map((sender) => [
          `Alarms${sender.replace(/^(Functions|Reconciler)/, "")}MailRefused`,
          "SpReports",
          "MailRefused",
          `<${sender}Function>`,
        ]),
        ["AlarmsOwnersMailUndeliverable", "SpReports", "OwnersMailUndeliverable", "<FunctionsMailFeedbackFunction>"],
        [
          "AlarmsMailDeadLetterQueueNotEmpty",
          "AWS/SQS",
          "ApproximateNumberOfMessagesVisible",
          "<MailFeedbackDeadLetterQueue.QueueName>",
        ],
        ["AlarmsMailFeedbackErrors", "AWS/Lambda", "Errors", "<FunctionsMailFeedbackFunction>"],
      ],
    );
  });

  test("say what to do", () => {
    for (const [id, alarm] of [...alarms(templateWithLane()), ...alarms(templateWithSes())]) {
      // What happened, and then what to do about it.
      assert.match(alarm.AlarmDescription, /\. .+\.$/, id);
    }
  });

  test("go off at once, and not for lack of data", () => {
    for (const [id, alarm] of alarms()) {
      assert.equal(alarm.ComparisonOperator, "GreaterThanOrEqualToThreshold", id);
      assert.equal(alarm.EvaluationPeriods, 1, id);
      // Refused credentials are looked at every ten minutes or so, and are one matter.
      assert.equal(alarm.Period, id === "AlarmsCredentialsRefused" ? 3600 : 300, id);
      assert.equal(alarm.TreatMissingData, "notBreaching", id);
    }
  });
});
