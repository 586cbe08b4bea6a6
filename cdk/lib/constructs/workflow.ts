import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import { physicalName } from "./physical-name";
import type { Storage } from "./storage";

/** The state machine's definition, in Amazon States Language with `${…}` for what is deployed. */
export const DEFINITION_FILE = resolve(__dirname, "../../../statemachine/report-delivery.asl.json");

export interface WorkflowProps {
  readonly settings: Settings;
  readonly storage: Storage;
  readonly reportDocumentRetrieval: lambda.IFunction;
  readonly reportDocumentStorage: lambda.IFunction;
  readonly presignedUrlGenerator: lambda.IFunction;
  readonly reportNotifier: lambda.IFunction;
}

/** The state machine that delivers one report. */
export class Workflow extends Construct {
  readonly stateMachine: sfn.StateMachine;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const { settings, storage } = props;
    const functions = {
      ReportDocumentRetrievalFunctionArn: props.reportDocumentRetrieval.functionArn,
      ReportDocumentStorageFunctionArn: props.reportDocumentStorage.functionArn,
      PresignedUrlGeneratorFunctionArn: props.presignedUrlGenerator.functionArn,
      ReportNotifierFunctionArn: props.reportNotifier.functionArn,
    };

    const role = new iam.Role(this, "Role", {
      assumedBy: new iam.ServicePrincipal("states.amazonaws.com"),
      description: "What the report delivery workflow may do",
    });
    role.addToPolicy(
      new iam.PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: Object.values(functions) }),
    );
    storage.tableAccess(storage.reports, "dynamodb:UpdateItem").forEach((statement) => role.addToPolicy(statement));

    this.stateMachine = new sfn.StateMachine(this, "StateMachine", {
      comment: "Delivers one report to the seller",
      stateMachineType: sfn.StateMachineType.STANDARD,
      definitionBody: sfn.DefinitionBody.fromString(readFileSync(DEFINITION_FILE, "utf8")),
      definitionSubstitutions: { ...functions, ReportsTableName: storage.reports.tableName },
      role,
      tracingEnabled: true,
      logs: {
        destination: new logs.LogGroup(this, "Logs", {
          // Groups under this prefix share one statement of the account's log resource policy,
          // whose length is limited; all others add one each.
          logGroupName: `/aws/vendedlogs/states/${physicalName(this, "report-delivery")}`,
          retention: settings.logRetention,
          removalPolicy: settings.removalPolicy,
        }),
        level: sfn.LogLevel.ALL,
        // Whoever has a document's URL has the document, so it must not be in a log.
        includeExecutionData: false,
      },
    });
    Validations.of(role).acknowledge({
      id: "AwsSolutions-IAM5[Resource::*]",
      reason: "Log deliveries and X-Ray have no resources that a policy could name.",
    });
  }
}
