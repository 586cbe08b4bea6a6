import { ArnFormat, RemovalPolicy, SecretValue, Stack, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

import { physicalName } from "./physical-name";

/** The application's Login with Amazon client id and secret, which an operator fills in. */
export class LwaCredentials extends Construct {
  readonly secretName: string;

  constructor(scope: Construct, id: string, encryptionKey: kms.IKey) {
    super(scope, id);
    this.secretName = physicalName(this, "lwa-credentials");

    const secret = new secretsmanager.Secret(this, "Secret", {
      secretName: this.secretName,
      description: "Login with Amazon credentials of the SP-API application; fill in both values",
      encryptionKey,
      // Empty, so nothing secret is in the template. CloudFormation writes it once: as long as
      // it stays what it is here, later deployments leave the operator's values alone.
      secretStringValue: SecretValue.unsafePlainText('{"ClientId":"","ClientSecret":""}'),
      // A copy of what Amazon's developer console shows; nothing is lost with it.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: "AwsSolutions-SMG4",
      reason:
        "Only Amazon can rotate these credentials; it does every 180 days at the latest. The new ones are entered by an " +
        "operator, or by the secret-rotator.",
    });
  }

  /** Allows to read the secret; decrypting it takes the key as well. */
  readAccess(): iam.PolicyStatement {
    return new iam.PolicyStatement({
      actions: ["secretsmanager:GetSecretValue"],
      resources: [arnOfSecret(this, this.secretName)],
    });
  }

  /** Allows to read the secret and to replace it; that takes the key as well. */
  rotateAccess(): iam.PolicyStatement {
    return new iam.PolicyStatement({
      actions: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
      resources: [arnOfSecret(this, this.secretName)],
    });
  }
}

/**
 * A secret by its name, with the six characters that Secrets Manager adds, because that is how functions ask for
 * it. It is what `Secret.fromSecretNameV2` grants, too.
 */
export function arnOfSecret(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({
    service: "secretsmanager",
    resource: "secret",
    resourceName: `${name}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
