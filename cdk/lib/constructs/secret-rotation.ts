import { Duration, RemovalPolicy, SecretValue, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import type { Capabilities } from "./capabilities";
import { useKeyThrough, type Encryption } from "./encryption";
import { arnOfSecret, type LwaCredentials } from "./lwa-credentials";
import { letAmazonSendTo } from "./notifications-queue";
import { physicalName } from "./physical-name";
import { RustFunction, type FunctionFactory } from "./rust-function";
import { runOnSchedule } from "./schedule";

const TIMEOUT = Duration.seconds(30);

/** How often a new secret is tried, for an hour altogether, before it is kept aside. LWA may not know it at once. */
const MAX_RECEIVE_COUNT = 20;

/** Twice, so that whoever looks at any day of metrics sees what the look of that day saw. */
const RATE = "rate(12 hours)";

export interface SecretRotationProps {
  readonly settings: Settings;
  readonly functionFactory: FunctionFactory;
  readonly can: Capabilities;
  readonly encryption: Encryption;
  readonly lwaCredentials: LwaCredentials;
  /** Where SP-API is. */
  readonly spApiEnvironment: string;
}

/**
 * Has the client secret rotate itself. A new one comes as a message to a queue, so the queue has no dead-letter
 * queue, which would hand it on to others: the function keeps aside in a secret what it can't use.
 */
export class SecretRotation extends Construct {
  /** To be registered in the developer console. */
  readonly queue: sqs.Queue;
  /** The secret with what came last and could not be used. */
  readonly rejectedName: string;
  readonly rustFunction: RustFunction;
  /** Runs that the schedule could not start. */
  readonly deadLetterQueue: sqs.Queue;

  constructor(scope: Construct, id: string, props: SecretRotationProps) {
    super(scope, id);
    const { settings, functionFactory, can, encryption, lwaCredentials, spApiEnvironment } = props;
    this.queue = this.addQueue(encryption, settings.removalPolicy);
    this.rejectedName = this.addRejected(encryption);
    this.rustFunction = new RustFunction(this, "SecretRotator", {
      name: "secret-rotator",
      description: "Queue and schedule: rotates the application's client secret",
      timeout: TIMEOUT,
      memorySize: 256,
      capabilities: [
        {
          environment: {
            SP_API_ENVIRONMENT: spApiEnvironment,
            LWA_SECRET_NAME: lwaCredentials.secretName,
            REJECTED_SECRET_NAME: this.rejectedName,
            MAX_RECEIVE_COUNT: String(MAX_RECEIVE_COUNT),
          },
          permissions: [
            lwaCredentials.rotateAccess(),
            new iam.PolicyStatement({
              actions: ["secretsmanager:PutSecretValue"],
              resources: [arnOfSecret(this, this.rejectedName)],
            }),
            // Through Secrets Manager only: refresh tokens, under the same key, stay closed.
            useKeyThrough("secretsmanager", encryption.tokenKey, "kms:Decrypt", "kms:GenerateDataKey"),
            new iam.PolicyStatement({
              actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
              resources: [this.queue.queueArn],
            }),
            useKeyThrough("sqs", encryption.notificationsKey, "kms:Decrypt"),
          ],
        },
        // When a rotation was asked for, and when the secret ends.
        can.quotas("dynamodb:GetItem"),
      ],
      settings,
      functionFactory,
    });
    this.rustFunction.function.addEventSourceMapping("Messages", {
      eventSourceArn: this.queue.queueArn,
      batchSize: 1,
      reportBatchItemFailures: true,
      // The fewest there can be: rotations have time.
      maxConcurrency: 2,
    });
    this.deadLetterQueue = runOnSchedule(this, {
      description: "Runs the secret rotator",
      rate: RATE,
      scheduled: this.rustFunction.function,
      removalPolicy: settings.removalPolicy,
    });
  }

  private addQueue(encryption: Encryption, removalPolicy: RemovalPolicy): sqs.Queue {
    const queue = new sqs.Queue(this, "Queue", {
      encryption: sqs.QueueEncryption.KMS,
      encryptionMasterKey: encryption.notificationsKey,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      // As Lambda asks for it; and so long lies between two tries of a secret.
      visibilityTimeout: Duration.seconds(TIMEOUT.toSeconds() * 6),
      removalPolicy,
    });
    letAmazonSendTo(queue);
    Validations.of(queue).acknowledge({
      id: "AwsSolutions-SQS3",
      reason: "Its messages are secrets: what can't be used is kept aside in Secrets Manager, and in no other queue.",
    });
    return queue;
  }

  private addRejected(encryption: Encryption): string {
    const secretName = physicalName(this, "rejected-client-secret");
    const secret = new secretsmanager.Secret(this, "Rejected", {
      secretName,
      description: "What came last as a new client secret and could not be used, with the reason",
      encryptionKey: encryption.tokenKey,
      secretStringValue: SecretValue.unsafePlainText("{}"),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: "AwsSolutions-SMG4",
      reason: "What is in it works nowhere, or is waiting for a person.",
    });
    return secretName;
  }
}
