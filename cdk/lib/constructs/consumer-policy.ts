import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";

import { useKeyThrough } from "./encryption";
import type { Storage } from "./storage";
import { acknowledgeWildcards } from "./wildcards";

export interface ConsumerPolicyProps {
  readonly storage: Storage;
  readonly dataKey: kms.IKey;
  /** The API's methods that show reports. */
  readonly methodArns: string[];
}

/** What somebody needs who is told of reports and works with them. It is attached to nobody here. */
export class ConsumerPolicy extends Construct {
  readonly managedPolicy: iam.ManagedPolicy;

  constructor(scope: Construct, id: string, props: ConsumerPolicyProps) {
    super(scope, id);
    const { storage, dataKey, methodArns } = props;
    const { reports, reportsBucket } = storage;

    const statements = [
      new iam.PolicyStatement({ actions: ["s3:GetObject"], resources: [reportsBucket.arnForObjects("*")] }),
      useKeyThrough("s3", dataKey, "kms:Decrypt"),
      new iam.PolicyStatement({
        actions: ["dynamodb:GetItem", "dynamodb:Query"],
        resources: [reports.tableArn, `${reports.tableArn}/index/byStatus`],
      }),
      useKeyThrough("dynamodb", dataKey, "kms:Decrypt", "kms:DescribeKey"),
      new iam.PolicyStatement({ actions: ["execute-api:Invoke"], resources: methodArns }),
    ];
    this.managedPolicy = new iam.ManagedPolicy(this, "Resource", {
      description: "Reads delivered reports, their rows and what the API shows of them",
      statements,
    });
    acknowledgeWildcards(this.managedPolicy, statements, "Every report is the consumer's to read, and no other bucket's object.");
  }
}
