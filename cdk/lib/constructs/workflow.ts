import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { ArnFormat, Stack, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import { physicalName } from "./physical-name";
import type { Capability } from "./rust-function";
import type { Storage } from "./storage";

/** The workflows; each is the name of a definition under `statemachine/`. */
export type WorkflowName = "report-delivery" | "report-delivery-express" | "report-order" | "redelivery" | "mail";

/** A state machine's definition, in Amazon States Language with `${…}` for what is deployed. */
export function definitionFile(name: WorkflowName): string {
  return resolve(__dirname, `../../../statemachine/${name}.asl.json`);
}

export interface WorkflowProps {
  readonly name: WorkflowName;
  readonly description: string;
  /** The variable in which functions find the state machine. */
  readonly variable: string;
  /** An execution of the Express type lives for five minutes at most. */
  readonly type: sfn.StateMachineType;
  /** The functions that it calls, by the places for their ARNs in the definition. */
  readonly functions: Record<string, lambda.IFunction>;
  /** What else it works with. */
  readonly resources: WorkflowResource[];
  readonly settings: Settings;
}

/** What a definition works with by itself: its places there, and the permission to use it. */
export interface WorkflowResource {
  readonly places: Record<string, string>;
  readonly permissions: iam.PolicyStatement[];
}

/** The reports' rows, which a workflow marks by itself when its functions fail. */
export function reportRows(storage: Storage): WorkflowResource {
  return {
    places: { ReportsTableName: storage.reports.tableName },
    permissions: storage.tableAccess(storage.reports, "dynamodb:UpdateItem"),
  };
}

/** A state machine that calls functions. */
export class Workflow extends Construct {
  readonly name: WorkflowName;
  readonly stateMachine: sfn.StateMachine;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: WorkflowProps,
  ) {
    super(scope, id);
    const { name, settings } = props;
    this.name = name;
    const functionArns = Object.fromEntries(
      Object.entries(props.functions).map(([place, { functionArn }]) => [place, functionArn]),
    );

    const isExpress = props.type === sfn.StateMachineType.EXPRESS;
    const role = new iam.Role(this, "Role", {
      assumedBy: new iam.ServicePrincipal("states.amazonaws.com"),
      description: `What the workflow ${name} may do`,
    });
    role.addToPolicy(
      new iam.PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: Object.values(functionArns) }),
    );
    props.resources.flatMap(({ permissions }) => permissions).forEach((statement) => role.addToPolicy(statement));

    this.stateMachine = new sfn.StateMachine(this, "StateMachine", {
      comment: props.description,
      stateMachineType: props.type,
      definitionBody: sfn.DefinitionBody.fromString(readFileSync(definitionFile(name), "utf8")),
      definitionSubstitutions: Object.assign({}, functionArns, ...props.resources.map(({ places }) => places)),
      role,
      tracingEnabled: true,
      logs: {
        destination: new logs.LogGroup(this, "Logs", {
          // Groups under this prefix share one statement of the account's log resource policy,
          // whose length is limited; all others add one each.
          logGroupName: `/aws/vendedlogs/states/${physicalName(this, name)}`,
          retention: settings.logRetention,
          removalPolicy: settings.removalPolicy,
        }),
        level: isExpress ? sfn.LogLevel.ERROR : sfn.LogLevel.ALL,
        // Whoever has a document's URL has the document, so it must not be in a log.
        includeExecutionData: false,
      },
    });
    Validations.of(role).acknowledge({
      id: "AwsSolutions-IAM5[Resource::*]",
      reason: "Log deliveries and X-Ray have no resources that a policy could name.",
    });
    if (isExpress) {
      Validations.of(this.stateMachine).acknowledge({
        id: "AwsSolutions-SF1",
        reason: "It is there to save money, and all its events would cost more than it does. The ledger has the rest.",
      });
    }
  }

  /** Lets a function start executions. */
  starting(): Required<Pick<Capability, "environment" | "permissions">> {
    const { stateMachineArn } = this.stateMachine;
    return {
      environment: { [this.props.variable]: stateMachineArn },
      permissions: [new iam.PolicyStatement({ actions: ["states:StartExecution"], resources: [stateMachineArn] })],
    };
  }

  /** Lets another workflow start executions. */
  asResource(place: string): WorkflowResource {
    return { places: { [place]: this.stateMachine.stateMachineArn }, permissions: this.starting().permissions };
  }

  /** Lets a function see how executions are getting on. */
  watching(): Capability {
    const executions = Stack.of(this).formatArn({
      service: "states",
      resource: "execution",
      resourceName: `${this.stateMachine.stateMachineName}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return {
      permissions: [new iam.PolicyStatement({ actions: ["states:DescribeExecution"], resources: [executions] })],
      wildcardReason: "The executions of one state machine; their names depend on the reports.",
    };
  }
}
