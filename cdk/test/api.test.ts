import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { readable, resources, template, type Json } from "./support";

const SELLERS_REPORT = "querystring.SellerId querystring.RegionCode?";

/** Method and path, function, parameters (`?`: optional), model of the body. */
const METHODS: [method: string, handler: string, parameters: string, body: string][] = [
  ["POST /tokens", "TokenStorage", "", "tokensRequest"],
  ["DELETE /tokens/{SellerId}", "TokenStorage", "querystring.RegionCode?", ""],
  ["POST /notifications", "NotificationsSubscriber", "", "notificationsRequest"],
  [
    "DELETE /notifications",
    "NotificationsSubscriber",
    "querystring.SellerId querystring.RegionCode querystring.NotificationType",
    "",
  ],
  ["POST /reports", "ReportCreator", "header.Idempotency-Key?", "reportsRequest"],
  [
    "GET /reports",
    "ReportReader",
    "querystring.SellerId querystring.RegionCode? querystring.status? querystring.ReportType? querystring.Since? " +
      "querystring.Until? querystring.limit? querystring.nextToken?",
    "",
  ],
  ["GET /reports/{reportId}", "ReportReader", SELLERS_REPORT, ""],
  ["DELETE /reports/{reportId}", "ReportCanceller", SELLERS_REPORT, ""],
  ["POST /reports/{reportId}/delivery", "RedeliveryRequester", SELLERS_REPORT, ""],
  ["GET /reports/{reportId}/document", "DocumentAccess", SELLERS_REPORT, ""],
  ["POST /reports/{reportId}/links", "DocumentAccess", SELLERS_REPORT, "linksRequest"],
  ["DELETE /reports/{reportId}/links", "DocumentAccess", SELLERS_REPORT, ""],
  ["GET /links/{token+}", "LinkOpener", "", ""],
  ["HEAD /links/{token+}", "LinkOpener", "", ""],
  ["POST /deliveries", "RedeliveryRequester", "", "deliveriesRequest"],
  ["GET /deliveries/{jobId}", "RedeliveryRequester", "", ""],
  ["POST /schedules", "ReportScheduler", "", "schedulesRequest"],
  ["GET /schedules", "ReportScheduler", "querystring.SellerId querystring.RegionCode querystring.ReportTypes", ""],
  ["DELETE /schedules/{reportScheduleId}", "ReportScheduler", "querystring.SellerId querystring.RegionCode", ""],
];

/** The path of each resource of the API, by its reference. */
function pathsOfResources(): Record<string, string> {
  const all: Record<string, Json> = readable(resources("AWS::ApiGateway::Resource"));
  const pathOf = (reference: string): string => {
    const resource = all[reference.slice(1, -1)];
    return resource === undefined ? "" : `${pathOf(resource.ParentId)}/${resource.PathPart}`;
  };
  return Object.fromEntries(Object.keys(all).map((id) => [`<${id}>`, pathOf(`<${id}>`)]));
}

/** The JSON schema of what is posted to a path. */
function model(path: string): Json {
  return resources("AWS::ApiGateway::Model")[`ApiRestApi${path}Request`].Schema;
}

/** A schema's properties; `?`: optional. */
function properties(schema: Json): string {
  const required: string[] = schema.required ?? [];
  return Object.keys(schema.properties)
    .map((name) => (required.includes(name) ? name : `${name}?`))
    .join(" ");
}

