import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";

import { readable, resources, statements, synthesize, template, templateWithLane, templateWithRotation, templateWithSes, type Json } from "./support";

const OF_METRICS = "AWS::CloudWatch::Alarm";
const COMPOSITE = "AWS::CloudWatch::CompositeAlarm";

/** Alarms of a type by their ids in the app. */
const alarms = (type: string, from: Template): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(resources(type, from)).map(([id, alarm]) => [id.replace(/^Alarms/, ""), readable(alarm)]),
  );

/** What an alarm goes off at, in words. */
const measured = (from: Template): Record<string, string> =>
  Object.fromEntries(
    Object.entries(alarms(OF_METRICS, from)).map(([id, alarm]) => {
      const of = (alarm.Dimensions ?? []).map((each: Json) => each.Value).join(" ") || "all";
      const sign = alarm.ComparisonOperator === "LessThanThreshold" ? "<" : ">=";
      const { MetricName, Statistic, Threshold, EvaluationPeriods, Period } = alarm;
      return [id, `${MetricName} of ${of}: ${Statistic} ${sign} ${Threshold}, ${EvaluationPeriods} x ${Period} s`];
    }),
  );

/** What is in one template and not in the other. */
const added = (from: Template): Record<string, string> =>
  Object.fromEntries(Object.entries(measured(from)).filter(([id]) => !(id in measured(template()))));

/** The parts of a composite alarm, by their ids in the app. */
const parts = (id: string, from: Template): string[] =>
  [...alarms(COMPOSITE, from)[id].AlarmRule.matchAll(/ALARM\("<Alarms(\w+)\.Arn>"\)/g)].map((match) => match[1] as string);

/** With everything that may be there or not. */
const EVERY = (): Template[] => [template(), templateWithLane(), templateWithSes(), templateWithRotation()];

describe("alarms", () => {
  test("go off at these values and no other", () => {
    const executions = (name: string): string => `ExecutionsFailed of <${name}StateMachine>: Sum >= 1, 1 x 300 s`;
    const stage = (id: string): string => `Errors of <Functions${id}Function>: Sum >= 5, 3 x 300 s`;
    const lying = (id: string): string =>
      `ApproximateNumberOfMessagesVisible of <${id}DeadLetterQueue.QueueName>: Maximum >= 1, 1 x 300 s`;
    const reconciler = "<ReconcilerReportReconcilerFunction>";
    assert.deepEqual(measured(template()), {
      ReportsNotDelivered: executions("Workflow"),
      RetrievalFails: stage("ReportDocumentRetrieval"),
      StorageFails: stage("ReportDocumentStorage"),
      LinkingFails: stage("PresignedUrlGenerator"),
      TellingFails: stage("ReportNotifier"),
      CredentialsRefused: "CredentialsRefused of <FunctionsRedeliveryWorkerFunction>: Sum >= 1, 1 x 3600 s",
      DeadLetterQueueNotEmpty: lying("NotificationsQueue"),
      NotificationsWait: "ApproximateAgeOfOldestMessage of <NotificationsQueue.QueueName>: Maximum >= 3600, 1 x 300 s",
      OrdersFail: executions("OrderWorkflow"),
      RedeliveriesFail: executions("RedeliveryWorkflow"),
      GatheredMailFails: executions("MailWorkflow"),
      ReconcilerFails: `Errors of ${reconciler}: Sum >= 3, 1 x 3600 s`,
      ReconcilerNotStarted: lying("Reconciler"),
      ReconcilerDoesNotRun: `Invocations of ${reconciler}: Sum < 1, 25 x 3600 s`,
      ApiFails: "5XXError of SpReports prod: Sum >= 5, 3 x 300 s",
      LinksFail: "5XXError of SpReports GET /links/{token} prod: Sum >= 3, 1 x 300 s",
      FunctionsThrottled: "Throttles of all: Sum >= 10, 3 x 300 s",
      TableThrottled: "ThrottledRequests of UpdateItem <StorageReports>: Sum >= 300, 3 x 300 s",
    });
  });

  test("know the express lane, which AWS may lose", () => {
    assert.deepEqual(added(templateWithLane()), {
      ExpressLaneFails: "ExecutionsFailed of <ExpressLaneStateMachine>: Sum >= 1, 1 x 300 s",
      ExpressLaneTimesOut: "ExecutionsTimedOut of <ExpressLaneStateMachine>: Sum >= 5, 1 x 300 s",
    });
  });

  test("know what goes wrong with mail that SES sends", () => {
    const refused = (id: string): string => `MailRefused of <${id}Function>: Sum >= 1, 1 x 300 s`;
    assert.deepEqual(added(templateWithSes()), {
      ReportNotifierMailRefused: refused("FunctionsReportNotifier"),
      MailGathererMailRefused: refused("FunctionsMailGatherer"),
      RedeliveryWorkerMailRefused: refused("FunctionsRedeliveryWorker"),
      ReportReconcilerMailRefused: refused("ReconcilerReportReconciler"),
      MailFeedbackMailRefused: refused("FunctionsMailFeedback"),
      OwnersMailUndeliverable: "OwnersMailUndeliverable of <FunctionsMailFeedbackFunction>: Sum >= 1, 1 x 300 s",
      MailDeadLetterQueueNotEmpty:
        "ApproximateNumberOfMessagesVisible of <MailFeedbackDeadLetterQueue.QueueName>: Maximum >= 1, 1 x 300 s",
    });
  });

  test("know what keeps a client secret from rotating itself", () => {
    const rotator = "<SecretRotationSecretRotatorFunction>";
    assert.deepEqual(added(templateWithRotation()), {
      ClientSecretEndsSoon: `ClientSecretEndsSoon of ${rotator}: Sum >= 1, 1 x 86400 s`,
      ClientSecretRejected: `ClientSecretRejected of ${rotator}: Sum >= 1, 1 x 3600 s`,
      SecretRotatorFails: `Errors of ${rotator}: Sum >= 3, 1 x 3600 s`,
      SecretRotatorNotStarted:
        "ApproximateNumberOfMessagesVisible of <SecretRotationDeadLetterQueue.QueueName>: Maximum >= 1, 1 x 300 s",
      SecretMessageWaits:
        "ApproximateAgeOfOldestMessage of <SecretRotationQueue.QueueName>: Maximum >= 7200, 1 x 300 s",
    });
    assert.deepEqual(parts("ClientSecretNotRotated", templateWithRotation()), [
      "SecretRotatorFails",
      "SecretRotatorNotStarted",
      "SecretMessageWaits",
    ]);
  });

  test("go off for lack of data only where that is what is wrong", () => {
    for (const from of EVERY()) {
      for (const [id, alarm] of Object.entries(alarms(OF_METRICS, from))) {
        assert.equal(alarm.TreatMissingData, id === "ReconcilerDoesNotRun" ? "breaching" : "notBreaching", id);
      }
    }
  });

  test("that are about one thing are parts of one alarm, which says it once", () => {
    const stages = ["RetrievalFails", "StorageFails", "LinkingFails", "TellingFails"];
    assert.deepEqual(parts("DeliveriesFail", template()), ["ReportsNotDelivered", ...stages]);
    assert.deepEqual(parts("DeliveriesFail", templateWithLane()), [
      "ReportsNotDelivered",
      ...stages,
      "ExpressLaneFails",
      "ExpressLaneTimesOut",
    ]);
    assert.deepEqual(
      parts("MailRefused", templateWithSes()),
      Object.keys(added(templateWithSes())).filter((id) => id.endsWith("MailRefused")),
    );
    assert.deepEqual(Object.keys(alarms(COMPOSITE, template())), ["DeliveriesFail"]);
  });

  test("ring at the topic, each once: by itself, or by the composite alarm that it is part of", () => {
    for (const from of EVERY()) {
      const composites = alarms(COMPOSITE, from);
      const all = { ...alarms(OF_METRICS, from), ...composites };
      const silent = Object.keys(composites).flatMap((id) => parts(id, from));
      for (const id of silent) {
        assert.ok(id in all, id);
      }
      for (const [id, alarm] of Object.entries(all)) {
        assert.deepEqual(alarm.AlarmActions, silent.includes(id) ? undefined : ["<AlarmTopic>"], id);
        assert.notEqual(alarm.ActionsEnabled, false, id);
      }
    }
  });

  test("tell that it is over where something is mended then", () => {
    const telling = Object.entries(alarms(OF_METRICS, templateWithSes())).filter(([, alarm]) => alarm.OKActions !== undefined);
    assert.deepEqual(
      telling.map(([id, alarm]) => [id, alarm.OKActions]),
      ["CredentialsRefused", "NotificationsWait", "ReconcilerDoesNotRun"].map((id) => [id, ["<AlarmTopic>"]]),
    );
  });
});

