import { RemovalPolicy, Validations } from "aws-cdk-lib";
import * as apigateway from "aws-cdk-lib/aws-apigateway";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import { REQUEST_MODELS } from "./request-models";

const STAGE = "prod";

/** The answers that API Gateway gives by itself, and the `code` that each has in the body. */
const GATEWAY_RESPONSES: [apigateway.ResponseType, string][] = [
  [apigateway.ResponseType.ACCESS_DENIED, "AccessDenied"],
  [apigateway.ResponseType.EXPIRED_TOKEN, "AccessDenied"],
  [apigateway.ResponseType.INVALID_SIGNATURE, "AccessDenied"],
  [apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN, "AccessDenied"],
  [apigateway.ResponseType.UNAUTHORIZED, "AccessDenied"],
  [apigateway.ResponseType.QUOTA_EXCEEDED, "Throttled"],
  [apigateway.ResponseType.THROTTLED, "Throttled"],
  [apigateway.ResponseType.DEFAULT_4XX, "RequestRefused"],
  [apigateway.ResponseType.DEFAULT_5XX, "InternalError"],
];

export interface ApiProps {
  readonly settings: Settings;
  /** The function behind `POST /<path>`, for every path. */
  readonly functions: Record<keyof typeof REQUEST_MODELS, lambda.IFunction>;
}

/** The REST API; every call is signed by an IAM identity. */
export class Api extends Construct {
  readonly restApi: apigateway.RestApi;
  /** ARNs for `execute-api:Invoke`, one a method. */
  readonly methodArns: string[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ApiProps,
  ) {
    super(scope, id);
    const paths = Object.keys(REQUEST_MODELS) as (keyof typeof REQUEST_MODELS)[];

    this.restApi = this.createRestApi();
    const validator = this.restApi.addRequestValidator("Validator", {
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    paths.forEach((path) => this.addMethod(path, validator));
    this.methodArns = paths.map((path) => this.restApi.arnForExecuteApi("POST", `/${path}`, STAGE));

    this.addGatewayResponses();
    this.createExecutionLogGroup();
  }

  private createRestApi(): apigateway.RestApi {
    const accessLogs = this.logGroup("AccessLogs");
    const restApi = new apigateway.RestApi(this, "RestApi", {
      description: "Stores refresh tokens, subscribes to notifications, creates reports",
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
      },
    });
    // The stack names its outputs itself.
    restApi.node.tryRemoveChild("Endpoint");

    Validations.of(restApi).acknowledge(
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

  private addMethod(path: keyof typeof REQUEST_MODELS, requestValidator: apigateway.IRequestValidator): void {
    const model = this.restApi.addModel(`${path}Request`, {
      contentType: "application/json",
      description: `Body of POST /${path}`,
      schema: REQUEST_MODELS[path],
    });
    this.restApi.root.addResource(path).addMethod(
      "POST",
      // Without the permission for the console's test button, which goes around the IAM check.
      new apigateway.LambdaIntegration(this.props.functions[path], { allowTestInvoke: false }),
      { requestModels: { "application/json": model }, requestValidator },
    );
  }

  private addGatewayResponses(): void {
    this.restApi.addGatewayResponse("BadRequestBody", {
      type: apigateway.ResponseType.BAD_REQUEST_BODY,
      statusCode: "400",
      templates: {
        "application/json": '{"code":"InvalidRequest","message":"$context.error.validationErrorString"}',
      },
    });
    for (const [type, code] of GATEWAY_RESPONSES) {
      this.restApi.addGatewayResponse(type.responseType, {
        type,
        // messageString comes with its quotes.
        templates: { "application/json": `{"code":"${code}","message":$context.error.messageString}` },
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
      retention: this.props.settings.logRetention,
      removalPolicy: this.props.settings.removalPolicy,
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
      path: field.contextPath(),
      status: field.contextStatus(),
      errorType: field.contextErrorResponseType(),
      integrationStatus: field.contextIntegrationStatus(),
      latencyMs: field.contextResponseLatency(),
    }),
  );
}
