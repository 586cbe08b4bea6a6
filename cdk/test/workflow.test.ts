import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { definitionFile, type WorkflowName } from "../lib/constructs/workflow";
import { permissionsOf, readable, resources, template, templateWithLane, type Json } from "./support";

interface Expected {
  readonly name: WorkflowName;
  readonly type: "STANDARD" | "EXPRESS";
  /** The functions, by their places in the definition. */
  readonly functions: Record<string, string>;
  /** Everything else that has a place there. */
  readonly others: Record<string, string>;
  /** What states call besides functions. */
  readonly calls?: string;
  /** What its role may do besides invoking functions. */
  readonly permissions: string[];
  readonly logs: "ALL" | "ERROR";
}

const DELIVERY_FUNCTIONS = {
  ReportDocumentRetrievalFunctionArn: "<FunctionsReportDocumentRetrievalFunction.Arn>",
  ReportDocumentStorageFunctionArn: "<FunctionsReportDocumentStorageFunction.Arn>",
  PresignedUrlGeneratorFunctionArn: "<FunctionsPresignedUrlGeneratorFunction.Arn>",
  ReportNotifierFunctionArn: "<FunctionsReportNotifierFunction.Arn>",
};

const MARKING_ROWS = {
  type: "STANDARD",
  others: { ReportsTableName: "<StorageReports>" },
  calls: "arn:aws:states:::dynamodb:updateItem",
  permissions: [
    "dynamodb:UpdateItem on <StorageReports.Arn>",
    "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom" +
      " kms:ReEncryptTo on <EncryptionDataKey.Arn> through dynamodb.<AWS::Region>.<AWS::URLSuffix>",
  ],
  logs: "ALL",
} as const;

const STANDARD: Record<string, Expected> = {
  Workflow: { name: "report-delivery", functions: DELIVERY_FUNCTIONS, ...MARKING_ROWS, permissions: [...MARKING_ROWS.permissions] },
  OrderWorkflow: {
    name: "report-order",
    functions: {
      OrderPlacerFunctionArn: "<FunctionsOrderPlacerFunction.Arn>",
      ReportNotifierFunctionArn: "<FunctionsReportNotifierFunction.Arn>",
    },
    ...MARKING_ROWS,
    permissions: [...MARKING_ROWS.permissions],
  },
  MailWorkflow: {
    name: "mail",
    type: "STANDARD",
    functions: { MailGathererFunctionArn: "<FunctionsMailGathererFunction.Arn>" },
    others: {},
    permissions: [],
    logs: "ALL",
  },
  RedeliveryWorkflow: {
    name: "redelivery",
    type: "STANDARD",
    functions: { RedeliveryWorkerFunctionArn: "<FunctionsRedeliveryWorkerFunction.Arn>" },
    others: {},
    permissions: [],
    logs: "ALL",
  },
};

const WITH_LANE: Record<string, Expected> = {
  ...STANDARD,
  ExpressLane: {
    name: "report-delivery-express",
    type: "EXPRESS",
    functions: DELIVERY_FUNCTIONS,
    others: { DeliveryStateMachineArn: "<WorkflowStateMachine>" },
    calls: "arn:aws:states:::states:startExecution",
    permissions: ["states:StartExecution on <WorkflowStateMachine>"],
    logs: "ERROR",
  },
};

describe("workflows", () => {
  test("are these and no other", () => {
    for (const [expected, from] of [
      [STANDARD, template()],
      [WITH_LANE, templateWithLane()],
    ] as const) {
      assert.deepEqual(
        Object.keys(resources("AWS::StepFunctions::StateMachine", from)).sort(),
        Object.keys(expected)
          .map((id) => `${id}StateMachine`)
          .sort(),
      );
    }
  });
});

for (const [id, expected] of Object.entries(WITH_LANE)) {
  describe(`the workflow ${expected.name}`, () => {
    const definition = readFileSync(definitionFile(expected.name), "utf8");
    const from = (): ReturnType<typeof template> => (expected.type === "EXPRESS" ? templateWithLane() : template());
    const stateMachine = (): Json =>
      readable(resources("AWS::StepFunctions::StateMachine", from())[`${id}StateMachine`]);

    test("substitutes exactly what the definition asks for", () => {
      const placeholders = [...definition.matchAll(/\$\{(\w+)\}/g)].map(([, placeholder]) => placeholder);
      const substitutions = stateMachine().DefinitionSubstitutions;
      assert.deepEqual([...new Set(placeholders)].sort(), Object.keys(substitutions).sort());
      assert.deepEqual(substitutions, { ...expected.functions, ...expected.others });
    });

    test("deploys the definition as it is in the file", () => {
      assert.deepEqual(JSON.parse(stateMachine().DefinitionString), JSON.parse(definition));
      assert.equal(stateMachine().StateMachineType, expected.type);
    });

    test("calls nothing but what its role allows", () => {
      const called = [...definition.matchAll(/"Resource": *"([^"]+)"/g)].map(([, resource]) => resource);
      assert.deepEqual([...new Set(called)].sort(), [...(expected.calls ? [expected.calls] : []), "arn:aws:states:::lambda:invoke"].sort());
    });

    test("may do nothing but that", () => {
      assert.equal(stateMachine().RoleArn, `<${id}Role.Arn>`);
      const own = permissionsOf("Roles", `${id}Role`, from()).filter((statement) => !statement.endsWith(" on *"));
      assert.deepEqual(own, [
        `lambda:InvokeFunction on ${Object.values(expected.functions).join(" ")}`,
        ...expected.permissions,
      ]);
    });

    test("is traced, and logs what happens but not the data, which may have document URLs in it", () => {
      assert.deepEqual(stateMachine().TracingConfiguration, { Enabled: true });
      assert.equal(stateMachine().LoggingConfiguration.Level, expected.logs);
      assert.equal(stateMachine().LoggingConfiguration.IncludeExecutionData, false);
    });
  });
}

describe("the express lane", () => {
  const environment = (from: ReturnType<typeof template>): Json =>
    readable(resources("AWS::Lambda::Function", from)["NotificationsNotificationsProcessorFunction"]).Environment
      .Variables;
  const role = "NotificationsNotificationsProcessorRole";

  test("is where deliveries begin, and changes nothing else", () => {
    assert.equal(environment(template()).EXPRESS_LANE_ARN, undefined);
    assert.equal(environment(templateWithLane()).EXPRESS_LANE_ARN, "<ExpressLaneStateMachine>");
    const added = permissionsOf("Roles", role, templateWithLane()).filter(
      (statement) => !permissionsOf("Roles", role).includes(statement),
    );
    assert.deepEqual(added, ["states:StartExecution on <ExpressLaneStateMachine>"]);
    const ids = (from: ReturnType<typeof template>): string[] => Object.keys(from.toJSON()["Resources"]);
    const more = ids(templateWithLane()).filter((id) => !ids(template()).includes(id));
    assert.ok(more.length > 0);
    more.forEach((id) => assert.match(id, /^(ExpressLane|AlarmsExpressLane)/));
    assert.deepEqual(ids(template()).filter((id) => !ids(templateWithLane()).includes(id)), []);
  });
});
