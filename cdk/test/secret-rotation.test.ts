import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { permissionsOf, readable, resources, statements, template, templateWithRotation, type Json } from "./support";

const ROTATOR = "SecretRotationSecretRotator";

const secretArn = (name: string): string =>
  "arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:" + `SpReports-${name}-<part>-??????`;

const of = (type: string): Record<string, Json> => readable(resources(type, templateWithRotation()));

describe("a client secret that rotates itself", () => {
  test("has its parts only where it is asked for", () => {
    for (const type of ["AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::SecretsManager::Secret", "AWS::Scheduler::Schedule"]) {
      const before = Object.keys(resources(type));
      const added = Object.keys(of(type)).filter((id) => !before.includes(id));
      // Of queues also the one of the schedule.
      assert.equal(added.length, type === "AWS::SQS::Queue" ? 2 : 1, type);
      added.forEach((id) => assert.match(id, /^SecretRotation/));
    }
    const keys = (from: ReturnType<typeof template>): Json => resources("AWS::KMS::Key", from);
    assert.deepEqual(keys(templateWithRotation()), keys(template()));
  });

  test("comes in a queue that Amazon may send to, and that hands nothing on", () => {
    const queue = of("AWS::SQS::Queue")["SecretRotationQueue"];
    assert.equal(queue.RedrivePolicy, undefined);
    assert.equal(queue.KmsMasterKeyId, "<EncryptionNotificationsKey.Arn>");
    assert.equal(queue.MessageRetentionPeriod, 14 * 24 * 3600);
    const policy = resources("AWS::SQS::QueuePolicy", templateWithRotation())["SecretRotationQueuePolicy"];
    const [overTlsOnly, amazon, ...others] = statements(policy.PolicyDocument);
    assert.match(overTlsOnly ?? "", /^Deny .* if .*SecureTransport/);
    assert.equal(
      amazon,
      '{"AWS":"arn:<AWS::Partition>:iam::437568002678:root"}: ' +
        "sqs:SendMessage sqs:GetQueueAttributes on <SecretRotationQueue.Arn>",
    );
    assert.deepEqual(others, []);
  });

  test("is handled by who can do that, and can't read refresh tokens", () => {
    const properties = of("AWS::Lambda::Function")[`${ROTATOR}Function`];
    assert.deepEqual(properties.Environment.Variables, {
      SP_API_ENVIRONMENT: "<SpApiEnvironment>",
      LWA_SECRET_NAME: "SpReports-lwa-credentials-<part>",
      REJECTED_SECRET_NAME: "SpReports-rejected-client-secret-<part>",
      MAX_RECEIVE_COUNT: "20",
      QUOTAS_TABLE: "<StorageQuotas>",
    });
    const through = (service: string): string => `through ${service}.<AWS::Region>.<AWS::URLSuffix>`;
    const [logs, ...permissions] = permissionsOf("Roles", `${ROTATOR}Role`, templateWithRotation());
    assert.equal(logs, `logs:CreateLogStream logs:PutLogEvents on <${ROTATOR}Logs.Arn>`);
    assert.deepEqual(permissions.slice(0, -1), [
      `secretsmanager:GetSecretValue secretsmanager:PutSecretValue on ${secretArn("lwa-credentials")}`,
      `secretsmanager:PutSecretValue on ${secretArn("rejected-client-secret")}`,
      `kms:Decrypt kms:GenerateDataKey on <EncryptionTokenKey.Arn> ${through("secretsmanager")}`,
      "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on <SecretRotationQueue.Arn>",
      `kms:Decrypt on <EncryptionNotificationsKey.Arn> ${through("sqs")}`,
      "dynamodb:GetItem dynamodb:UpdateItem on <StorageQuotas.Arn>",
    ]);
    assert.match(permissions.at(-1) ?? "", /on <EncryptionDataKey.Arn> through dynamodb/);
  });

  test("is tried message by message, and looked after on a schedule", () => {
    const queue = of("AWS::SQS::Queue")["SecretRotationQueue"];
    const properties = of("AWS::Lambda::Function")[`${ROTATOR}Function`];
    assert.ok(queue.VisibilityTimeout >= properties.Timeout * 6);
    const mappings = Object.values(of("AWS::Lambda::EventSourceMapping"));
    const mapping = mappings.find((each) => each.FunctionName === `<${ROTATOR}Function>`);
    assert.equal(mapping?.EventSourceArn, "<SecretRotationQueue.Arn>");
    assert.deepEqual([mapping?.BatchSize, mapping?.FunctionResponseTypes], [1, ["ReportBatchItemFailures"]]);
    const schedule = of("AWS::Scheduler::Schedule")["SecretRotationSchedule"];
    assert.equal(schedule.ScheduleExpression, "rate(12 hours)");
    assert.equal(schedule.Target.Arn, `<${ROTATOR}Function.Arn>`);
    assert.deepEqual(permissionsOf("Roles", "SecretRotationScheduleRole", templateWithRotation()), [
      `lambda:InvokeFunction on <${ROTATOR}Function.Arn>`,
      "sqs:SendMessage on <SecretRotationDeadLetterQueue.Arn>",
    ]);
  });

  test("is told of by outputs", () => {
    const outputs = templateWithRotation().toJSON()["Outputs"];
    assert.equal(readable(outputs["ClientSecretQueueArn"].Value), "<SecretRotationQueue.Arn>");
    assert.match(readable(outputs["RejectedSecretName"].Value), /^SpReports-rejected-client-secret-/);
    assert.equal(template().toJSON()["Outputs"]["ClientSecretQueueArn"], undefined);
  });
});
