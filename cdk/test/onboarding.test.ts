import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { permissionsOf, readable, resources, synthesize, template, templateWithOnboarding, type Json } from "./support";

const ONBOARDINGS = "<StorageOnboardings.Arn>";
const TABLE_KEY =
  "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom kms:ReEncryptTo" +
  " on <EncryptionDataKey.Arn> through dynamodb.<AWS::Region>.<AWS::URLSuffix>";
const SECRET =
  "arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:SpReports-lwa-credentials-<part>-??????";
const API_URL = "https://<ApiRestApi>.execute-api.<AWS::Region>.<AWS::URLSuffix>/prod";

const OPEN = [
  "/onboarding/{invitation}",
  "/onboarding/{invitation}/consent",
  "/onboarding/callback",
  "/onboarding/login",
];

const variablesOf = (id: string): Json =>
  readable(resources("AWS::Lambda::Function", templateWithOnboarding())[`Functions${id}Function`].Environment.Variables);

const roleOf = (id: string): string[] =>
  permissionsOf("Roles", `Functions${id}Role`, templateWithOnboarding()).filter((it) => !it.startsWith("logs:"));

describe("onboarding in a browser", () => {
  test("is not there unless asked for", () => {
    const names = [
      ...Object.keys(resources("AWS::Lambda::Function")),
      ...Object.keys(resources("AWS::DynamoDB::Table")),
      ...Object.keys(resources("AWS::ApiGateway::Resource")),
      ...Object.keys(template().findParameters("*")),
      ...Object.keys(template().findOutputs("*")),
    ];
    assert.deepEqual(names.filter((name) => /onboarding/i.test(name)), []);
  });

  test("the inviter adds invitations and can do nothing else", () => {
    assert.deepEqual(variablesOf("OnboardingInviter"), { ONBOARDINGS_TABLE: "<StorageOnboardings>", API_URL });
    assert.deepEqual(roleOf("OnboardingInviter"), [`dynamodb:PutItem on ${ONBOARDINGS}`, TABLE_KEY]);
  });

  test("the pages list no invitation, and store and subscribe as the API does", () => {
    assert.deepEqual(variablesOf("Onboarding"), {
      ONBOARDINGS_TABLE: "<StorageOnboardings>",
      API_URL,
      ONBOARDING_APPLICATION_ID: "<OnboardingApplicationId>",
      ONBOARDING_NAME: "<OnboardingName>",
      ONBOARDING_DRAFT: "<OnboardingDraft>",
      CONSENT_HOST: "<ConsentHost>",
      APPSTORE_LOGIN: "<AppstoreLogin>",
      CONTACT_TEXT: "<ContactText>",
      SELLING_PARTNERS_TABLE: "<StorageSellingPartners>",
      TOKEN_KEY_ARN: "<EncryptionTokenKey.Arn>",
      LWA_SECRET_NAME: "SpReports-lwa-credentials-<part>",
      SP_API_ENVIRONMENT: "<SpApiEnvironment>",
      NOTIFICATIONS_QUEUE_ARN: "<NotificationsQueue.Arn>",
      MAIL: "sns",
      TOPIC_ARN: "<ReportTopic>",
      REPORTS_TABLE: "<StorageReports>",
      REDELIVERY_STATE_MACHINE_ARN: "<RedeliveryWorkflowStateMachine>",
    });
    assert.deepEqual(roleOf("Onboarding"), [
      `dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem on ${ONBOARDINGS}`,
      TABLE_KEY,
      "dynamodb:GetItem dynamodb:UpdateItem on <StorageSellingPartners.Arn>",
      "kms:Decrypt on <EncryptionTokenKey.Arn>",
      `secretsmanager:GetSecretValue on ${SECRET}`,
      "kms:Encrypt on <EncryptionTokenKey.Arn>",
      "sns:Subscribe on <ReportTopic>",
      "sns:Unsubscribe on *",
      "dynamodb:Query on <StorageReports.Arn>/index/byDueTime",
      "states:StartExecution on <RedeliveryWorkflowStateMachine>",
    ]);
  });

  test("invitations want a signature, and pages none: they are throttled, and leave no line in a log", () => {
    const all: Record<string, Json> = readable(resources("AWS::ApiGateway::Resource", templateWithOnboarding()));
    const pathOf = (reference: string): string => {
      const resource = all[reference.slice(1, -1)];
      return resource === undefined ? "" : `${pathOf(resource.ParentId)}/${resource.PathPart}`;
    };
    const methods = Object.values(resources("AWS::ApiGateway::Method", templateWithOnboarding())).map(readable);
    const types = methods
      .map((method: Json) => [pathOf(method.ResourceId), method.HttpMethod, method.AuthorizationType])
      .filter(([path]) => path.startsWith("/onboarding"));
    assert.deepEqual(types, [["/onboardings", "POST", "AWS_IAM"], ...OPEN.map((path) => [path, "GET", "NONE"])]);
    const stage = resources("AWS::ApiGateway::Stage", templateWithOnboarding())["ApiRestApiDeploymentStageprod"];
    const ofPages = stage.MethodSettings.filter((it: Json) => it.ResourcePath.includes("onboarding"));
    assert.deepEqual(
      ofPages,
      OPEN.map((path) => ({
        HttpMethod: "GET",
        ResourcePath: `/${path.replaceAll("/", "~1")}`,
        DataTraceEnabled: false,
        LoggingLevel: "OFF",
        MetricsEnabled: true,
        ThrottlingBurstLimit: 200,
        ThrottlingRateLimit: 50,
      })),
    );
    const role = permissionsOf("Roles", "InvokeIdentityRole", templateWithOnboarding()).join();
    assert.match(role, /\/POST\/onboardings/);
    assert.doesNotMatch(role, /\/onboarding\//);
  });

  test("the table forgets, and is encrypted like the others", () => {
    const tables = resources("AWS::DynamoDB::Table", templateWithOnboarding());
    const { KeySchema, TimeToLiveSpecification, SSESpecification } = tables["StorageOnboardings"];
    assert.deepEqual(KeySchema, [{ AttributeName: "secretHash", KeyType: "HASH" }]);
    assert.deepEqual(TimeToLiveSpecification, { AttributeName: "expiresAt", Enabled: true });
    assert.deepEqual(SSESpecification, tables["StorageLinks"].SSESpecification);
  });

  test("says what is to be registered at Amazon", () => {
    const value = (name: string): string => readable(templateWithOnboarding().findOutputs(name)[name]?.["Value"]);
    assert.equal(value("OnboardingRedirectUri"), `${API_URL}/onboarding/callback`);
    assert.equal(value("OnboardingLoginUri"), `${API_URL}/onboarding/login`);
    assert.equal(value("OnboardingsTable"), "<StorageOnboardings>");
  });

  test("goes with SES, too", () => {
    const both = synthesize({ onboarding: "on", mail: "ses" })["SpReports"];
    const variables = resources("AWS::Lambda::Function", both)["FunctionsOnboardingFunction"].Environment.Variables;
    assert.equal(variables.MAIL, "ses");
    assert.ok(permissionsOf("Roles", "FunctionsOnboardingRole", both).includes("ses:DeleteSuppressedDestination on *"));
  });
});

describe("the parameters of onboarding", () => {
  const parameter = (name: string): Json => templateWithOnboarding().findParameters(name)[name];
  const pattern = (name: string): RegExp => new RegExp(parameter(name).AllowedPattern);

  test("an application and a name there must be", () => {
    assert.equal(parameter("OnboardingApplicationId").Default, undefined);
    assert.equal(parameter("OnboardingName").Default, undefined);
    assert.match("amzn1.sp.solution.2eca283f-9f5a-4d13-b16c-474ebd57a3b2", pattern("OnboardingApplicationId"));
    ["", "amzn1.", "2eca283f", "amzn1.sp.solution.a&b=c"].forEach((value) =>
      assert.doesNotMatch(value, pattern("OnboardingApplicationId")),
    );
    ["A", "Müller & Söhne GmbH"].forEach((value) => assert.match(value, pattern("OnboardingName")));
    ["", " ", "a\nb", "a".repeat(101)].forEach((value) => assert.doesNotMatch(value, pattern("OnboardingName")));
  });

  test("drafts and the Appstore are off", () => {
    for (const name of ["OnboardingDraft", "AppstoreLogin"]) {
      assert.deepEqual([parameter(name).Default, parameter(name).AllowedValues], ["off", ["on", "off"]]);
    }
  });

  test("a stand-in's page is reached safely", () => {
    assert.equal(parameter("ConsentHost").Default, "");
    ["", "https://amazon.example", "http://127.0.0.1:4580/{region}", "http://localhost:4580"].forEach((value) =>
      assert.match(value, pattern("ConsentHost")),
    );
    ["http://amazon.example", "https://", "https://a@b", "https://a?b", "amazon.example"].forEach((value) =>
      assert.doesNotMatch(value, pattern("ConsentHost")),
    );
  });
});
