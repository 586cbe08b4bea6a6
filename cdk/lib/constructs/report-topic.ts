import type { CfnCondition } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as sns from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";

import { useKeyThrough } from "./encryption";

export interface ReportTopicProps {
  readonly encryptionKey: kms.Key;
  /** The mailbox that SNS sends to, and whether there is one; absent where SES sends. */
  readonly mailbox: { readonly address: string; readonly isThere: CfnCondition } | undefined;
}

/** Messages about reports, for whoever subscribes; one mailbox does from the start. */
export class ReportTopic extends Construct {
  readonly topic: sns.Topic;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ReportTopicProps,
  ) {
    super(scope, id);

    this.topic = new sns.Topic(this, "Topic", {
      displayName: "Selling partner reports",
      enforceSSL: true,
      masterKey: props.encryptionKey,
    });
    if (props.mailbox !== undefined) {
      // Not `addSubscription`: only the plain resource takes a condition.
      const subscription = new sns.CfnSubscription(this, "Mailbox", {
        topicArn: this.topic.topicArn,
        protocol: "email",
        endpoint: props.mailbox.address,
        // Not what is gathered, and not what sellers get of that.
        filterPolicy: { Mailbox: ["now"] },
      });
      subscription.cfnOptions.condition = props.mailbox.isThere;
    }
  }

  /** Allows to publish messages. */
  publishAccess(): iam.PolicyStatement[] {
    return [
      new iam.PolicyStatement({ actions: ["sns:Publish"], resources: [this.topic.topicArn] }),
      useKeyThrough("sns", this.props.encryptionKey, "kms:GenerateDataKey", "kms:Decrypt"),
    ];
  }
}
