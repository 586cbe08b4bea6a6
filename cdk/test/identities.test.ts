import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { permissionsOf, resources, statements, type Json } from "./support";

const METHOD = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<ApiRestApi>/prod/POST";

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

  test("the role can call the three methods and do nothing else", () => {
    assert.deepEqual(permissionsOf("Roles", "InvokeIdentityRole"), [
      `execute-api:Invoke on ${METHOD}/tokens ${METHOD}/notifications ${METHOD}/reports`,
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

  test("names its resources, but for log deliveries and traces", () => {
    const everywhere = policies().filter(([, statement]) => [statement.Resource].flat().includes("*"));
    assert.deepEqual(
      everywhere.map(([id, statement]) => [id, statement.Action]),
      [
        [
          "WorkflowRoleDefaultPolicy",
          [
            "logs:CreateLogDelivery",
            "logs:GetLogDelivery",
            "logs:UpdateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
          ],
        ],
        [
          "WorkflowRoleDefaultPolicy",
          ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
        ],
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
