import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";

import { AlarmTopic } from "./constructs/alarm-topic";
import { Alarms } from "./constructs/alarms";
import { Api } from "./constructs/api";
import { addApiFunctions } from "./constructs/api-functions";
import { Capabilities } from "./constructs/capabilities";
import { ConsumerPolicy } from "./constructs/consumer-policy";
import { Dashboard } from "./constructs/dashboard";
import { Encryption } from "./constructs/encryption";
import { Functions } from "./constructs/functions";
import { InvokeIdentity } from "./constructs/invoke-identity";
import { LwaCredentials } from "./constructs/lwa-credentials";
import { MailFeedback } from "./constructs/mail-feedback";
import { NotificationsProcessor } from "./constructs/notifications-processor";
import { NotificationsQueue } from "./constructs/notifications-queue";
import { addOnboardingFunctions } from "./constructs/onboarding-functions";
import { Reconciler } from "./constructs/reconciler";
import { ReportTopic } from "./constructs/report-topic";
import type { FunctionFactory } from "./constructs/rust-function";
import { SecretRotation } from "./constructs/secret-rotation";
import { SesMail } from "./constructs/ses-mail";
import { Storage } from "./constructs/storage";
import { reportRows, Workflow } from "./constructs/workflow";
import { addMailGatherer, addOrderPlacer, addRedeliveryWorker, addWorkflowFunctions } from "./constructs/workflow-functions";
import { declareParameters } from "./parameters";
import type { Settings } from "./settings";

const PROCESSOR_TIMEOUT = Duration.seconds(30);

export interface SpReportsStackProps {
  readonly settings: Settings;
  readonly functionFactory: FunctionFactory;
}

/** One seller organisation's report pipeline. Any number of them fit into an account. */
export class SpReportsStack extends Stack {
  /** Those that people's mailboxes are subscribed to. */
  readonly topics: ITopic[];

