import { Duration, Stack, Validations, type CfnElement } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

import type { Parameters } from "../parameters";
import type { Settings } from "../settings";
import { useKeyThrough, type Encryption } from "./encryption";
import type { LwaCredentials } from "./lwa-credentials";
import type { NotificationsQueue } from "./notifications-queue";
import type { ReportTopic } from "./report-topic";
import { RustFunction, type FunctionFactory, type RustFunctionProps } from "./rust-function";
import type { Storage } from "./storage";

/** API Gateway gives up after 29 seconds, so a function behind it has no use for more. */
const API_TIMEOUT = Duration.seconds(29);

export interface FunctionsProps {
  readonly settings: Settings;
  readonly parameters: Parameters;
  readonly functionFactory: FunctionFactory;
  readonly encryption: Encryption;
  readonly storage: Storage;
  readonly lwaCredentials: LwaCredentials;
  readonly notificationsQueue: NotificationsQueue;
  readonly reportTopic: ReportTopic;
}

/** The functions that the API and the workflow call, each with its environment and its permissions. */
export class Functions extends Construct {
  readonly tokenStorage: RustFunction;
  readonly notificationsSubscriber: RustFunction;
  readonly reportCreator: RustFunction;
  readonly reportDocumentRetrieval: RustFunction;
  readonly reportDocumentStorage: RustFunction;
  readonly presignedUrlGenerator: RustFunction;
  readonly reportNotifier: RustFunction;

  /** All of them, to watch over. */
  readonly all: RustFunction[] = [];

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const { settings, functionFactory, parameters, encryption, storage } = props;

    const rustFunction = (
      functionId: string,
      options: Omit<RustFunctionProps, "settings" | "functionFactory">,
    ): RustFunction => {
      const created = new RustFunction(this, functionId, { ...options, settings, functionFactory });
      this.all.push(created);
      return created;
    };

    const tokenKey = (action: string): iam.PolicyStatement =>
      new iam.PolicyStatement({ actions: [action], resources: [encryption.tokenKey.keyArn] });

    const reportObjects = (...actions: string[]): iam.PolicyStatement =>
      new iam.PolicyStatement({ actions, resources: [storage.reportsBucket.arnForObjects("*")] });

    const sellingPartnersTable = { SELLING_PARTNERS_TABLE: storage.sellingPartners.tableName };
    const reportsTable = { REPORTS_TABLE: storage.reports.tableName };
    const reportsBucket = { REPORTS_BUCKET: storage.reportsBucket.bucketName };
    const tokenKeyArn = { TOKEN_KEY_ARN: encryption.tokenKey.keyArn };

    // To call the Selling Partner API in a seller's name.
    const spApiEnvironment = {
      ...sellingPartnersTable,
      ...tokenKeyArn,
      LWA_SECRET_NAME: props.lwaCredentials.secretName,
      SP_API_ENVIRONMENT: parameters.spApiEnvironment,
    };
    const spApiPermissions = (): iam.PolicyStatement[] => [tokenKey("kms:Decrypt"), props.lwaCredentials.readAccess()];

    const acknowledgeAllObjects = (rustFunction: RustFunction): void => {
      const bucket = Stack.of(this).getLogicalId(storage.reportsBucket.node.defaultChild as CfnElement);
      Validations.of(rustFunction).acknowledge({
        id: `AwsSolutions-IAM5[Resource::<${bucket}.Arn>/*]`,
        reason: "The objects of one bucket, which has nothing but reports in it.",
      });
    };

    this.tokenStorage = rustFunction("TokenStorage", {
      name: "token-storage",
      description: "POST /tokens: stores a selling partner's refresh token",
      timeout: API_TIMEOUT,
      memorySize: 256,
      environment: { ...sellingPartnersTable, ...tokenKeyArn },
      permissions: [...storage.tableAccess(storage.sellingPartners, "dynamodb:UpdateItem"), tokenKey("kms:Encrypt")],
    });

    this.notificationsSubscriber = rustFunction("NotificationsSubscriber", {
      name: "notifications-subscriber",
      description: "POST /notifications: subscribes a selling partner to notifications",
      timeout: API_TIMEOUT,
      memorySize: 256,
      environment: { ...spApiEnvironment, NOTIFICATIONS_QUEUE_ARN: props.notificationsQueue.queue.queueArn },
      permissions: [
        ...storage.tableAccess(storage.sellingPartners, "dynamodb:GetItem", "dynamodb:UpdateItem"),
        ...spApiPermissions(),
      ],
    });

    this.reportCreator = rustFunction("ReportCreator", {
      name: "report-creator",
      description: "POST /reports: asks Amazon for a report",
      timeout: API_TIMEOUT,
      memorySize: 256,
      environment: { ...spApiEnvironment, ...reportsTable },
      permissions: [
        ...storage.tableAccess(storage.sellingPartners, "dynamodb:GetItem"),
        ...storage.tableAccess(storage.reports, "dynamodb:UpdateItem"),
        ...spApiPermissions(),
      ],
    });

    this.reportDocumentRetrieval = rustFunction("ReportDocumentRetrieval", {
      name: "report-document-retrieval",
      description: "Workflow: asks Amazon for the URL of a report document",
      timeout: Duration.seconds(60),
      memorySize: 256,
      environment: { ...spApiEnvironment, ...reportsTable },
      permissions: [
        ...storage.tableAccess(storage.sellingPartners, "dynamodb:GetItem"),
        ...storage.tableAccess(storage.reports, "dynamodb:GetItem"),
        ...spApiPermissions(),
      ],
    });

    this.reportDocumentStorage = rustFunction("ReportDocumentStorage", {
      name: "report-document-storage",
      description: "Workflow: streams a report document into the bucket",
      timeout: Duration.minutes(15),
      memorySize: 512,
      environment: reportsBucket,
      permissions: [
        reportObjects("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
        // Parts of a multipart upload are decrypted when it is completed.
        useKeyThrough("s3", encryption.dataKey, "kms:GenerateDataKey", "kms:Decrypt"),
      ],
    });
    acknowledgeAllObjects(this.reportDocumentStorage);

    this.presignedUrlGenerator = rustFunction("PresignedUrlGenerator", {
      name: "presigned-url-generator",
      description: "Workflow: makes the link to a stored report",
      timeout: Duration.seconds(30),
      memorySize: 256,
      environment: { ...reportsBucket, LINK_LIFETIME_SECONDS: parameters.linkLifetimeSeconds },
      // A link can do what its maker may do.
      permissions: [reportObjects("s3:GetObject"), useKeyThrough("s3", encryption.dataKey, "kms:Decrypt")],
    });
    acknowledgeAllObjects(this.presignedUrlGenerator);

    this.reportNotifier = rustFunction("ReportNotifier", {
      name: "report-notifier",
      description: "Workflow: tells the seller about a report",
      timeout: Duration.seconds(30),
      memorySize: 256,
      environment: {
        TOPIC_ARN: props.reportTopic.topic.topicArn,
        ...reportsTable,
        ...sellingPartnersTable,
      },
      permissions: [
        ...props.reportTopic.publishAccess(),
        ...storage.tableAccess(storage.reports, "dynamodb:GetItem", "dynamodb:UpdateItem"),
        ...storage.tableAccess(storage.sellingPartners, "dynamodb:GetItem"),
      ],
    });
  }
}