describe("the API", () => {
  test("has these methods, each with its function, its parameters and its body", () => {
    const methods = Object.values(resources("AWS::ApiGateway::Method")).map(readable);
    const paths = pathsOfResources();
    const parameters = (method: Json): string[] =>
      Object.entries(method.RequestParameters ?? {}).map(
        ([name, required]) => name.replace(/^method\.request\./, "") + (required === true ? "" : "?"),
      );
    assert.deepEqual(
      methods.map((method: Json) => [
        `${method.HttpMethod} ${paths[method.ResourceId]}`,
        /<Functions(\w+)Function\.Arn>/.exec(method.Integration.Uri)?.[1],
        parameters(method).join(" "),
        method.RequestModels?.["application/json"] ?? "",
      ]),
      METHODS.map(([method, handler, expectedParameters, body]) => [
        method,
        handler,
        expectedParameters,
        body === "" ? "" : `<ApiRestApi${body}>`,
      ]),
    );
  });

  test("checks every request's signature but for links, and leaves the rest to the functions, which name the field", () => {
    const paths = pathsOfResources();
    for (const method of Object.values(resources("AWS::ApiGateway::Method")).map(readable)) {
      const isLink = paths[method.ResourceId] === "/links/{token+}";
      assert.equal(method.AuthorizationType, isLink ? "NONE" : "AWS_IAM");
      assert.equal(method.Integration.Type, "AWS_PROXY");
      assert.equal(method.RequestValidatorId, undefined);
    }
    template().resourceCountIs("AWS::ApiGateway::RequestValidator", 0);
  });

  test("only the API's own stage may invoke the functions, each for its own methods", () => {
    const permissions = Object.values(resources("AWS::Lambda::Permission")).map(readable);
    assert.deepEqual(
      permissions.map((permission: Json) => [permission.FunctionName, permission.SourceArn]),
      METHODS.map(([method, handler]) => [
        `<Functions${handler}Function.Arn>`,
        "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<ApiRestApi>/<ApiRestApiDeploymentStageprod>/" +
          method.replace(" ", "").replace(/\{\w+\+?\}/, "*"),
      ]),
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
      ...["GET", "HEAD"].map((method) => ({
        HttpMethod: method,
        ResourcePath: "/~1links~1{token+}",
        DataTraceEnabled: false,
        LoggingLevel: "OFF",
        MetricsEnabled: true,
        ThrottlingBurstLimit: 200,
        ThrottlingRateLimit: 50,
      })),
    ]);
    assert.deepEqual(Object.keys(JSON.parse(stage.AccessLogSetting.Format)), [
      "requestId",
      "time",
      "sourceIp",
      "caller",
      "method",
      "resourcePath",
      "status",
      "errorType",
      "integrationStatus",
      "latencyMs",
    ]);
    assert.doesNotMatch(stage.AccessLogSetting.Format, /body|validationErrorString|context\.path/);
  });

  test("answers its own errors as the functions do, in JSON that no message can break", () => {
    const codes = Object.values(resources("AWS::ApiGateway::GatewayResponse")).map((response: Json) => {
      const text: string = response.ResponseTemplates["application/json"];
      // What API Gateway puts in for a variable may hold quotes.
      assert.doesNotMatch(text, /\$/);
      const { code, message, ...more } = JSON.parse(text);
      assert.match(message, /\w+ \w+/);
      assert.deepEqual(more, {});
      return [response.ResponseType, code];
    });
    assert.deepEqual(Object.fromEntries(codes), {
      ACCESS_DENIED: "AccessDenied",
      EXPIRED_TOKEN: "AccessDenied",
      INVALID_SIGNATURE: "AccessDenied",
      MISSING_AUTHENTICATION_TOKEN: "AccessDenied",
      UNAUTHORIZED: "AccessDenied",
      QUOTA_EXCEEDED: "Throttled",
      THROTTLED: "Throttled",
      DEFAULT_4XX: "RequestRefused",
      DEFAULT_5XX: "InternalError",
    });
  });

  test("models name every property and allow no other", () => {
    const models = Object.fromEntries(
      Object.values(resources("AWS::ApiGateway::Model")).map(({ Description, Schema }: Json) => {
        assert.equal(Schema.$schema, "http://json-schema.org/draft-04/schema#");
        assert.equal(Schema.additionalProperties, false);
        return [Description, properties(Schema)];
      }),
    );
    assert.deepEqual(models, {
      "Body of POST /tokens": "SellerId RefreshToken RegionCode? NotificationEmail?",
      "Body of POST /notifications": 
        "SellerId RegionCode NotificationType ReplaceExisting? DiscoverReportTypes? DiscoverSince? DeliverReportTypes?",
      // Which of them must be there depends: see below.
      "Body of POST /reports":
        "SellerId? RegionCode? ReportType? MarketplaceIds? ReportDataStartTime? ReportDataEndTime? ReportOptions? Reference? Orders?",
      "Body of POST /links": "Days?",
      "Body of POST /deliveries": "SellerId? Status? Error? Since? ReportIds?",
      "Body of POST /schedules":
        "SellerId RegionCode ReportType MarketplaceIds Period NextReportCreationTime? ReportOptions?",
    });
  });

  test("takes one order, or up to a hundred and nothing else", () => {
    const { oneOf, properties: fields } = model("reports");
    assert.deepEqual(oneOf, [
      { required: ["SellerId", "RegionCode", "ReportType", "MarketplaceIds"], not: { required: ["Orders"] } },
      { required: ["Orders"], maxProperties: 1 },
    ]);
    const { items: order, ...list } = fields.Orders;
    assert.deepEqual(list, { type: "array", minItems: 1, maxItems: 100 });
    assert.equal(order.additionalProperties, false);
    assert.equal(
      properties(order),
      "SellerId RegionCode ReportType MarketplaceIds ReportDataStartTime? ReportDataEndTime? ReportOptions? Reference?",
    );
    const { Orders: _, ...ofOne } = fields;
    assert.deepEqual(order.properties, ofOne);
  });

  test("discovers up to ten report types", () => {
    assert.deepEqual(model("notifications").properties.DiscoverReportTypes, {
      type: "array",
      items: { type: "string", minLength: 1 },
      minItems: 0,
      maxItems: 10,
    });
  });
});
