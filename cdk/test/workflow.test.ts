import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { DEFINITION_FILE } from "../lib/constructs/workflow";
import { permissionsOf, readable, resources, type Json } from "./support";

describe("the workflow", () => {
  const definition = readFileSync(DEFINITION_FILE, "utf8");
  const stateMachine = (): Json => readable(resources("AWS::StepFunctions::StateMachine")["WorkflowStateMachine"]);

  test("substitutes exactly what the definition asks for", () => {
    const placeholders = [...definition.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
    const substitutions = stateMachine().DefinitionSubstitutions;
    assert.deepEqual([...new Set(placeholders)].sort(), Object.keys(substitutions).sort());
    assert.deepEqual(substitutions, {
      ReportDocumentRetrievalFunctionArn: "<FunctionsReportDocumentRetrievalFunction.Arn>",
      ReportDocumentStorageFunctionArn: "<FunctionsReportDocumentStorageFunction.Arn>",
      PresignedUrlGeneratorFunctionArn: "<FunctionsPresignedUrlGeneratorFunction.Arn>",
      ReportNotifierFunctionArn: "<FunctionsReportNotifierFunction.Arn>",
      ReportsTableName: "<StorageReports>",
    });
  });

  test("deploys the definition as it is in the file", () => {
    assert.deepEqual(JSON.parse(stateMachine().DefinitionString), JSON.parse(definition));
    assert.equal(stateMachine().StateMachineType, "STANDARD");
  });

  test("invokes its four functions and marks reports as failed, and may do no more", () => {
    const own = permissionsOf("Roles", "WorkflowRole").filter((statement) => !statement.endsWith(" on *"));
    assert.deepEqual(own, [
      "lambda:InvokeFunction on <FunctionsReportDocumentRetrievalFunction.Arn>" +
        " <FunctionsReportDocumentStorageFunction.Arn> <FunctionsPresignedUrlGeneratorFunction.Arn>" +
        " <FunctionsReportNotifierFunction.Arn>",
      "dynamodb:UpdateItem on <StorageReports.Arn>",
      "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom" +
        " kms:ReEncryptTo on <EncryptionDataKey.Arn> through dynamodb.<AWS::Region>.<AWS::URLSuffix>",
    ]);
  });

  test("is traced, and logs what happens but not the data, which has document URLs in it", () => {
    assert.deepEqual(stateMachine().TracingConfiguration, { Enabled: true });
    assert.equal(stateMachine().LoggingConfiguration.Level, "ALL");
    assert.equal(stateMachine().LoggingConfiguration.IncludeExecutionData, false);
  });
});
