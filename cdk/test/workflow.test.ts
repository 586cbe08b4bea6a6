import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { definitionFile, type WorkflowName } from "../lib/constructs/workflow";
import { permissionsOf, readable, resources, type Json } from "./support";

interface Expected {
  readonly name: WorkflowName;
  /** The functions, by their places in the definition. */
  readonly functions: Record<string, string>;
}

const EXPECTED: Record<string, Expected> = {
  Workflow: {
    name: "report-delivery",
    functions: {
      ReportDocumentRetrievalFunctionArn: "<FunctionsReportDocumentRetrievalFunction.Arn>",
      ReportDocumentStorageFunctionArn: "<FunctionsReportDocumentStorageFunction.Arn>",
      PresignedUrlGeneratorFunctionArn: "<FunctionsPresignedUrlGeneratorFunction.Arn>",
      ReportNotifierFunctionArn: "<FunctionsReportNotifierFunction.Arn>",
    },
  },
  OrderWorkflow: {
    name: "report-order",
    functions: {
      OrderPlacerFunctionArn: "<FunctionsOrderPlacerFunction.Arn>",
      ReportNotifierFunctionArn: "<FunctionsReportNotifierFunction.Arn>",
    },
  },
};

describe("workflows", () => {
  test("are these two and no other", () => {
    assert.deepEqual(
      Object.keys(resources("AWS::StepFunctions::StateMachine")).sort(),
      Object.keys(EXPECTED)
        .map((id) => `${id}StateMachine`)
        .sort(),
    );
  });
});

for (const [id, { name, functions }] of Object.entries(EXPECTED)) {
  describe(`the workflow ${name}`, () => {
    const definition = readFileSync(definitionFile(name), "utf8");
    const stateMachine = (): Json => readable(resources("AWS::StepFunctions::StateMachine")[`${id}StateMachine`]);

    test("substitutes exactly what the definition asks for", () => {
      const placeholders = [...definition.matchAll(/\$\{(\w+)\}/g)].map(([, placeholder]) => placeholder);
      const substitutions = stateMachine().DefinitionSubstitutions;
      assert.deepEqual([...new Set(placeholders)].sort(), Object.keys(substitutions).sort());
      assert.deepEqual(substitutions, { ...functions, ReportsTableName: "<StorageReports>" });
    });

    test("deploys the definition as it is in the file", () => {
      assert.deepEqual(JSON.parse(stateMachine().DefinitionString), JSON.parse(definition));
      assert.equal(stateMachine().StateMachineType, "STANDARD");
    });

    test("calls nothing but what its role allows", () => {
      const called = [...definition.matchAll(/"Resource": *"([^"]+)"/g)].map(([, resource]) => resource);
      assert.deepEqual([...new Set(called)].sort(), [
        "arn:aws:states:::dynamodb:updateItem",
        "arn:aws:states:::lambda:invoke",
      ]);
    });

    test("invokes its functions and updates rows of reports, and may do no more", () => {
      assert.equal(stateMachine().RoleArn, `<${id}Role.Arn>`);
      const own = permissionsOf("Roles", `${id}Role`).filter((statement) => !statement.endsWith(" on *"));
      assert.deepEqual(own, [
        `lambda:InvokeFunction on ${Object.values(functions).join(" ")}`,
        "dynamodb:UpdateItem on <StorageReports.Arn>",
        "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom" +
          " kms:ReEncryptTo on <EncryptionDataKey.Arn> through dynamodb.<AWS::Region>.<AWS::URLSuffix>",
      ]);
    });

    test("is traced, and logs what happens but not the data, which may have document URLs in it", () => {
      assert.deepEqual(stateMachine().TracingConfiguration, { Enabled: true });
      assert.equal(stateMachine().LoggingConfiguration.Level, "ALL");
      assert.equal(stateMachine().LoggingConfiguration.IncludeExecutionData, false);
    });
  });
}