describe("the alarms' topic", () => {
  const CLOUDWATCH =
    'if {"StringEquals":{"aws:SourceAccount":"<AWS::AccountId>"},' +
    '"ArnLike":{"aws:SourceArn":"arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:*"}}';

  test("takes messages of this account's alarms, over TLS only, and is encrypted", () => {
    assert.equal(readable(resources("AWS::SNS::Topic")["AlarmTopic"].KmsMasterKeyId), "<EncryptionDataKey.Arn>");
    assert.deepEqual(statements(resources("AWS::SNS::TopicPolicy")["AlarmTopicPolicy"].PolicyDocument), [
      'Deny "*": sns:Publish on <AlarmTopic> if {"Bool":{"aws:SecureTransport":"false"}}',
      `{"Service":"cloudwatch.amazonaws.com"}: sns:Publish on <AlarmTopic> ${CLOUDWATCH}`,
    ]);
  });

  test("has a key that lets CloudWatch in, on behalf of this account's alarms", () => {
    const letting = Object.entries(resources("AWS::KMS::Key")).flatMap(([id, key]) =>
      statements(key.KeyPolicy)
        .filter((statement) => statement.includes("cloudwatch.amazonaws.com"))
        .map((statement) => [id, statement]),
    );
    assert.deepEqual(letting, [
      ["EncryptionDataKey", `{"Service":"cloudwatch.amazonaws.com"}: kms:GenerateDataKey* kms:Decrypt on * ${CLOUDWATCH}`],
    ]);
  });

  test("mails to the address if there is one, whoever sends the rest", () => {
    for (const from of [template(), templateWithSes(), synthesize({ events: "off", links: "presigned" })["SpReports"] as Template]) {
      from.hasResource("AWS::SNS::Subscription", {
        Condition: "HasAlarmEmail",
        Properties: { Protocol: "email", Endpoint: { Ref: "AlarmEmail" }, TopicArn: { Ref: topicId(from) } },
      });
    }
  });

  const topicId = (from: Template): string =>
    Object.keys(from.findResources("AWS::SNS::Topic")).find((id) => id.startsWith("AlarmTopic")) as string;
});
