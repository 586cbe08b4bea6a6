import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";

import { permissionsOf, readable, resources, synthesize, template } from "./support";

const SECRET =
  "arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:SpReports-lwa-credentials-<part>-??????";
const TABLE_KEY =
  "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom kms:ReEncryptTo" +
  " on <EncryptionDataKey.Arn> through dynamodb.<AWS::Region>.<AWS::URLSuffix>";
const SELLING_PARTNERS = "<StorageSellingPartners.Arn>";
const REPORTS = "<StorageReports.Arn>";
const OBJECTS = "<StorageReportsBucket.Arn>/*";

const EVENTS = "events:PutEvents on arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/default";

const QUOTAS = "<StorageQuotas.Arn>";
const DELIVERY = "<WorkflowStateMachine>";
const ORDERING = "<OrderWorkflowStateMachine>";
const EXECUTIONS = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution";

const REPORTS_TABLE = { REPORTS_TABLE: "<StorageReports>" };
const OVERDUE = { OVERDUE_SECONDS: "<OverdueSeconds>" };
const LINKS = "<StorageLinks.Arn>";
const LINKS_TABLE = { LINKS_TABLE: "<StorageLinks>" };
const MAKING_LINKS = {
  ...LINKS_TABLE,
  REPORT_RETENTION_DAYS: "540",
  API_URL: "https://<ApiRestApi>.execute-api.<AWS::Region>.<AWS::URLSuffix>/prod",
  LINK_LIFETIME_DAYS: "<LinkLifetimeDays>",
};
const REVOKING_LINKS = [`dynamodb:Query on ${LINKS}/index/byReport`, `dynamodb:DeleteItem on ${LINKS}`];
const READING_OBJECTS = [
  `s3:GetObject on ${OBJECTS}`,
  "kms:Decrypt on <EncryptionDataKey.Arn> through s3.<AWS::Region>.<AWS::URLSuffix>",
];

const MAIL = "<MailWorkflowStateMachine>";
const MAILING = { TOPIC_ARN: "<ReportTopic>", CONTACT_TEXT: "<ContactText>", MAIL: "sns" };
const TELLING = {
  ...MAILING,
  EVENTS: "on",
  GATHER_MAIL_SECONDS: "<GatherMailSeconds>",
  MAIL_STATE_MACHINE_ARN: MAIL,
};
const PUBLISHING = [
  "sns:Publish on <ReportTopic>",
  "kms:GenerateDataKey kms:Decrypt on <EncryptionDataKey.Arn> through sns.<AWS::Region>.<AWS::URLSuffix>",
];

const SP_API_VARIABLES = {
  SELLING_PARTNERS_TABLE: "<StorageSellingPartners>",
  TOKEN_KEY_ARN: "<EncryptionTokenKey.Arn>",
  LWA_SECRET_NAME: "SpReports-lwa-credentials-<part>",
  SP_API_ENVIRONMENT: "<SpApiEnvironment>",
};
const METERED_VARIABLES = { ...SP_API_VARIABLES, QUOTAS_TABLE: "<StorageQuotas>" };

/** Calls to Amazon; `more` are actions on the table of selling partners. */
const spApi = (...more: string[]): string[] => [
  `${["dynamodb:GetItem", ...more].join(" ")} on ${SELLING_PARTNERS}`,
  TABLE_KEY,
  "kms:Decrypt on <EncryptionTokenKey.Arn>",
  `secretsmanager:GetSecretValue on ${SECRET}`,
];
/** Calls to Amazon within its quotas. */
const metered = (...more: string[]): string[] => [...spApi(...more), `dynamodb:UpdateItem on ${QUOTAS}`];

interface Expected {
  readonly environment: Record<string, string>;
  readonly permissions: string[];
}

const REDELIVERY = "<RedeliveryWorkflowStateMachine>";

/** To have go on what waits for a seller. */
const REDELIVERING = {
  environment: { ...REPORTS_TABLE, REDELIVERY_STATE_MACHINE_ARN: REDELIVERY },
  permissions: [`dynamodb:Query on ${REPORTS}/index/byDueTime`, `states:StartExecution on ${REDELIVERY}`],
};

