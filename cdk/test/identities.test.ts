import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { permissionsOf, resources, statements, type Json } from "./support";

const STAGE = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<ApiRestApi>/prod";

describe("the invoke identity", () => {
  test("the user can take on the role and do nothing else", () => {
    assert.deepEqual(resources("AWS::IAM::User"), { InvokeIdentityUser: undefined });
    assert.deepEqual(permissionsOf("Users", "InvokeIdentityUser"), ["sts:AssumeRole on <InvokeIdentityRole.Arn>"]);
  });

  test("the role trusts the user alone", () => {
    const role = resources("AWS::IAM::Role")["InvokeIdentityRole"];
    assert.deepEqual(statements(role.AssumeRolePolicyDocument), [
      '{"AWS":"<InvokeIdentityUser.Arn>"}: sts:AssumeRole on ',
    ]);
  });

  test("the role can call every method that wants a signature and do nothing else", () => {
    const methods = [
      "POST/tokens",
      "DELETE/tokens/*",
      "GET/sellers",
      "GET/sellers/*",
      "POST/notifications",
      "DELETE/notifications",
      "POST/reports",
      "GET/reports",
      "GET/reports/*",
      "DELETE/reports/*",
      "POST/reports/*/delivery",
      "GET/reports/*/document",
      "POST/reports/*/links",
      "DELETE/reports/*/links",
      "POST/deliveries",
      "GET/deliveries/*",
      "POST/schedules",
      "GET/schedules",
      "DELETE/schedules/*",
    ];
    const signed = Object.values(resources("AWS::ApiGateway::Method")).filter(
      (method: Json) => method.AuthorizationType === "AWS_IAM",
    );
    assert.equal(methods.length, signed.length);
    assert.deepEqual(permissionsOf("Roles", "InvokeIdentityRole"), [
      `execute-api:Invoke on ${methods.map((method) => `${STAGE}/${method}`).join(" ")}`,
    ]);
  });
});

describe("the consumers' policy", () => {
  test("reads reports, their rows and what the API shows of them, and writes nothing", () => {
    const policy = resources("AWS::IAM::ManagedPolicy")["ConsumerPolicy"];
    const through = (service: string): string => `through ${service}.<AWS::Region>.<AWS::URLSuffix>`;
    assert.deepEqual(statements(policy.PolicyDocument), [
      "s3:GetObject on <StorageReportsBucket.Arn>/*",
      `kms:Decrypt on <EncryptionDataKey.Arn> ${through("s3")}`,
      "dynamodb:GetItem dynamodb:Query on <StorageReports.Arn> <StorageReports.Arn>/index/byStatus",
      `kms:Decrypt kms:DescribeKey on <EncryptionDataKey.Arn> ${through("dynamodb")}`,
      `execute-api:Invoke on ${STAGE}/GET/reports ${STAGE}/GET/reports/* ${STAGE}/GET/reports/*/document`,
    ]);
  });
});

describe("every policy", () => {
  const policies = (): [string, Json][] =>
    Object.entries(resources("AWS::IAM::Policy")).flatMap(([id, policy]) =>
      policy.PolicyDocument.Statement.map((statement: Json) => [id, statement]),
    );

  test("names each action", () => {
    for (const [id, statement] of policies()) {
      [statement.Action].flat().forEach((action: string) => assert.doesNotMatch(action, /\*/, id));
    }
  });

  test("names its resources, but for log deliveries, traces, and what IAM knows none for", () => {
    const everywhere = policies().filter(([, statement]) => [statement.Resource].flat().includes("*"));
    const logDeliveries = [
      "logs:CreateLogDelivery",
      "logs:GetLogDelivery",
      "logs:UpdateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:DescribeResourcePolicies",
      "logs:DescribeLogGroups",
    ];
    const traces = [
      "xray:PutTraceSegments",
      "xray:PutTelemetryRecords",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
    ];
    assert.deepEqual(
      everywhere.map(([id, statement]) => [id, statement.Action]),
      [
        ["FunctionsTokenStorageRoleDefaultPolicy", "sns:Unsubscribe"],
        ...["MailWorkflow", "Workflow", "OrderWorkflow", "RedeliveryWorkflow"].flatMap((workflow) => {
          const id = `${workflow}RoleDefaultPolicy`;
          return [
            [id, logDeliveries],
            [id, traces],
          ];
        }),
      ],
    );
  });

  test("only API Gateway's logging role has a policy managed by AWS", () => {
    const managed = Object.entries(resources("AWS::IAM::Role")).filter(([, role]) => role.ManagedPolicyArns);
    assert.deepEqual(
      managed.map(([id]) => id),
      ["ApiRestApiCloudWatchRole"],
    );
  });
});
