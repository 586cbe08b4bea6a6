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
        "Only Amazon can rotate these credentials; it does every 180 days at the latest, and an operator enters the new ones.",
    });
  }

  /** Allows to read the secret; decrypting it takes the key as well. */
  readAccess(): iam.PolicyStatement {
    return new iam.PolicyStatement({
      actions: ["secretsmanager:GetSecretValue"],
      resources: [
        // By name, with the six characters that Secrets Manager adds, because that is how
        // functions ask for it. It is what `Secret.fromSecretNameV2` grants, too.
        Stack.of(this).formatArn({
          service: "secretsmanager",
          resource: "secret",
          resourceName: `${this.secretName}-??????`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
    });
  }
}
