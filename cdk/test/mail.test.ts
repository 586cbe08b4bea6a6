import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { permissionsOf, readable, resources, statements, template, templateWithSes, type Json } from "./support";

const DEFAULT_BUS = "arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/default";
const SES = "arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>";

/** Whoever tells anybody of anything. */
const SENDERS = [
  "FunctionsReportNotifier",
  "FunctionsMailGatherer",
  "FunctionsRedeliveryWorker",
  "ReconcilerReportReconciler",
  "FunctionsMailFeedback",
];

const variables = (id: string, from = templateWithSes()): Json =>
  readable(resources("AWS::Lambda::Function", from)[`${id}Function`]).Environment.Variables;

describe("mail that SES sends", () => {
  test("has its parts only where it is asked for", () => {
    const types = ["AWS::SES::ConfigurationSet", "AWS::SES::ConfigurationSetEventDestination", "AWS::Events::Rule"];
    for (const type of types) {
      assert.deepEqual(resources(type), {});
      assert.equal(Object.keys(resources(type, templateWithSes())).length, 1, type);
    }
    const ids = (from: ReturnType<typeof template>): string[] => Object.keys(resources("AWS::Lambda::Function", from));
    assert.deepEqual(
      ids(templateWithSes()).filter((id) => !ids(template()).includes(id)),
      ["FunctionsMailFeedbackFunction"],
    );
  });

  test("comes from one address, which is all that its senders may use", () => {
    for (const id of SENDERS) {
      const { MAIL, MAIL_FROM, MAIL_CONFIGURATION_SET, NOTIFICATION_EMAIL } = variables(id);
      assert.deepEqual(
        [MAIL, MAIL_FROM, MAIL_CONFIGURATION_SET, NOTIFICATION_EMAIL],
        ["ses", "<MailFrom>", "<SesMailConfigurationSet>", "<NotificationEmail>"],
      );
      const sending = permissionsOf("Roles", `${id}Role`, templateWithSes()).filter((it) => it.includes("ses:"));
      assert.deepEqual(sending, [
        `ses:SendEmail on ${SES}:identity/<MailFrom> ${SES}:identity/<part> ` +
          `${SES}:configuration-set/<SesMailConfigurationSet> if {"StringEquals":{"ses:FromAddress":"<MailFrom>"}}`,
      ]);
      assert.equal(variables(id).SELLING_PARTNERS_TABLE, "<StorageSellingPartners>");
      const reading = permissionsOf("Roles", `${id}Role`, templateWithSes()).filter((it) =>
        /^dynamodb:GetItem.* on <StorageSellingPartners.Arn>$/.test(it),
      );
      assert.ok(reading.length > 0, id);
    }
  });

  test("is not subscribed to, neither by the owner nor by sellers", () => {
    // Alarms are not reports: of trouble with SES, SES would not tell.
    assert.deepEqual(Object.keys(resources("AWS::SNS::Subscription", templateWithSes())), ["AlarmTopicMailbox"]);
    const { MAIL, TOPIC_ARN } = variables("FunctionsTokenStorage");
    assert.deepEqual([MAIL, TOPIC_ARN], ["ses", undefined]);
    const permissions = permissionsOf("Roles", "FunctionsTokenStorageRole", templateWithSes());
    assert.ok(permissions.includes("ses:DeleteSuppressedDestination on *"));
    assert.ok(!permissions.some((statement) => statement.includes("sns:")));
  });

  test("is sent over TLS, and neither opens nor clicks are traced", () => {
    const set = resources("AWS::SES::ConfigurationSet", templateWithSes())["SesMailConfigurationSet"];
    assert.deepEqual(set, {
      DeliveryOptions: { TlsPolicy: "REQUIRE" },
      SuppressionOptions: { SuppressedReasons: ["BOUNCE", "COMPLAINT"] },
    });
    const destination = resources("AWS::SES::ConfigurationSetEventDestination", templateWithSes())["SesMailFeedback"];
    assert.deepEqual(readable(destination), {
      ConfigurationSetName: "<SesMailConfigurationSet>",
      EventDestination: {
        Enabled: true,
        MatchingEventTypes: ["bounce", "complaint", "reject"],
        EventBridgeDestination: { EventBusArn: DEFAULT_BUS },
      },
    });
  });
});

describe("bounces and complaints", () => {
  const queues = (): Json => resources("AWS::SQS::Queue", templateWithSes());

  test("of this stack's mail come to a queue that only the rule may write to", () => {
    const rule = readable(resources("AWS::Events::Rule", templateWithSes())["MailFeedbackRule"]);
    assert.deepEqual(rule.EventPattern, {
      source: ["aws.ses"],
      detail: {
        eventType: ["Bounce", "Complaint", "Reject"],
        mail: { tags: { "ses:configuration-set": ["<SesMailConfigurationSet>"] } },
      },
    });
    assert.deepEqual(rule.Targets.map((target: Json) => target.Arn), ["<MailFeedbackQueue.Arn>"]);
    const policy = resources("AWS::SQS::QueuePolicy", templateWithSes())["MailFeedbackQueuePolicy"];
    const [overTlsOnly, events, ...others] = statements(policy.PolicyDocument);
    assert.match(overTlsOnly ?? "", /^Deny .* if .*SecureTransport/);
    assert.match(events ?? "", /^\{"Service":"events.amazonaws.com"\}: sqs:SendMessage .* if .*<MailFeedbackRule.Arn>/);
    assert.deepEqual(others, []);
  });

  test("are tried five times and then kept", () => {
    const queue = queues()["MailFeedbackQueue"];
    assert.deepEqual(readable(queue.RedrivePolicy), {
      deadLetterTargetArn: "<MailFeedbackDeadLetterQueue.Arn>",
      maxReceiveCount: 5,
    });
    for (const id of ["MailFeedbackQueue", "MailFeedbackDeadLetterQueue"]) {
      assert.equal(queues()[id].SqsManagedSseEnabled, true);
      assert.equal(queues()[id].MessageRetentionPeriod, 14 * 24 * 3600);
    }
    const feedback = resources("AWS::Lambda::Function", templateWithSes())["FunctionsMailFeedbackFunction"];
    assert.ok(queue.VisibilityTimeout >= feedback.Timeout * 6);
    const mappings = Object.values(resources("AWS::Lambda::EventSourceMapping", templateWithSes())).map(readable);
    const mapping = mappings.find((each) => each.FunctionName === "<FunctionsMailFeedbackFunction>");
    assert.equal(mapping?.EventSourceArn, "<MailFeedbackQueue.Arn>");
    assert.deepEqual(mapping?.FunctionResponseTypes, ["ReportBatchItemFailures"]);
  });

  test("are acted upon by who may do nothing but that", () => {
    const tables = permissionsOf("Roles", "FunctionsMailFeedbackRole", templateWithSes()).filter((it) =>
      /^(dynamodb|sqs)/.test(it),
    );
    assert.deepEqual(tables, [
      "dynamodb:GetItem on <StorageSellingPartners.Arn>",
      "dynamodb:UpdateItem on <StorageReports.Arn>",
      "dynamodb:Scan dynamodb:UpdateItem on <StorageSellingPartners.Arn>",
      "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on <MailFeedbackQueue.Arn>",
    ]);
    assert.equal(variables("FunctionsMailFeedback").SELLING_PARTNERS_TABLE, "<StorageSellingPartners>");
  });
});