/** Everything each function knows and may do. */
const EXPECTED: Record<string, Expected> = {
  FunctionsTokenStorage: {
    environment: {
      ...SP_API_VARIABLES,
      NOTIFICATIONS_QUEUE_ARN: "<NotificationsQueue.Arn>",
      ...LINKS_TABLE,
      MAIL: "sns",
      TOPIC_ARN: "<ReportTopic>",
      ...REDELIVERING.environment,
    },
    permissions: [
      ...spApi("dynamodb:UpdateItem", "dynamodb:DeleteItem"),
      "kms:Encrypt on <EncryptionTokenKey.Arn>",
      ...REVOKING_LINKS,
      "sns:Subscribe on <ReportTopic>",
      "sns:Unsubscribe on *",
      ...REDELIVERING.permissions,
    ],
  },
  FunctionsNotificationsSubscriber: {
    environment: { ...SP_API_VARIABLES, NOTIFICATIONS_QUEUE_ARN: "<NotificationsQueue.Arn>", ...REDELIVERING.environment },
    permissions: [...spApi("dynamodb:UpdateItem"), ...REDELIVERING.permissions],
  },
  FunctionsReportCreator: {
    environment: {
      ...METERED_VARIABLES,
      ...REPORTS_TABLE,
      STATE_MACHINE_ARN: DELIVERY,
      ORDER_STATE_MACHINE_ARN: ORDERING,
      ...OVERDUE,
    },
    permissions: [
      ...metered("dynamodb:UpdateItem"),
      `dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem dynamodb:Query on ${REPORTS}`,
      `states:StartExecution on ${ORDERING}`,
      `states:StartExecution on ${DELIVERY}`,
    ],
  },
  FunctionsReportReader: {
    environment: { ...REPORTS_TABLE, REPORTS_BUCKET: "<StorageReportsBucket>" },
    permissions: [
      `dynamodb:GetItem dynamodb:BatchGetItem dynamodb:Query on ${REPORTS}`,
      TABLE_KEY,
      `dynamodb:Query on ${REPORTS}/index/byStatus`,
      `dynamodb:Query on ${REPORTS}/index/byNotifiedTime`,
    ],
  },
  FunctionsSellerReader: {
    environment: {
      SELLING_PARTNERS_TABLE: "<StorageSellingPartners>",
      ...REPORTS_TABLE,
      REAUTHORIZATION_DAYS: "<ReauthorizationDays>",
    },
    permissions: [
      `dynamodb:GetItem dynamodb:Scan on ${SELLING_PARTNERS}`,
      TABLE_KEY,
      `dynamodb:GetItem dynamodb:BatchGetItem on ${REPORTS}`,
      `dynamodb:Query on ${REPORTS}/index/byDueTime`,
      `dynamodb:Query on ${REPORTS}/index/byNotifiedTime`,
    ],
  },
  FunctionsReportCanceller: {
    environment: { ...METERED_VARIABLES, ...REPORTS_TABLE },
    permissions: [...metered(), `dynamodb:GetItem dynamodb:UpdateItem on ${REPORTS}`],
  },
  FunctionsReportScheduler: {
    environment: METERED_VARIABLES,
    permissions: metered("dynamodb:UpdateItem"),
  },
  FunctionsOrderPlacer: {
    environment: { ...METERED_VARIABLES, ...REPORTS_TABLE, STATE_MACHINE_ARN: DELIVERY, ...OVERDUE },
    permissions: [
      ...metered(),
      `dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem dynamodb:Query on ${REPORTS}`,
      `states:StartExecution on ${DELIVERY}`,
    ],
  },
  NotificationsNotificationsProcessor: {
    environment: {
      STATE_MACHINE_ARN: DELIVERY,
      ...REPORTS_TABLE,
      ...OVERDUE,
      SELLING_PARTNERS_TABLE: "<StorageSellingPartners>",
      DEAD_LETTER_QUEUE_URL: "<NotificationsQueueDeadLetterQueue>",
      MAX_RECEIVE_COUNT: "5",
      DELIVER: "all",
    },
    permissions: [
      `states:StartExecution on ${DELIVERY}`,
      `dynamodb:GetItem dynamodb:UpdateItem on ${REPORTS}`,
      TABLE_KEY,
      `dynamodb:GetItem on ${SELLING_PARTNERS}`,
      "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on <NotificationsQueue.Arn>",
      "kms:Decrypt on <EncryptionNotificationsKey.Arn> through sqs.<AWS::Region>.<AWS::URLSuffix>",
      "sqs:SendMessage on <NotificationsQueueDeadLetterQueue.Arn>",
      "kms:GenerateDataKey kms:Decrypt on <EncryptionNotificationsKey.Arn> through sqs.<AWS::Region>.<AWS::URLSuffix>",
    ],
  },
  ReconcilerReportReconciler: {
    environment: {
      ...METERED_VARIABLES,
      ...REPORTS_TABLE,
      STATE_MACHINE_ARN: DELIVERY,
      ORDER_STATE_MACHINE_ARN: ORDERING,
      REDELIVERY_STATE_MACHINE_ARN: REDELIVERY,
      ...OVERDUE,
      SLOW_AFTER_HOURS: "<SlowAfterHours>",
      REAUTHORIZATION_DAYS: "<ReauthorizationDays>",
      ...TELLING,
      REPORTS_BUCKET: "<StorageReportsBucket>",
    },
    permissions: [
      ...metered("dynamodb:Scan", "dynamodb:UpdateItem"),
      `dynamodb:GetItem dynamodb:UpdateItem dynamodb:Query on ${REPORTS}`,
      `dynamodb:Query on ${REPORTS}/index/byDueTime`,
      `states:StartExecution on ${DELIVERY}`,
      `states:DescribeExecution on ${EXECUTIONS}:<WorkflowStateMachine.Name>:*`,
      `states:StartExecution on ${ORDERING}`,
      `states:DescribeExecution on ${EXECUTIONS}:<OrderWorkflowStateMachine.Name>:*`,
      `states:StartExecution on ${REDELIVERY}`,
      ...PUBLISHING,
      EVENTS,
      `states:StartExecution on ${MAIL}`,
    ],
  },
  FunctionsRedeliveryRequester: {
    environment: {
      ...REPORTS_TABLE,
      STATE_MACHINE_ARN: DELIVERY,
      REDELIVERY_STATE_MACHINE_ARN: REDELIVERY,
      ...OVERDUE,
      ...MAKING_LINKS,
    },
    permissions: [
      `dynamodb:GetItem dynamodb:UpdateItem on ${REPORTS}`,
      TABLE_KEY,
      `states:StartExecution on ${REDELIVERY}`,
      `states:StartExecution on ${DELIVERY}`,
      `dynamodb:PutItem on ${LINKS}`,
    ],
  },
  FunctionsDocumentAccess: {
    environment: { ...REPORTS_TABLE, REPORTS_BUCKET: "<StorageReportsBucket>", ...MAKING_LINKS },
    permissions: [
      `dynamodb:GetItem on ${REPORTS}`,
      TABLE_KEY,
      ...READING_OBJECTS,
      `dynamodb:PutItem on ${LINKS}`,
      ...REVOKING_LINKS,
    ],
  },
  // Everybody can have it run, so it lists nothing and reads nothing but what a link leads to.
  FunctionsLinkOpener: {
    environment: { ...LINKS_TABLE, REPORTS_BUCKET: "<StorageReportsBucket>" },
    permissions: [`dynamodb:GetItem dynamodb:UpdateItem on ${LINKS}`, TABLE_KEY, ...READING_OBJECTS],
  },
  FunctionsRedeliveryWorker: {
    environment: {
      ...SP_API_VARIABLES,
      ...REPORTS_TABLE,
      STATE_MACHINE_ARN: DELIVERY,
      ORDER_STATE_MACHINE_ARN: ORDERING,
      ...TELLING,
      ...OVERDUE,
    },
    permissions: [
      ...spApi(),
      `dynamodb:GetItem dynamodb:UpdateItem dynamodb:DeleteItem dynamodb:Scan on ${REPORTS}`,
      `dynamodb:Query on ${REPORTS}/index/byDueTime`,
      `dynamodb:Query on ${REPORTS}/index/byStatus`,
      `states:StartExecution on ${DELIVERY}`,
      `states:StartExecution on ${ORDERING}`,
      ...PUBLISHING,
      EVENTS,
      `states:StartExecution on ${MAIL}`,
    ],
  },
  FunctionsReportDocumentRetrieval: {
    environment: { ...METERED_VARIABLES, ...REPORTS_TABLE },
    permissions: [
      ...metered("dynamodb:UpdateItem"),
      `dynamodb:GetItem dynamodb:UpdateItem dynamodb:DeleteItem on ${REPORTS}`,
    ],
  },
  FunctionsReportDocumentStorage: {
    environment: {
      REPORTS_BUCKET: "<StorageReportsBucket>",
      ...REPORTS_TABLE,
      DOCUMENT_FORMAT: "as-is",
      GZIP_CHECK: "contents",
    },
    permissions: [
      `s3:PutObject s3:PutObjectTagging s3:AbortMultipartUpload s3:ListMultipartUploadParts on ${OBJECTS}`,
      "kms:GenerateDataKey kms:Decrypt on <EncryptionDataKey.Arn> through s3.<AWS::Region>.<AWS::URLSuffix>",
      `dynamodb:GetItem dynamodb:UpdateItem on ${REPORTS}`,
      TABLE_KEY,
    ],
  },
  FunctionsPresignedUrlGenerator: {
    environment: { ...MAKING_LINKS, ...REPORTS_TABLE },
    permissions: [`dynamodb:PutItem on ${LINKS}`, TABLE_KEY, `dynamodb:UpdateItem on ${REPORTS}`],
  },
  FunctionsMailGatherer: {
    environment: { ...REPORTS_TABLE, ...MAKING_LINKS, ...MAILING },
    permissions: [
      `dynamodb:UpdateItem dynamodb:DeleteItem dynamodb:Query on ${REPORTS}`,
      TABLE_KEY,
      `dynamodb:PutItem on ${LINKS}`,
      ...PUBLISHING,
    ],
  },
  FunctionsReportNotifier: {
    environment: {
      REPORT_RETENTION_DAYS: "540",
      ...TELLING,
      REPORTS_BUCKET: "<StorageReportsBucket>",
      ...REPORTS_TABLE,
      SELLING_PARTNERS_TABLE: "<StorageSellingPartners>",
    },
    permissions: [
      ...PUBLISHING,
      EVENTS,
      `states:StartExecution on ${MAIL}`,
      `dynamodb:UpdateItem on ${REPORTS}`,
      TABLE_KEY,
      `dynamodb:GetItem on ${SELLING_PARTNERS}`,
    ],
  },
};

