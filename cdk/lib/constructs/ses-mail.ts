import { ArnFormat, Fn, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as ses from "aws-cdk-lib/aws-ses";
import { Construct } from "constructs";

/** What SES sends e-mails with: the sender's address, and a configuration set that reports what became of them. */
export class SesMail extends Construct {
  readonly configurationSetName: string;

  /** @param from the sender's address, which SES has verified, or its domain */
  constructor(
    scope: Construct,
    id: string,
    private readonly from: string,
  ) {
    super(scope, id);
    const configurationSet = new ses.CfnConfigurationSet(this, "ConfigurationSet", {
      // Mails hold links, which whoever reads them on their way could open.
      deliveryOptions: { tlsPolicy: "REQUIRE" },
      // SES itself sends nothing more to who bounced or complained: the last resort for the owner's address.
      suppressionOptions: { suppressedReasons: ["BOUNCE", "COMPLAINT"] },
    });
    this.configurationSetName = configurationSet.ref;
    // Neither opens nor clicks: for those SES would change the mails' links and add a picture.
    new ses.CfnConfigurationSetEventDestination(this, "Feedback", {
      configurationSetName: configurationSet.ref,
      eventDestination: {
        enabled: true,
        matchingEventTypes: ["bounce", "complaint", "reject"],
        // SES has no other bus.
        eventBridgeDestination: {
          eventBusArn: Stack.of(this).formatArn({ service: "events", resource: "event-bus", resourceName: "default" }),
        },
      },
    });
  }

  /** What a function has to know to send, and to whom besides sellers. */
  environment(notificationEmail: string): Record<string, string> {
    return {
      MAIL_FROM: this.from,
      MAIL_CONFIGURATION_SET: this.configurationSetName,
      NOTIFICATION_EMAIL: notificationEmail,
    };
  }

  /** Allows to send from that address, and from no other. */
  sendAccess(): iam.PolicyStatement {
    const arn = (resource: string, resourceName: string): string =>
      Stack.of(this).formatArn({ service: "ses", resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
    return new iam.PolicyStatement({
      actions: ["ses:SendEmail"],
      resources: [
        // Whichever of the two is verified.
        arn("identity", this.from),
        arn("identity", Fn.select(1, Fn.split("@", this.from))),
        arn("configuration-set", this.configurationSetName),
      ],
      conditions: { StringEquals: { "ses:FromAddress": this.from } },
    });
  }
}
