import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { requestParameters, ROUTES, type Route } from "../lib/constructs/routes";
import { readable, resources, template, type Json } from "./support";

const CONTRACT = join(__dirname, "../../lambdas/contract/openapi.json");

const SELLERS_REPORT = "querystring.SellerId querystring.RegionCode?";

/** Method and path, function, parameters (`?`: optional). */
const METHODS: [method: string, handler: string, parameters: string][] = [
  ["POST /tokens", "TokenStorage", ""],
  ["DELETE /tokens/{SellerId}", "TokenStorage", "querystring.RegionCode?"],
  ["GET /sellers", "SellerReader", "querystring.limit? querystring.nextToken?"],
  ["GET /sellers/{SellerId}", "SellerReader", "querystring.RegionCode?"],
  ["POST /notifications", "NotificationsSubscriber", ""],
  [
    "DELETE /notifications",
    "NotificationsSubscriber",
    "querystring.SellerId querystring.RegionCode querystring.NotificationType",
  ],
  ["POST /reports", "ReportCreator", "header.Idempotency-Key?"],
  [
    "GET /reports",
    "ReportReader",
    "querystring.SellerId querystring.RegionCode? querystring.status? querystring.ReportType? querystring.Since? " +
      "querystring.Until? querystring.limit? querystring.nextToken?",
  ],
  ["GET /reports/{reportId}", "ReportReader", SELLERS_REPORT],
  ["DELETE /reports/{reportId}", "ReportCanceller", SELLERS_REPORT],
  ["POST /reports/{reportId}/delivery", "RedeliveryRequester", SELLERS_REPORT],
  ["GET /reports/{reportId}/document", "DocumentAccess", SELLERS_REPORT],
  ["POST /reports/{reportId}/links", "DocumentAccess", SELLERS_REPORT],
  ["DELETE /reports/{reportId}/links", "DocumentAccess", SELLERS_REPORT],
  ["GET /links/{token+}", "LinkOpener", ""],
  ["HEAD /links/{token+}", "LinkOpener", ""],
  ["POST /deliveries", "RedeliveryRequester", ""],
  ["GET /deliveries/{jobId}", "RedeliveryRequester", ""],
  ["POST /schedules", "ReportScheduler", ""],
  ["GET /schedules", "ReportScheduler", "querystring.SellerId querystring.RegionCode querystring.ReportTypes"],
  ["DELETE /schedules/{reportScheduleId}", "ReportScheduler", "querystring.SellerId querystring.RegionCode"],
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

/** Method and path, and the parameters in query and headers with whether each is required. */
type Described = [method: string, parameters: Record<string, boolean>];

const byMethod = ([one]: Described, [other]: Described): number => (one < other ? -1 : 1);

function described(route: Route): Described {
  const parameters = Object.entries(requestParameters(route)).map(([name, required]) => [
    name.replace("method.request.", ""),
    required,
  ]);
  return [`${route.method} ${route.path.replace("+}", "}")}`, Object.fromEntries(parameters)];
}

/** What the OpenAPI document says, which is made from what the functions parse. */
function contract(): Described[] {
  const document: Json = JSON.parse(readFileSync(CONTRACT, "utf8"));
  return Object.entries(document.paths as Json).flatMap(([path, methods]) =>
    Object.entries(methods as Json).map(([method, operation]: [string, Json]): Described => {
      const parameters = (operation.parameters ?? []).filter((parameter: Json) => parameter.in !== "path");
      const place: Record<string, string> = { query: "querystring", header: "header" };
      const named = parameters.map((parameter: Json) => [`${place[parameter.in]}.${parameter.name}`, parameter.required]);
      return [`${method.toUpperCase()} ${path}`, Object.fromEntries(named)];
    }),
  );
}

describe("the API", () => {
  test("has these methods, each with its function and its parameters", () => {
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
      ]),
      METHODS,
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

  test("takes the parameters that its contract has, and has no method besides", () => {
    assert.deepEqual(ROUTES.map(described).sort(byMethod), contract().sort(byMethod));
  });
});
