import { Stack, type RemovalPolicy } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";

/** AWS services that use a key on a caller's behalf. */
export type ServiceUsingKey = "dynamodb" | "s3" | "secretsmanager" | "sns" | "sqs";

/**
 * The customer keys. There are three, so that who can use one can't use the others:
 * functions that read tables can't decrypt refresh tokens, and Amazon's account, which
 * encrypts notifications, has no part in anything but notifications.
 */
export class Encryption extends Construct {
  /** Refresh tokens and the application's LWA credentials. */
  readonly tokenKey: kms.Key;
  /** Tables, buckets and the topic. */
  readonly dataKey: kms.Key;
  /** The notifications queue and its dead-letter queue. */
  readonly notificationsKey: kms.Key;

  constructor(scope: Construct, id: string, removalPolicy: RemovalPolicy) {
    super(scope, id);

    const key = (keyId: string, description: string): kms.Key =>
      new kms.Key(this, keyId, { description, enableKeyRotation: true, removalPolicy });

    this.tokenKey = key("TokenKey", "Refresh tokens and LWA credentials of selling partners");
    this.dataKey = key("DataKey", "Reports, their tables and the messages about them");
    this.notificationsKey = key("NotificationsKey", "Notifications that Amazon sends");
  }
}

/** Allows to use a key through one AWS service only, never by calling KMS itself. */
export function useKeyThrough(service: ServiceUsingKey, key: kms.IKey, ...actions: string[]): iam.PolicyStatement {
  const { region, urlSuffix } = Stack.of(key);
  return new iam.PolicyStatement({
    actions,
    resources: [key.keyArn],
    conditions: { StringEquals: { "kms:ViaService": `${service}.${region}.${urlSuffix}` } },
  });
}
