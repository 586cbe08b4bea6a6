import { RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import * as apigateway from "aws-cdk-lib/aws-apigateway";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import { pathInArn, requestParameters, routesOf, type Handlers, type Route } from "./routes";

const STAGE = "prod";

/** What everybody together may ask of a method that is open: mail filters look at every link of a morning's mail. */
const OPEN_THROTTLE = { throttlingRateLimit: 50, throttlingBurstLimit: 200 };

/**
 * The answers that API Gateway gives by itself: the `code` and the message that each has in the body. The
 * messages are our own, because API Gateway's may hold quotes, which would break the JSON around them.
 */
const GATEWAY_RESPONSES: [type: apigateway.ResponseType, code: string, message: string][] = [
  [apigateway.ResponseType.ACCESS_DENIED, "AccessDenied", "this identity may not call this method"],
  [apigateway.ResponseType.EXPIRED_TOKEN, "AccessDenied", "the credentials of the signature have expired"],
  [apigateway.ResponseType.INVALID_SIGNATURE, "AccessDenied", "the signature is not that of this request"],
  [
    apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN,
    "AccessDenied",
    "the request is not signed, or there is no such path or method",
  ],
  [apigateway.ResponseType.UNAUTHORIZED, "AccessDenied", "the caller is not authorized"],
  [apigateway.ResponseType.QUOTA_EXCEEDED, "Throttled", "the caller's quota for this API is spent"],
  [apigateway.ResponseType.THROTTLED, "Throttled", "too many requests at once; try again in a moment"],
  [apigateway.ResponseType.DEFAULT_4XX, "RequestRefused", "API Gateway refused the request"],
  [
    apigateway.ResponseType.DEFAULT_5XX,
    "InternalError",
    "the request was not answered in time or at all; it may have been carried out",
  ],
];

/** ARNs for `execute-api:Invoke`, one a method. */
export interface Methods {
  /** All that an IAM identity calls. */
  readonly signed: string[];
  /** Those of them that only show reports. */
  readonly reading: string[];
}

/** The REST API; every call is signed by an IAM identity, but for those of links and of onboarding. */
export class Api extends Construct {
  readonly restApi: apigateway.RestApi;
  /** Where clients reach it. Depends on nothing of the API but its id, so that its own functions may know it. */
  readonly url: string;
  private readonly routes: Route[];

  constructor(
    scope: Construct,
    id: string,
    private readonly settings: Settings,
  ) {
    super(scope, id);
    this.routes = routesOf(settings);
    this.restApi = this.createRestApi();
    const { restApiId } = this.restApi;
    const { region, urlSuffix } = Stack.of(this);
    this.url =
      settings.apiUrl?.replace("{apiId}", restApiId) ??
      `https://${restApiId}.execute-api.${region}.${urlSuffix}/${STAGE}`;

    this.addGatewayResponses();
    this.createExecutionLogGroup();
  }

  /** Adds the methods. ARNs for `execute-api:Invoke`, one for each that wants a signature. */
  addMethods(functions: Handlers): Methods {
    for (const route of this.routes) {
      const handler = functions[route.handler];
      if (handler === undefined) {
        throw new Error(`There is no function for ${route.method} ${route.path}.`);
      }
      this.addMethod(route, handler.function);
    }
    const arn = (route: Route): string => this.restApi.arnForExecuteApi(route.method, pathInArn(route), STAGE);
    const signed = this.routes.filter(({ isOpen }) => isOpen !== true);
    const reading = signed.filter((route) => route.method === "GET" && route.path.startsWith("/reports"));
    return { signed: signed.map(arn), reading: reading.map(arn) };
  }

  /** How often it answers that something here is amiss; of one path only `GET`, as people open it. */
  serverErrors(options: cloudwatch.MetricOptions, path?: string): cloudwatch.Metric {
    return this.metric("5XXError", path === undefined ? options : { ...options, dimensionsMap: { Resource: path, Method: "GET" } });
  }

  /** One of API Gateway's metrics, of the stage. */
  metric(metricName: string, { dimensionsMap, ...options }: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      ...options,
      namespace: "AWS/ApiGateway",
      metricName,
      dimensionsMap: { ApiName: this.restApi.restApiName, Stage: STAGE, ...dimensionsMap },
    });
  }

  private createRestApi(): apigateway.RestApi {
    const accessLogs = this.logGroup("AccessLogs");
    const restApi = new apigateway.RestApi(this, "RestApi", {
      // API Gateway's metrics go by it, so that each stack needs one of its own.
      restApiName: Stack.of(this).stackName,
      description: "Stores refresh tokens, subscribes to notifications, orders, lists and cancels reports",
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      defaultMethodOptions: { authorizationType: apigateway.AuthorizationType.IAM },
      // API Gateway logs with one role for the whole region of an account. It may be in use by
      // other APIs when this stack goes, so it stays.
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: 50,
        throttlingBurstLimit: 100,
        metricsEnabled: true,
        accessLogDestination: new apigateway.LogGroupLogDestination(accessLogs),
        accessLogFormat: accessLogFormat(),
        loggingLevel: apigateway.MethodLoggingLevel.ERROR,
        // Data traces would write refresh tokens to the log.
        dataTraceEnabled: false,
        // Nothing of these to the log: whoever has a link's path can read the report, and paths and queries of
        // onboarding hold invitations and codes.
        methodOptions: Object.fromEntries(
          this.routes.filter(({ isOpen }) => isOpen).map(({ path, method }) => [
            `${path}/${method}`,
            { ...OPEN_THROTTLE, metricsEnabled: true, loggingLevel: apigateway.MethodLoggingLevel.OFF },
          ]),
        ),
      },
    });
    // The stack names its outputs itself.
    restApi.node.tryRemoveChild("Endpoint");

    Validations.of(restApi).acknowledge(
      {
        id: "AwsSolutions-APIG2",
        reason: "The functions validate every request: their refusals name the field at fault, in sound JSON.",
      },
      {
        id: "AwsSolutions-APIG3",
        reason: "Unsigned requests end at the signature check; a web ACL is the account's to attach to the stage.",
      },
      { id: "AwsSolutions-COG4", reason: "Callers are IAM identities of the seller's own account, not users." },
      {
        id: "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
        reason: "The policy AWS provides for API Gateway's one logging role of the account.",
      },
    );
    return restApi;
  }

  /** Parameters are declared, not validated: the functions do that, who name the field at fault. */
  private addMethod(route: Route, handler: IFunction): void {
    const method = this.restApi.root.resourceForPath(route.path).addMethod(
      route.method,
      // Without the permission for the console's test button, which goes around the IAM check.
      new apigateway.LambdaIntegration(handler, { allowTestInvoke: false }),
      {
        ...(route.isOpen === true ? { authorizationType: apigateway.AuthorizationType.NONE } : {}),
        requestParameters: requestParameters(route),
      },
    );
    if (route.isOpen === true) {
      Validations.of(method).acknowledge({
        id: "AwsSolutions-APIG4",
        reason:
          "A link in an e-mail is opened by a person without credentials, and so is an invitation; its 256 random bits " +
          "are the authorization.",
      });
    }
  }

  private addGatewayResponses(): void {
    for (const [type, code, message] of GATEWAY_RESPONSES) {
      this.restApi.addGatewayResponse(type.responseType, {
        type,
        templates: { "application/json": JSON.stringify({ code, message }) },
      });
    }
  }

  /** API Gateway makes this group by itself when it is missing, and then keeps its logs forever. */
  private createExecutionLogGroup(): void {
    const executionLogs = this.logGroup(
      "ExecutionLogs",
      `API-Gateway-Execution-Logs_${this.restApi.restApiId}/${STAGE}`,
    );
    this.restApi.deploymentStage.node.addDependency(executionLogs);
  }

  private logGroup(id: string, logGroupName?: string): logs.LogGroup {
    return new logs.LogGroup(this, id, {
      ...(logGroupName === undefined ? {} : { logGroupName }),
      retention: this.settings.logRetention,
      removalPolicy: this.settings.removalPolicy,
    });
  }
}

/** Who called what, and how it ended; nothing of what was said. */
function accessLogFormat(): apigateway.AccessLogFormat {
  const field = apigateway.AccessLogField;
  return apigateway.AccessLogFormat.custom(
    JSON.stringify({
      requestId: field.contextRequestId(),
      time: field.contextRequestTime(),
      sourceIp: field.contextIdentitySourceIp(),
      caller: field.contextIdentityUserArn(),
      method: field.contextHttpMethod(),
      // Not the path itself: that of a link is its secret.
      resourcePath: field.contextResourcePath(),
      status: field.contextStatus(),
      errorType: field.contextErrorResponseType(),
      integrationStatus: field.contextIntegrationStatus(),
      latencyMs: field.contextResponseLatency(),
    }),
  );
}
