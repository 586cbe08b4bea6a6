import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { readable, resources, statements, synthesize, template, type Json } from "./support";

/** Properties that name a resource for the whole account or region, by type. */
const NAME_PROPERTIES: Record<string, string> = {
  "AWS::ApiGateway::RestApi": "Name",
  "AWS::CloudWatch::Alarm": "AlarmName",
  "AWS::CloudWatch::CompositeAlarm": "AlarmName",
  "AWS::CloudWatch::Dashboard": "DashboardName",
  "AWS::DynamoDB::Table": "TableName",
  "AWS::IAM::Policy": "", // names live inside the role or user
  "AWS::IAM::Role": "RoleName",
  "AWS::IAM::User": "UserName",
  "AWS::Lambda::Function": "FunctionName",
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::S3::Bucket": "BucketName",
  "AWS::Scheduler::Schedule": "Name",
  "AWS::SecretsManager::Secret": "Name",
  "AWS::SNS::Topic": "TopicName",
  "AWS::SQS::Queue": "QueueName",
  "AWS::StepFunctions::StateMachine": "StateMachineName",
};

describe("stacks", () => {
  test("name nothing that another stack could name, too", () => {
    const names = Object.entries(NAME_PROPERTIES).flatMap(([type, property]) =>
      Object.values(resources(type)).flatMap((properties: Json) => readable(properties?.[property] ?? [])),
    );
    assert.deepEqual(names.sort(), [
      "/aws/vendedlogs/states/SpReports-mail-<part>",
      "/aws/vendedlogs/states/SpReports-redelivery-<part>",
      "/aws/vendedlogs/states/SpReports-report-delivery-<part>",
      "/aws/vendedlogs/states/SpReports-report-order-<part>",
      "API-Gateway-Execution-Logs_<ApiRestApi>/prod",
      // Nor could another stack of the account and region have this one's name.
      "SpReports",
      "SpReports-lwa-credentials-<part>",
      "SpReportsAlarmsDeliveriesFail7B1F71F9",
    ]);
  });

  test("put out what operators and tests go by", () => {
    const outputs = template().findOutputs("*");
    assert.deepEqual(Object.keys(outputs).sort(), [
      "AlarmTopicArn",
      "ConsumerPolicyArn",
      "DashboardUrl",
      "DataKeyArn",
      "DeadLetterQueueArn",
      "DeadLetterQueueUrl",
      "InvokeRoleArn",
      "InvokeUserName",
      "LinksTable",
      "LwaSecretName",
      "NotificationsQueueArn",
      "NotificationsQueueUrl",
      "OrderStateMachineArn",
      "QuotasTable",
      "ReconcilerFunctionName",
      "RedeliveryStateMachineArn",
      "ReportsApiId",
      "ReportsApiUrl",
      "ReportsBucket",
      "ReportsTable",
      "SellingPartnersTable",
      "StateMachineArn",
      "TopicArn",
    ]);
    Object.values(outputs).forEach((output) => assert.ok(output["Description"]));
  });

  test("put out the reconciler, the order workflow, the quotas and the dead-letter queue themselves", () => {
    const value = (name: string): string => readable(template().findOutputs(name)[name]?.["Value"]);
    assert.equal(value("ReconcilerFunctionName"), "<ReconcilerReportReconcilerFunction>");
    assert.equal(value("OrderStateMachineArn"), "<OrderWorkflowStateMachine>");
    assert.equal(value("StateMachineArn"), "<WorkflowStateMachine>");
    assert.equal(value("QuotasTable"), "<StorageQuotas>");
    assert.equal(value("DeadLetterQueueArn"), "<NotificationsQueueDeadLetterQueue.Arn>");
    assert.equal(value("DataKeyArn"), "<EncryptionDataKey.Arn>");
    assert.equal(value("ReportsApiUrl"), "https://<ApiRestApi>.execute-api.<AWS::Region>.<AWS::URLSuffix>/prod");
  });

  test("say the API's own URL where it has one, in outputs and links", () => {
    const local = synthesize({ apiUrl: "https://localhost:4566/restapis/{apiId}/prod/_user_request_" })["SpReports"];
    const url = "https://localhost:4566/restapis/<ApiRestApi>/prod/_user_request_";
    assert.equal(readable(local?.findOutputs("ReportsApiUrl")["ReportsApiUrl"]?.["Value"]), url);
    const maker = resources("AWS::Lambda::Function", local)["FunctionsPresignedUrlGeneratorFunction"];
    assert.equal(readable(maker.Environment.Variables.API_URL), url);
  });
});

describe("the mailbox stack", () => {
  test("is not there unless asked for", () => {
    assert.deepEqual(Object.keys(synthesize({ stackName: "Other" })), ["Other"]);
  });

  test("has a queue that only the topic may write to", () => {
    const mailbox = synthesize({ localMailbox: true })["SpReportsMailbox"];
    assert.ok(mailbox);
    const policy = resources("AWS::SQS::QueuePolicy", mailbox)["MailboxPolicy"];
    const [overTlsOnly, topic] = statements(policy.PolicyDocument);
    assert.match(overTlsOnly ?? "", /^Deny .* if .*SecureTransport/);
    assert.match(
      topic ?? "",
      /^\{"Service":"sns.amazonaws.com"\}: sqs:SendMessage on <Mailbox.Arn> if .*aws:SourceArn/,
    );

    assert.deepEqual(resources("AWS::SNS::Subscription", mailbox), {});
    assert.deepEqual(Object.keys(mailbox.findOutputs("*")), ["MailboxQueueUrl"]);
  });
});