  constructor(scope: Construct, id: string, props: SpReportsStackProps) {
    super(scope, id, { description: "Delivers Amazon sellers' reports to the seller's own account" });
    const { settings, functionFactory } = props;
    const parameters = declareParameters(this, settings);

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
      mailbox:
        parameters.hasNotificationEmail === undefined
          ? undefined
          : { address: parameters.notificationEmail, isThere: parameters.hasNotificationEmail },
    });
    const sesMail =
      parameters.mailFrom === undefined ? undefined : new SesMail(this, "SesMail", parameters.mailFrom);
    const alarmTopic = new AlarmTopic(this, "AlarmTopic", {
      encryptionKey: encryption.dataKey,
      mailbox: parameters.alarmMailbox,
    });
    this.topics = [reportTopic.topic, alarmTopic.topic];

    // What works on it: each part comes after those that it calls.
    const api = new Api(this, "Api", settings);
    const can = new Capabilities({
      settings,
      parameters,
      apiUrl: api.url,
      encryption,
      storage,
      lwaCredentials,
      reportTopic,
      sesMail,
    });
    const functions = new Functions(this, "Functions", { settings, functionFactory });
    const mailGatherer = addMailGatherer(functions, can);
    const mailWorkflow = new Workflow(this, "MailWorkflow", {
      name: "mail",
      description: "Tells in one e-mail what was too much to be told at once",
      variable: "MAIL_STATE_MACHINE_ARN",
      type: StateMachineType.STANDARD,
      functions: { MailGathererFunctionArn: mailGatherer.function },
      resources: [],
      settings,
    });
    const workflowFunctions = addWorkflowFunctions(functions, can, settings, mailWorkflow);
    const deliveryFunctions = {
      ReportDocumentRetrievalFunctionArn: workflowFunctions.reportDocumentRetrieval.function,
      ReportDocumentStorageFunctionArn: workflowFunctions.reportDocumentStorage.function,
      PresignedUrlGeneratorFunctionArn: workflowFunctions.presignedUrlGenerator.function,
      ReportNotifierFunctionArn: workflowFunctions.reportNotifier.function,
    };
    const deliveryWorkflow = new Workflow(this, "Workflow", {
      name: "report-delivery",
      description: "Delivers one report to the seller",
      variable: "STATE_MACHINE_ARN",
      type: StateMachineType.STANDARD,
      functions: deliveryFunctions,
      resources: [reportRows(storage)],
      settings,
    });
    const expressLane =
      settings.workflowType === "standard"
        ? undefined
        : new Workflow(this, "ExpressLane", {
            name: "report-delivery-express",
            description: "Delivers one report to the seller if nothing has to be waited for",
            variable: "EXPRESS_LANE_ARN",
            type: StateMachineType.EXPRESS,
            functions: deliveryFunctions,
            resources: [deliveryWorkflow.asResource("DeliveryStateMachineArn")],
            settings,
          });
    const orderWorkflow = new Workflow(this, "OrderWorkflow", {
      name: "report-order",
      description: "Orders one report when Amazon's quota allows it",
      variable: "ORDER_STATE_MACHINE_ARN",
      type: StateMachineType.STANDARD,
      functions: {
        OrderPlacerFunctionArn: addOrderPlacer(functions, can, deliveryWorkflow).function,
        ReportNotifierFunctionArn: workflowFunctions.reportNotifier.function,
      },
      resources: [reportRows(storage)],
      settings,
    });
    const redeliveryWorker = addRedeliveryWorker(functions, can, { deliveryWorkflow, orderWorkflow, mailWorkflow });
    const redeliveryWorkflow = new Workflow(this, "RedeliveryWorkflow", {
      name: "redelivery",
      description: "Has deliveries and orders go on that had stopped",
      variable: "REDELIVERY_STATE_MACHINE_ARN",
      type: StateMachineType.STANDARD,
      functions: { RedeliveryWorkerFunctionArn: redeliveryWorker.function },
      resources: [],
      settings,
    });
    const notificationsProcessor = new NotificationsProcessor(this, "Notifications", {
      settings,
      functionFactory,
      can,
      timeout: PROCESSOR_TIMEOUT,
      notificationsQueue,
      deliveryWorkflow,
      expressLane,
    });
    const reconciler = new Reconciler(this, "Reconciler", {
      settings,
      functionFactory,
      can,
      deliveryWorkflow,
      orderWorkflow,
      redeliveryWorkflow,
      mailWorkflow,
      rate: parameters.reconcileRate,
    });
    const apiFunctions = addApiFunctions(functions, can, {
      notificationsQueue,
      deliveryWorkflow,
      orderWorkflow,
      redeliveryWorkflow,
    });
    const onboardingFunctions =
      parameters.onboarding === undefined
        ? {}
        : addOnboardingFunctions(functions, can, {
            onboarding: parameters.onboarding,
            contactText: parameters.contactText,
            notificationsQueue,
            redeliveryWorkflow,
          });
    const mailFeedback =
      sesMail === undefined
        ? undefined
        : new MailFeedback(this, "MailFeedback", {
            functions,
            can,
            sesMail,
            mailWorkflow,
            removalPolicy: settings.removalPolicy,
          });
    const secretRotation =
      settings.rotateSecret === "off"
        ? undefined
        : new SecretRotation(this, "SecretRotation", {
            settings,
            functionFactory,
            can,
            encryption,
            lwaCredentials,
            spApiEnvironment: parameters.spApiEnvironment,
          });
    const methods = api.addMethods({ ...apiFunctions, ...onboardingFunctions });
    const invokeIdentity = new InvokeIdentity(this, "InvokeIdentity", methods.signed);
    const consumerPolicy = new ConsumerPolicy(this, "ConsumerPolicy", {
      storage,
      dataKey: encryption.dataKey,
      methodArns: methods.reading,
    });
    const alarms = new Alarms(this, "Alarms", {
      topic: alarmTopic,
      storage,
      api,
      notificationsQueue,
      deliveryWorkflow,
      deliveryFunctions: workflowFunctions,
      expressLane,
      orderWorkflow,
      redeliveryWorkflow,
      mailWorkflow,
      reconciler,
      redeliveryWorker,
      mail:
        mailFeedback === undefined
          ? undefined
          : {
              feedback: mailFeedback,
              senders: [
                workflowFunctions.reportNotifier,
                mailGatherer,
                redeliveryWorker,
                reconciler.rustFunction,
                mailFeedback.rustFunction,
              ],
            },
      secretRotation,
    });

    const dashboard = new Dashboard(this, "Dashboard", {
      alarms: alarms.ringing,
      api,
      storage,
      topics: this.topics,
      queues: {
        notifications: notificationsQueue,
        reconciler: reconciler.deadLetterQueue,
        mailFeedback: mailFeedback?.deadLetterQueue,
      },
      workflows: { deliveryWorkflow, expressLane, orderWorkflow, redeliveryWorkflow, mailWorkflow },
      functions: [...functions.all, notificationsProcessor.rustFunction, reconciler.rustFunction],
      reconciler: reconciler.rustFunction,
    });

    this.outputs({
      ReportsApiUrl: ["Base URL of the API", api.url],
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
      QuotasTable: ["Table of the slots within Amazon's quotas", storage.quotas.tableName],
      LinksTable: ["Table of links to reports, by the hashes of their tokens", storage.links.tableName],
      ...(storage.onboardings === undefined
        ? {}
        : {
            OnboardingsTable: [
              "Table of invitations and begun authorizations, by the hashes of their secrets",
              storage.onboardings.tableName,
            ] as const,
            OnboardingRedirectUri: [
              "Redirect URI to register with the application at Amazon",
              `${api.url}/onboarding/callback`,
            ] as const,
            OnboardingLoginUri: [
              "Login URI to register with the application at Amazon, for sellers from the Appstore",
              `${api.url}/onboarding/login`,
            ] as const,
          }),
      DataKeyArn: [
        "Key of the reports and their tables; who reads them in this account needs kms:Decrypt of it",
        encryption.dataKey.keyArn,
      ],
      ReportsBucket: ["Bucket with the stored reports", storage.reportsBucket.bucketName],
      NotificationsQueueUrl: ["Queue that Amazon's notifications arrive in", notificationsQueue.queue.queueUrl],
      NotificationsQueueArn: ["ARN of the notifications queue, for destinations", notificationsQueue.queue.queueArn],
      DeadLetterQueueUrl: [
        "Queue with notifications that could not be processed",
        notificationsQueue.deadLetterQueue.queueUrl,
      ],
      DeadLetterQueueArn: ["ARN of the dead-letter queue, for redrives", notificationsQueue.deadLetterQueue.queueArn],
      AlarmTopicArn: ["Topic that alarms ring at; subscribe whoever is to be told of them", alarmTopic.topic.topicArn],
      DashboardUrl: ["What an operator looks at: is it working, what waits, what failed, what it costs", dashboard.url],
      TopicArn: ["Topic that messages about reports are published to", reportTopic.topic.topicArn],
      ConsumerPolicyArn: [
        "Policy to attach to who works with delivered reports: reads them, their rows, and GET /reports",
        consumerPolicy.managedPolicy.managedPolicyArn,
      ],
      ...(mailFeedback === undefined
        ? {}
        : {
            MailDeadLetterQueueArn: [
              "ARN of the queue with bounces and complaints that could not be acted upon, for redrives",
              mailFeedback.deadLetterQueue.queueArn,
            ] as const,
          }),
      StateMachineArn: ["State machine that delivers a report", deliveryWorkflow.stateMachine.stateMachineArn],
      ...(expressLane === undefined
        ? {}
        : {
            ExpressLaneArn: [
              "State machine in which a report's delivery begins",
              expressLane.stateMachine.stateMachineArn,
            ] as const,
          }),
      OrderStateMachineArn: [
        "State machine that orders a report when Amazon's quota allows it",
        orderWorkflow.stateMachine.stateMachineArn,
      ],
      RedeliveryStateMachineArn: [
        "State machine that has deliveries and orders go on that had stopped",
        redeliveryWorkflow.stateMachine.stateMachineArn,
      ],
      ReconcilerFunctionName: [
        "Function that looks after overdue reports; invoke it to have that done at once",
        reconciler.rustFunction.function.functionName,
      ],
      ...(secretRotation === undefined
        ? {}
        : {
            ClientSecretQueueArn: [
              "ARN of the queue for the client secret's rotation, to be registered in the developer console",
              secretRotation.queue.queueArn,
            ] as const,
            RejectedSecretName: [
              "Secret with what came last as a new client secret and could not be used",
              secretRotation.rejectedName,
            ] as const,
          }),
      LwaSecretName: ["Secret to put the application's LWA client id and secret into", lwaCredentials.secretName],
    });
  }

  private outputs(outputs: Record<string, readonly [description: string, value: string]>): void {
    for (const [id, [description, value]] of Object.entries(outputs)) {
      new CfnOutput(this, id, { description, value });
    }
  }
}
