import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { permissionsOf, readable, resources, template } from "./support";

const SECRET =
  "arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:SpReports-lwa-credentials-<part>-??????";
const TABLE_KEY =
  "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom kms:ReEncryptTo" +
  " on <EncryptionDataKey.Arn> through dynamodb.<AWS::Region>.<AWS::URLSuffix>";
const SELLING_PARTNERS = "<StorageSellingPartners.Arn>";
const REPORTS = "<StorageReports.Arn>";
const OBJECTS = "<StorageReportsBucket.Arn>/*";

const SP_API_VARIABLES = {
  SELLING_PARTNERS_TABLE: "<StorageSellingPartners>",
  TOKEN_KEY_ARN: "<EncryptionTokenKey.Arn>",
  LWA_SECRET_NAME: "SpReports-lwa-credentials-<part>",
  SP_API_ENVIRONMENT: "<SpApiEnvironment>",
};
const SP_API_PERMISSIONS = ["kms:Decrypt on <EncryptionTokenKey.Arn>", `secretsmanager:GetSecretValue on ${SECRET}`];

interface Expected {
  readonly environment: Record<string, string>;
  readonly permissions: string[];
}

/** Everything each function knows and may do. */
const EXPECTED: Record<string, Expected> = {
  FunctionsTokenStorage: {
    environment: {
      SELLING_PARTNERS_TABLE: "<StorageSellingPartners>",
      TOKEN_KEY_ARN: "<EncryptionTokenKey.Arn>",
    },
    permissions: [`dynamodb:UpdateItem on ${SELLING_PARTNERS}`, TABLE_KEY, "kms:Encrypt on <EncryptionTokenKey.Arn>"],
  },
  FunctionsNotificationsSubscriber: {
    environment: { ...SP_API_VARIABLES, NOTIFICATIONS_QUEUE_ARN: "<NotificationsQueue.Arn>" },
    permissions: [`dynamodb:GetItem dynamodb:UpdateItem on ${SELLING_PARTNERS}`, TABLE_KEY, ...SP_API_PERMISSIONS],
  },
  FunctionsReportCreator: {
    environment: { ...SP_API_VARIABLES, REPORTS_TABLE: "<StorageReports>" },
    permissions: [
      `dynamodb:GetItem on ${SELLING_PARTNERS}`,
      TABLE_KEY,
      `dynamodb:UpdateItem on ${REPORTS}`,
      ...SP_API_PERMISSIONS,
    ],
  },
  NotificationsNotificationsProcessor: {
    environment: { STATE_MACHINE_ARN: "<WorkflowStateMachine>" },
    permissions: [
      "states:StartExecution on <WorkflowStateMachine>",
      "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on <NotificationsQueue.Arn>",
      "kms:Decrypt on <EncryptionNotificationsKey.Arn> through sqs.<AWS::Region>.<AWS::URLSuffix>",
    ],
  },
  FunctionsReportDocumentRetrieval: {
    environment: { ...SP_API_VARIABLES, REPORTS_TABLE: "<StorageReports>" },
    permissions: [
      `dynamodb:GetItem on ${SELLING_PARTNERS}`,
      TABLE_KEY,
      `dynamodb:GetItem on ${REPORTS}`,
      ...SP_API_PERMISSIONS,
    ],
  },
  FunctionsReportDocumentStorage: {
    environment: { REPORTS_BUCKET: "<StorageReportsBucket>" },
    permissions: [
      `s3:PutObject s3:AbortMultipartUpload s3:ListMultipartUploadParts on ${OBJECTS}`,
      "kms:GenerateDataKey kms:Decrypt on <EncryptionDataKey.Arn> through s3.<AWS::Region>.<AWS::URLSuffix>",
    ],
  },
  FunctionsPresignedUrlGenerator: {
    environment: { REPORTS_BUCKET: "<StorageReportsBucket>", LINK_LIFETIME_SECONDS: "<LinkLifetimeSeconds>" },
    permissions: [
      `s3:GetObject on ${OBJECTS}`,
      "kms:Decrypt on <EncryptionDataKey.Arn> through s3.<AWS::Region>.<AWS::URLSuffix>",
    ],
  },
  FunctionsReportNotifier: {
    environment: {
      TOPIC_ARN: "<ReportTopic>",
      REPORTS_TABLE: "<StorageReports>",
      SELLING_PARTNERS_TABLE: "<StorageSellingPartners>",
    },
    permissions: [
      "sns:Publish on <ReportTopic>",
      "kms:GenerateDataKey kms:Decrypt on <EncryptionDataKey.Arn> through sns.<AWS::Region>.<AWS::URLSuffix>",
      `dynamodb:GetItem dynamodb:UpdateItem on ${REPORTS}`,
      TABLE_KEY,
      `dynamodb:GetItem on ${SELLING_PARTNERS}`,
    ],
  },
};

describe("functions", () => {
  test("are these eight and no other", () => {
    assert.deepEqual(
      Object.keys(resources("AWS::Lambda::Function")).sort(),
      Object.keys(EXPECTED)
        .map((id) => `${id}Function`)
        .sort(),
    );
  });

  for (const [id, expected] of Object.entries(EXPECTED)) {
    test(`${id} has its environment, its role's permissions and its log group, and nothing else`, () => {
      const properties = resources("AWS::Lambda::Function")[`${id}Function`];
      assert.deepEqual(readable(properties.Environment.Variables), expected.environment);
      assert.deepEqual(readable(properties.Role), `<${id}Role.Arn>`);
      assert.deepEqual(readable(properties.LoggingConfig), { LogFormat: "JSON", LogGroup: `<${id}Logs>` });

      assert.deepEqual(permissionsOf("Roles", `${id}Role`), [
        `logs:CreateLogStream logs:PutLogEvents on <${id}Logs.Arn>`,
        ...expected.permissions,
      ]);
      const role = resources("AWS::IAM::Role")[`${id}Role`];
      assert.equal(role.ManagedPolicyArns, undefined);
      assert.equal(role.Policies, undefined);
    });
  }

  test("run on the settings' architecture", () => {
    for (const properties of Object.values(resources("AWS::Lambda::Function"))) {
      assert.equal(properties.Runtime, "provided.al2023");
      assert.equal(properties.Handler, "bootstrap");
      assert.deepEqual(properties.Architectures, ["x86_64"]);
    }
  });

  test("storage may take as long as its state of the workflow", () => {
    const properties = resources("AWS::Lambda::Function")["FunctionsReportDocumentStorageFunction"];
    assert.equal(properties.Timeout, 900);
    assert.equal(properties.MemorySize, 512);
  });

  test("the processor reads the queue in batches and reports single failures", () => {
    template().hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });
});
