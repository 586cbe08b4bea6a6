import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { readable, resources, template, type Json } from "./support";

describe("the API", () => {
  test("has three methods, each signed and validated, each with its function", () => {
    const methods = Object.values(resources("AWS::ApiGateway::Method")).map(readable);
    assert.deepEqual(
      methods.map((method: Json) => [
        method.HttpMethod,
        method.ResourceId,
        method.AuthorizationType,
        method.Integration.Type,
        /<Functions(\w+)Function\.Arn>/.exec(method.Integration.Uri)?.[1],
        method.RequestModels["application/json"],
        method.RequestValidatorId,
      ]),
      [
        ["tokens", "TokenStorage"],
        ["notifications", "NotificationsSubscriber"],
        ["reports", "ReportCreator"],
      ].map(([path, name]) => [
        "POST",
        `<ApiRestApi${path}>`,
        "AWS_IAM",
        "AWS_PROXY",
        name,
        `<ApiRestApi${path}Request>`,
        "<ApiRestApiValidator>",
      ]),
    );
  });

  test("only the API's own stage may invoke the functions", () => {
    const permissions = Object.values(resources("AWS::Lambda::Permission")).map(readable);
    assert.deepEqual(
      permissions.map((permission: Json) => permission.SourceArn),
      ["tokens", "notifications", "reports"].map(
        (path) =>
          `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<ApiRestApi>/<ApiRestApiDeploymentStageprod>/POST/${path}`,
      ),
    );
  });

  test("is regional, throttled, and logs calls without their bodies", () => {
    template().hasResourceProperties("AWS::ApiGateway::RestApi", {
      EndpointConfiguration: { Types: ["REGIONAL"] },
    });
    const stage = resources("AWS::ApiGateway::Stage")["ApiRestApiDeploymentStageprod"];
    assert.equal(stage.StageName, "prod");
    assert.deepEqual(stage.MethodSettings, [
      {
        HttpMethod: "*",
        ResourcePath: "/*",
        DataTraceEnabled: false,
        LoggingLevel: "ERROR",
        MetricsEnabled: true,
        ThrottlingBurstLimit: 100,
        ThrottlingRateLimit: 50,
      },
    ]);
    assert.deepEqual(Object.keys(JSON.parse(stage.AccessLogSetting.Format)), [
      "requestId",
      "time",
      "sourceIp",
      "caller",
      "method",
      "path",
      "status",
      "errorType",
      "integrationStatus",
      "latencyMs",
    ]);
    assert.doesNotMatch(stage.AccessLogSetting.Format, /body|validationErrorString/);
  });

  test("answers its own errors as the functions do", () => {
    const answers = Object.values(resources("AWS::ApiGateway::GatewayResponse")).map((response: Json) => [
      response.ResponseType,
      // What API Gateway puts in: the message, with or without quotes.
      JSON.parse(
        response.ResponseTemplates["application/json"]
          .replace("$context.error.messageString", '"message"')
          .replace("$context.error.validationErrorString", "reason"),
      ),
    ]);
    const denied = { code: "AccessDenied", message: "message" };
    assert.deepEqual(Object.fromEntries(answers), {
      BAD_REQUEST_BODY: { code: "InvalidRequest", message: "reason" },
      ACCESS_DENIED: denied,
      EXPIRED_TOKEN: denied,
      INVALID_SIGNATURE: denied,
      MISSING_AUTHENTICATION_TOKEN: denied,
      UNAUTHORIZED: denied,
      QUOTA_EXCEEDED: { code: "Throttled", message: "message" },
      THROTTLED: { code: "Throttled", message: "message" },
      DEFAULT_4XX: { code: "RequestRefused", message: "message" },
      DEFAULT_5XX: { code: "InternalError", message: "message" },
    });
  });

  test("models name every property and allow no other", () => {
    const models = Object.fromEntries(
      Object.values(resources("AWS::ApiGateway::Model")).map((model: Json) => [
        model.Description,
        [Object.keys(model.Schema.properties), model.Schema.required.length, model.Schema.additionalProperties],
      ]),
    );
    assert.deepEqual(models, {
      "Body of POST /tokens": [["SellerId", "RefreshToken"], 2, false],
      "Body of POST /notifications": [["SellerId", "RegionCode", "NotificationType", "ReplaceExisting"], 3, false],
      "Body of POST /reports": [
        [
          "SellerId",
          "RegionCode",
          "ReportType",
          "MarketplaceIds",
          "ReportDataStartTime",
          "ReportDataEndTime",
          "ReportOptions",
        ],
        4,
        false,
      ],
    });
  });
});
