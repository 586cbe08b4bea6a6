import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { readable, resources, statements, synthesize, template, type Json } from "./support";

const OVER_TLS_ONLY = 'if {"Bool":{"aws:SecureTransport":"false"}}';

describe("keys", () => {
  test("are three and rotate", () => {
    const keys = resources("AWS::KMS::Key");
    assert.deepEqual(Object.keys(keys).sort(), [
      "EncryptionDataKey",
      "EncryptionNotificationsKey",
      "EncryptionTokenKey",
    ]);
    Object.values(keys).forEach((key: Json) => assert.equal(key.EnableKeyRotation, true));
  });

  test("only the notifications key may be used by Amazon's account", () => {
    const amazons = Object.entries(resources("AWS::KMS::Key")).flatMap(([id, key]) =>
      statements(key.KeyPolicy)
        .filter((statement) => statement.includes("437568002678"))
        .map((statement) => [id, statement]),
    );
    assert.deepEqual(amazons, [
      [
        "EncryptionNotificationsKey",
        '{"AWS":"arn:<AWS::Partition>:iam::437568002678:root"}: kms:GenerateDataKey kms:Decrypt on *',
      ],
    ]);
  });
});

describe("tables", () => {
  test("have the keys that the functions use", () => {
    const tables = resources("AWS::DynamoDB::Table");
    const keys = Object.fromEntries(Object.entries(tables).map(([id, table]) => [id, table.KeySchema]));
    assert.deepEqual(keys, {
      StorageSellingPartners: [{ AttributeName: "sellerId", KeyType: "HASH" }],
      StorageReports: [
        { AttributeName: "sellerId", KeyType: "HASH" },
        { AttributeName: "reportId", KeyType: "RANGE" },
      ],
      StorageQuotas: [
        { AttributeName: "sellerId", KeyType: "HASH" },
        { AttributeName: "operation", KeyType: "RANGE" },
      ],
      StorageLinks: [{ AttributeName: "tokenHash", KeyType: "HASH" }],
    });
    for (const table of Object.values(tables)) {
      assert.equal(table.BillingMode, "PAY_PER_REQUEST");
      assert.deepEqual(table.PointInTimeRecoverySpecification, { PointInTimeRecoveryEnabled: true });
      assert.deepEqual(readable(table.SSESpecification), {
        KMSMasterKeyId: "<EncryptionDataKey.Arn>",
        SSEEnabled: true,
        SSEType: "KMS",
      });
    }
  });

  test("have the indexes that the functions query", () => {
    const index = (name: string, hash: string, range: string, projection: string, ...more: string[]): Json => ({
      IndexName: name,
      KeySchema: [
        { AttributeName: hash, KeyType: "HASH" },
        { AttributeName: range, KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: projection, ...(more.length > 0 && { NonKeyAttributes: more }) },
    });
    const tables = resources("AWS::DynamoDB::Table");
    assert.deepEqual(tables["StorageReports"].GlobalSecondaryIndexes, [
      index("byStatus", "sellerId", "status", "ALL"),
      index("byDueTime", "due", "dueAt", "KEYS_ONLY"),
      index("byNotifiedTime", "sellerId", "notifiedAt", "INCLUDE", "reportType"),
    ]);
    assert.deepEqual(tables["StorageLinks"].GlobalSecondaryIndexes, [
      index("byReport", "sellerId", "reportId", "KEYS_ONLY"),
    ]);
    assert.deepEqual(
      tables["StorageReports"].AttributeDefinitions,
      ["sellerId", "reportId", "status", "due", "dueAt", "notifiedAt"].map((name) => ({ AttributeName: name, AttributeType: "S" })),
    );
    assert.equal(tables["StorageSellingPartners"].GlobalSecondaryIndexes, undefined);
    assert.equal(tables["StorageQuotas"].GlobalSecondaryIndexes, undefined);
  });

  test("forget orders, quotas and links, but no selling partner", () => {
    const forgetting = Object.entries(resources("AWS::DynamoDB::Table")).map(([id, table]) => [
      id,
      table.TimeToLiveSpecification,
    ]);
    const expiring = { AttributeName: "expiresAt", Enabled: true };
    assert.deepEqual(Object.fromEntries(forgetting), {
      StorageSellingPartners: undefined,
      StorageReports: expiring,
      StorageQuotas: expiring,
      StorageLinks: expiring,
    });
  });
});

describe("the reports bucket", () => {
  const bucket = (): Json => resources("AWS::S3::Bucket")["StorageReportsBucket"];

  test("is private, encrypted with the customer key and without old versions", () => {
    assert.deepEqual(readable(bucket().BucketEncryption.ServerSideEncryptionConfiguration), [
      {
        BucketKeyEnabled: true,
        ServerSideEncryptionByDefault: { KMSMasterKeyID: "<EncryptionDataKey.Arn>", SSEAlgorithm: "aws:kms" },
      },
    ]);
    assert.deepEqual(bucket().PublicAccessBlockConfiguration, {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    assert.equal(bucket().VersioningConfiguration, undefined);
    const policy = resources("AWS::S3::BucketPolicy")["StorageReportsBucketPolicy"];
    assert.deepEqual(statements(policy.PolicyDocument), [
      `Deny {"AWS":"*"}: s3:* on <StorageReportsBucket.Arn> <StorageReportsBucket.Arn>/* ${OVER_TLS_ONLY}`,
    ]);
  });

  test("forgets reports and unfinished uploads", () => {
    assert.deepEqual(bucket().LifecycleConfiguration.Rules, [
      {
        Id: "ExpireReports",
        Status: "Enabled",
        ExpirationInDays: 540,
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
      {
        Id: "ExpirePersonalData",
        Status: "Enabled",
        ExpirationInDays: 30,
        TagFilters: [{ Key: "retention", Value: "personal-data" }],
      },
    ]);
  });
});

describe("the notifications queue", () => {
  const queue = (): Json => resources("AWS::SQS::Queue")["NotificationsQueue"];

  test("takes messages from Amazon's account, and over TLS only", () => {
    const policies = resources("AWS::SQS::QueuePolicy");
    assert.deepEqual(statements(policies["NotificationsQueuePolicy"].PolicyDocument), [
      `Deny {"AWS":"*"}: sqs:* on <NotificationsQueue.Arn> ${OVER_TLS_ONLY}`,
      '{"AWS":"arn:<AWS::Partition>:iam::437568002678:root"}: sqs:SendMessage sqs:GetQueueAttributes on <NotificationsQueue.Arn>',
    ]);
    assert.deepEqual(statements(policies["NotificationsQueueDeadLetterQueuePolicy"].PolicyDocument), [
      `Deny {"AWS":"*"}: sqs:* on <NotificationsQueueDeadLetterQueue.Arn> ${OVER_TLS_ONLY}`,
    ]);
  });

  test("keeps what can't be processed", () => {
    const fourteenDays = 14 * 24 * 3600;
    assert.equal(queue().MessageRetentionPeriod, fourteenDays);
    assert.equal(queue().FifoQueue, undefined);
    assert.deepEqual(readable(queue().RedrivePolicy), {
      deadLetterTargetArn: "<NotificationsQueueDeadLetterQueue.Arn>",
      maxReceiveCount: 5,
    });
    const processor = resources("AWS::Lambda::Function")["NotificationsNotificationsProcessorFunction"];
    assert.equal(processor.Environment.Variables.MAX_RECEIVE_COUNT, String(queue().RedrivePolicy.maxReceiveCount));
    for (const id of ["NotificationsQueue", "NotificationsQueueDeadLetterQueue"]) {
      const each = resources("AWS::SQS::Queue")[id];
      assert.equal(each.MessageRetentionPeriod, fourteenDays);
      assert.equal(readable(each.KmsMasterKeyId), "<EncryptionNotificationsKey.Arn>");
    }
  });

  test("hides a message for six times the processor's timeout", () => {
    const processor = resources("AWS::Lambda::Function")["NotificationsNotificationsProcessorFunction"];
    assert.ok(queue().VisibilityTimeout >= processor.Timeout * 6);
  });
});

describe("the topic", () => {
  test("is encrypted, takes messages over TLS only, and mails to the address if there is one", () => {
    assert.equal(readable(resources("AWS::SNS::Topic")["ReportTopic"].KmsMasterKeyId), "<EncryptionDataKey.Arn>");
    assert.deepEqual(statements(resources("AWS::SNS::TopicPolicy")["ReportTopicPolicy"].PolicyDocument), [
      `Deny "*": sns:Publish on <ReportTopic> ${OVER_TLS_ONLY}`,
    ]);
    template().hasResource("AWS::SNS::Subscription", {
      Condition: "HasNotificationEmail",
      Properties: { Protocol: "email", Endpoint: { Ref: "NotificationEmail" }, FilterPolicy: { Mailbox: ["now"] } },
    });
  });
});

describe("secrets", () => {
  test("there is one, and its first value is empty", () => {
    const secrets = Object.values(resources("AWS::SecretsManager::Secret"));
    assert.equal(secrets.length, 1);
    assert.equal(secrets[0].SecretString, '{"ClientId":"","ClientSecret":""}');
    assert.equal(readable(secrets[0].KmsKeyId), "<EncryptionTokenKey.Arn>");
  });
});

describe("what is kept", () => {
  const policies = (from = template()): string[] =>
    ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SQS::Queue", "AWS::Logs::LogGroup"]
      .flatMap((type) => Object.values(from.findResources(type)))
      .map((resource) => resource["DeletionPolicy"] as string);

  test("data, keys and logs outlive the stack", () => {
    assert.deepEqual(new Set(policies()), new Set(["Retain"]));
  });

  test("unless the settings say destroy", () => {
    const destroyed = synthesize({ removalPolicy: "destroy" })["SpReports"];
    assert.deepEqual(new Set(policies(destroyed)), new Set(["Delete"]));
  });

  test("every log group forgets after a year", () => {
    const groups = Object.values(resources("AWS::Logs::LogGroup"));
    assert.equal(groups.length, 19 + 6); // functions; API access, API execution, four workflows
    groups.forEach((group: Json) => assert.equal(group.RetentionInDays, 365));
  });
});
