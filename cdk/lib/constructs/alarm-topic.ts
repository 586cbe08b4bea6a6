import { ArnFormat, Stack, type CfnCondition } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as sns from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";

export interface AlarmTopicProps {
  readonly encryptionKey: kms.Key;
  /** Who is told of alarms, and whether there is somebody. */
  readonly mailbox: { readonly address: string; readonly isThere: CfnCondition };
}

/**
 * Where alarms ring. A topic of its own, so that whoever subscribes to news of reports gets no alarms, and so that
 * alarms arrive when reports' e-mails don't: SNS sends them also where SES sends the rest.
 */
export class AlarmTopic extends Construct {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, props: AlarmTopicProps) {
    super(scope, id);
    this.topic = new sns.Topic(this, "Topic", {
      displayName: "Alarms of selling partner reports",
      enforceSSL: true,
      masterKey: props.encryptionKey,
    });
    const alarms = this.alarmsOfThisStacksAccount();
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({ ...alarms, actions: ["sns:Publish"], resources: [this.topic.topicArn] }),
    );
    // CloudWatch encrypts by itself what it publishes; with AWS's own key for SNS it could not.
    props.encryptionKey.addToResourcePolicy(
      new iam.PolicyStatement({
        ...alarms,
        sid: "Alarms",
        actions: ["kms:GenerateDataKey*", "kms:Decrypt"],
        resources: ["*"], // In a key policy: this key.
      }),
    );
    // Not `addSubscription`: only the plain resource takes a condition.
    const subscription = new sns.CfnSubscription(this, "Mailbox", {
      topicArn: this.topic.topicArn,
      protocol: "email",
      endpoint: props.mailbox.address,
    });
    subscription.cfnOptions.condition = props.mailbox.isThere;
  }

  /** CloudWatch, on behalf of alarms of this account and region only. */
  private alarmsOfThisStacksAccount(): Required<Pick<iam.PolicyStatementProps, "principals" | "conditions">> {
    const stack = Stack.of(this);
    const alarms = { service: "cloudwatch", resource: "alarm", resourceName: "*", arnFormat: ArnFormat.COLON_RESOURCE_NAME };
    return {
      principals: [new iam.ServicePrincipal("cloudwatch.amazonaws.com")],
      conditions: {
        StringEquals: { "aws:SourceAccount": stack.account },
        ArnLike: { "aws:SourceArn": stack.formatArn(alarms) },
      },
    };
  }
}