/** How long each function may take, in seconds, unless it is behind the API. */
const TIMEOUTS: Record<string, number> = {
  FunctionsOrderPlacer: 60,
  FunctionsRedeliveryWorker: 90,
  FunctionsReportDocumentRetrieval: 60,
  FunctionsReportDocumentStorage: 900,
  FunctionsPresignedUrlGenerator: 30,
  FunctionsReportNotifier: 30,
  FunctionsMailGatherer: 120,
  NotificationsNotificationsProcessor: 30,
  ReconcilerReportReconciler: 900,
};

describe("functions", () => {
  test("are these nineteen and no other", () => {
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

  test("links that are presigned URLs are signed where they are made", () => {
    const presigned = synthesize({ links: "presigned" })["SpReports"] as Template;
    const id = "FunctionsPresignedUrlGenerator";
    const { Environment } = resources("AWS::Lambda::Function", presigned)[`${id}Function`];
    assert.deepEqual(readable(Environment.Variables), {
      REPORTS_BUCKET: "<StorageReportsBucket>",
      LINK_LIFETIME_SECONDS: "<LinkLifetimeSeconds>",
      ...REPORTS_TABLE,
    });
    assert.deepEqual(permissionsOf("Roles", `${id}Role`, presigned).slice(1), [
      ...READING_OBJECTS,
      `dynamodb:UpdateItem on ${REPORTS}`,
      TABLE_KEY,
    ]);
  });

  test("run on the settings' architecture", () => {
    for (const properties of Object.values(resources("AWS::Lambda::Function"))) {
      assert.equal(properties.Runtime, "provided.al2023");
      assert.equal(properties.Handler, "bootstrap");
      assert.deepEqual(properties.Architectures, ["x86_64"]);
    }
  });

  test("have the time that they need, behind the API as much as the API has", () => {
    const functions = resources("AWS::Lambda::Function");
    const timeouts = Object.keys(EXPECTED).map((id) => [id, functions[`${id}Function`].Timeout]);
    assert.deepEqual(
      Object.fromEntries(timeouts),
      Object.fromEntries(Object.keys(EXPECTED).map((id) => [id, TIMEOUTS[id] ?? 29])),
    );
    assert.equal(functions["FunctionsReportDocumentStorageFunction"].MemorySize, 512);
  });

  test("the processor reads the queue in batches and reports single failures", () => {
    template().hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });
});
