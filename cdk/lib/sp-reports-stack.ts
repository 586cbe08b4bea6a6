import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";

import { Alarms } from "./constructs/alarms";
import { Api } from "./constructs/api";
import { Encryption } from "./constructs/encryption";
import { Functions } from "./constructs/functions";
import { InvokeIdentity } from "./constructs/invoke-identity";
import { LwaCredentials } from "./constructs/lwa-credentials";
import { NotificationsProcessor } from "./constructs/notifications-processor";
import { NotificationsQueue } from "./constructs/notifications-queue";
import { ReportTopic } from "./constructs/report-topic";
import type { FunctionFactory } from "./constructs/rust-function";
import { Storage } from "./constructs/storage";
import { Workflow } from "./constructs/workflow";
import { declareParameters } from "./parameters";
import type { Settings } from "./settings";

const PROCESSOR_TIMEOUT = Duration.seconds(30);

export interface SpReportsStackProps {
  readonly settings: Settings;
  readonly functionFactory: FunctionFactory;
}

/** One seller organisation's report pipeline. Any number of them fit into an account. */
export class SpReportsStack extends Stack {
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, props: SpReportsStackProps) {
    super(scope, id, { description: "Delivers Amazon sellers' reports to the seller's own account" });
    const { settings, functionFactory } = props;
    const parameters = declareParameters(this);

    // What holds data.
    const encryption = new Encryption(this, "Encryption", settings.removalPolicy);
    const storage = new Storage(this, "Storage", { settings, encryption });
    const lwaCredentials = new LwaCredentials(this, "LwaCredentials", encryption.tokenKey);
    const notificationsQueue = new NotificationsQueue(this, "NotificationsQueue", {
      encryptionKey: encryption.notificationsKey,
      processorTimeout: PROCESSOR_TIMEOUT,
      removalPolicy: settings.removalPolicy,
    });
    const reportTopic = new ReportTopic(this, "ReportTopic", {
      encryptionKey: encryption.dataKey,
      notificationEmail: parameters.notificationEmail,
      hasNotificationEmail: parameters.hasNotificationEmail,
    });
    this.topic = reportTopic.topic;

    // What works on it.
    const functions = new Functions(this, "Functions", {
      settings,
      parameters,
      functionFactory,
      encryption,
      storage,
      lwaCredentials,
      notificationsQueue,
      reportTopic,
    });
    const workflow = new Workflow(this, "Workflow", {
      settings,
      storage,
      reportDocumentRetrieval: functions.reportDocumentRetrieval.function,
      reportDocumentStorage: functions.reportDocumentStorage.function,
      presignedUrlGenerator: functions.presignedUrlGenerator.function,
      reportNotifier: functions.reportNotifier.function,
    });
    const notificationsProcessor = new NotificationsProcessor(this, "Notifications", {
      settings,
      functionFactory,
      timeout: PROCESSOR_TIMEOUT,
      notificationsQueue,
      stateMachine: workflow.stateMachine,
    });
    const api = new Api(this, "Api", {
      settings,
      functions: {
        tokens: functions.tokenStorage.function,
        notifications: functions.notificationsSubscriber.function,
        reports: functions.reportCreator.function,
      },
    });
    const invokeIdentity = new InvokeIdentity(this, "InvokeIdentity", api.methodArns);
    new Alarms(this, "Alarms", {
      deadLetterQueue: notificationsQueue.deadLetterQueue,
      stateMachine: workflow.stateMachine,
      functions: [...functions.all, notificationsProcessor.rustFunction],
    });

    this.outputs({
      ReportsApiUrl: ["Base URL of the API", api.restApi.url],
      ReportsApiId: ["Id of the API", api.restApi.restApiId],
      InvokeUserName: [
        "User that may take on the invoke role; create its access key yourself",
        invokeIdentity.user.userName,
      ],
      InvokeRoleArn: ["Role that may call the API", invokeIdentity.role.roleArn],
      SellingPartnersTable: [
        "Table of selling partners and their encrypted refresh tokens",
        storage.sellingPartners.tableName,
      ],
      ReportsTable: ["Table of reports and their delivery", storage.reports.tableName],
      ReportsBucket: ["Bucket with the stored reports", storage.reportsBucket.bucketName],
      NotificationsQueueUrl: ["Queue that Amazon's notifications arrive in", notificationsQueue.queue.queueUrl],
      NotificationsQueueArn: ["ARN of the notifications queue, for destinations", notificationsQueue.queue.queueArn],
      DeadLetterQueueUrl: [
        "Queue with notifications that could not be processed",
        notificationsQueue.deadLetterQueue.queueUrl,
      ],
      TopicArn: ["Topic that messages about reports are published to", reportTopic.topic.topicArn],
      StateMachineArn: ["State machine that delivers a report", workflow.stateMachine.stateMachineArn],
      LwaSecretName: ["Secret to put the application's LWA client id and secret into", lwaCredentials.secretName],
    });
  }

  private outputs(outputs: Record<string, [description: string, value: string]>): void {
    for (const [id, [description, value]] of Object.entries(outputs)) {
      new CfnOutput(this, id, { description, value });
    }
  }
}
