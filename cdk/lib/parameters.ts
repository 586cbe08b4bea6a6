import { CfnCondition, CfnParameter, Fn } from "aws-cdk-lib";
import type { Construct } from "constructs";

/** What is decided when the stack is deployed; CloudFormation keeps the values between deployments. */
export interface Parameters {
  readonly notificationEmail: string;
  readonly hasNotificationEmail: CfnCondition;
  readonly spApiEnvironment: string;
  readonly linkLifetimeSeconds: string;
  readonly overdueSeconds: string;
  readonly reconcileRate: string;
  readonly slowAfterHours: string;
  readonly contactText: string;
}

/** Declares the stack's parameters. */
export function declareParameters(stack: Construct): Parameters {
  const notificationEmail = new CfnParameter(stack, "NotificationEmail", {
    type: "String",
    default: "",
    allowedPattern: "^$|^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$",
    constraintDescription: "must be an e-mail address, or empty",
    description: "E-mail address that is told about every report; empty for none. It must confirm its subscription.",
  });
  const spApiEnvironment = new CfnParameter(stack, "SpApiEnvironment", {
    type: "String",
    default: "production",
    allowedPattern: "^(production|sandbox|https?://[^\\s]+)$",
    constraintDescription: "must be production, sandbox, or the http(s) URL of a simulator",
    description: "Which Selling Partner API to call: production, sandbox, or the URL of a simulator.",
  });
  const linkLifetimeSeconds = new CfnParameter(stack, "LinkLifetimeSeconds", {
    type: "Number",
    default: 21600,
    minValue: 60,
    maxValue: 43200,
    description: "How long the link to a stored report works, in seconds.",
  });
  const overdueSeconds = new CfnParameter(stack, "OverdueSeconds", {
    type: "Number",
    default: 1800,
    minValue: 5,
    maxValue: 86400,
    description: "How long after an order or a notification the reconciler looks after a report, in seconds.",
  });
  const reconcileRate = new CfnParameter(stack, "ReconcileRate", {
    type: "String",
    default: "rate(15 minutes)",
    allowedPattern: "^rate\\((1 (minute|hour)|([2-9]|[1-9][0-9]{1,3}) (minutes|hours))\\)$",
    constraintDescription: "must be like rate(1 minute), rate(15 minutes), rate(1 hour) or rate(2 hours)",
    description: "How often the reconciler looks for reports that are overdue.",
  });
  const slowAfterHours = new CfnParameter(stack, "SlowAfterHours", {
    type: "Number",
    default: 24,
    minValue: 0.01,
    maxValue: 720,
    description: "How long after its order a report that Amazon has not finished is told of as slow, in hours.",
  });
  const contactText = new CfnParameter(stack, "ContactText", {
    type: "String",
    default: "",
    maxLength: 200,
    allowedPattern: "^[^\\r\\n]*$",
    constraintDescription: "must be one line of at most 200 characters, or empty",
    description: "Whom a seller may ask, as it stands at the end of e-mails to sellers; empty for nobody.",
  });

  return {
    notificationEmail: notificationEmail.valueAsString,
    hasNotificationEmail: new CfnCondition(stack, "HasNotificationEmail", {
      expression: Fn.conditionNot(Fn.conditionEquals(notificationEmail, "")),
    }),
    spApiEnvironment: spApiEnvironment.valueAsString,
    // A Number parameter has no string form in the CDK, but its reference is one.
    linkLifetimeSeconds: Fn.ref(linkLifetimeSeconds.logicalId),
    overdueSeconds: Fn.ref(overdueSeconds.logicalId),
    reconcileRate: reconcileRate.valueAsString,
    slowAfterHours: Fn.ref(slowAfterHours.logicalId),
    contactText: contactText.valueAsString,
  };
}
