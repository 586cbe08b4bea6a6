import type { Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { Bucket } from "aws-cdk-lib/aws-s3";

import { createApp } from "../lib/app";
import type { FunctionFactory } from "../lib/constructs/rust-function";

/** Any JSON of a template; tests say by their assertions what it is. */
export type Json = any;

/** Functions whose code is nowhere, so that nothing is built. */
const withoutCode: FunctionFactory = (scope, id, name, options) =>
  new lambda.Function(scope, id, {
    ...options,
    runtime: lambda.Runtime.PROVIDED_AL2023,
    handler: "bootstrap",
    code: lambda.Code.fromBucket(Bucket.fromBucketName(scope, "Code", "code"), name),
  });

/** Synthesizes the app, which fails on any rule of cdk-nag that is not acknowledged. */
export function synthesize(context: Record<string, unknown> = {}): Record<string, Template> {
  const app = createApp({ context, functionFactory: withoutCode });
  app.synth();
  return Object.fromEntries(
    app.node.children
      .filter((child) => "templateOptions" in child)
      .map((stack) => [stack.node.id, Template.fromStack(stack as Stack)]),
  );
}

let shared: Record<string, Template> | undefined;

/** The template that all tests share, of the stack as it is with no settings at all. */
export function template(): Template {
  shared ??= synthesize();
  return shared["SpReports"] as Template;
}

let withLane: Template | undefined;

/** The same with the express lane. */
export function templateWithLane(): Template {
  withLane ??= synthesize({ workflowType: "express" })["SpReports"] as Template;
  return withLane;
}

let withSes: Template | undefined;

/** The same with e-mails that SES sends. */
export function templateWithSes(): Template {
  withSes ??= synthesize({ mail: "ses" })["SpReports"] as Template;
  return withSes;
}

let withRotation: Template | undefined;

/** The same with a client secret that rotates itself. */
export function templateWithRotation(): Template {
  withRotation ??= synthesize({ rotateSecret: "on" })["SpReports"] as Template;
  return withRotation;
}

let withOnboarding: Template | undefined;

/** The same with sellers who authorize in a browser. */
export function templateWithOnboarding(): Template {
  withOnboarding ??= synthesize({ onboarding: "on" })["SpReports"] as Template;
  return withOnboarding;
}

/** Properties of the resources of a type, by logical id without the hash. */
export function resources(type: string, from: Template = template()): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(from.findResources(type)).map(([id, resource]) => [withoutHash(id), resource["Properties"]]),
  );
}

/** Intrinsic functions as text: `<Id>` for a Ref, `<Id.Attribute>`, and joined strings. */
export function readable(value: Json): Json {
  if (Array.isArray(value)) {
    return value.map(readable);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  if (value.Ref !== undefined) {
    return `<${withoutHash(value.Ref)}>`;
  }
  if (value["Fn::GetAtt"] !== undefined) {
    const [id, attribute] = value["Fn::GetAtt"];
    return `<${withoutHash(id)}.${attribute}>`;
  }
  if (value["Fn::Join"] !== undefined) {
    const [separator, parts] = value["Fn::Join"];
    return parts.map(readable).join(separator);
  }
  if (value["Fn::Select"] !== undefined) {
    return "<part>";
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readable(item)]));
}

/** Statements as `actions on resources [through a service]`, to compare and to read. */
export function statements(policyDocument: Json): string[] {
  return readable(policyDocument).Statement.map((statement: Json) => {
    const list = (items: string | string[]): string => [items].flat().join(" ");
    const through = statement.Condition?.StringEquals?.["kms:ViaService"];
    const plain = [
      statement.Effect === "Allow" ? "" : `${statement.Effect} `,
      statement.Principal === undefined ? "" : `${JSON.stringify(statement.Principal)}: `,
      `${list(statement.Action)} on ${list(statement.Resource ?? [])}`,
    ].join("");
    if (through !== undefined) {
      return `${plain} through ${through}`;
    }
    return statement.Condition === undefined ? plain : `${plain} if ${JSON.stringify(statement.Condition)}`;
  });
}

/** All statements of the policies of a user or a role. */
export function permissionsOf(kind: "Users" | "Roles", id: string, from: Template = template()): string[] {
  return Object.values(resources("AWS::IAM::Policy", from))
    .filter((policy: Json) => readable(policy[kind] ?? []).includes(`<${id}>`))
    .flatMap((policy: Json) => statements(policy.PolicyDocument));
}

function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, "");
}
