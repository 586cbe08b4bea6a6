import { CfnCondition, CfnParameter, CfnRule, Fn } from "aws-cdk-lib";
import type { Construct } from "constructs";

import type { Settings } from "./settings";

/** How long a presigned URL lives of which nobody has said anything else, in seconds. */
const DEFAULT_LINK_LIFETIME_SECONDS = 21600;

/** How long a link of our own lives of which nobody has said anything else, in days. */
const DEFAULT_LINK_LIFETIME_DAYS = 7;

/** An e-mail address that may be left out. */
const ADDRESS_OR_NONE = {
  type: "String",
  default: "",
  allowedPattern: "^$|^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$",
  constraintDescription: "must be an e-mail address, or empty",
};

/** What is decided when the stack is deployed; CloudFormation keeps the values between deployments. */
export interface Parameters {
  readonly notificationEmail: string;
  /** Whether SNS has somebody to send to; absent where SES sends. */
  readonly hasNotificationEmail: CfnCondition | undefined;
  /** Who is told of alarms, and whether there is somebody. */
  readonly alarmMailbox: { readonly address: string; readonly isThere: CfnCondition };
  readonly spApiEnvironment: string;
  readonly linkLifetimeDays: string;
  readonly linkLifetimeSeconds: string;
  readonly overdueSeconds: string;
  readonly reconcileRate: string;
  readonly slowAfterHours: string;
  readonly reauthorizationDays: string;
  readonly contactText: string;
  readonly gatherMailSeconds: string;
  /** Where SES sends e-mails from, if it does. */
  readonly mailFrom: string | undefined;
  /** How sellers authorize the application in a browser, if they can. */
  readonly onboarding: OnboardingParameters | undefined;
}

/** The application as sellers meet it in a browser. */
export interface OnboardingParameters {
  readonly applicationId: string;
  /** Who invites them. */
  readonly name: string;
  /** Where Amazon's consent page is, if it is a stand-in's; else empty. */
  readonly consentHost: string;
  readonly draft: string;
  readonly appstoreLogin: string;
}

/** Declares the stack's parameters. */
export function declareParameters(stack: Construct, settings: Settings): Parameters {
  const notificationEmail = new CfnParameter(stack, "NotificationEmail", {
    ...ADDRESS_OR_NONE,
    description:
      "E-mail address that is told about every report; empty for none." +
      (settings.mail === "sns" ? " It must confirm its subscription." : ""),
  });
  const spApiEnvironment = new CfnParameter(stack, "SpApiEnvironment", {
    type: "String",
    default: "production",
    allowedPattern: "^(production|sandbox|https?://[^\\s]+)$",
    constraintDescription: "must be production, sandbox, or the http(s) URL of a simulator",
    description: "Which Selling Partner API to call: production, sandbox, or the URL of a simulator.",
  });
  const reportRetentionDays = settings.reportRetention.toDays();
  const linkLifetimeDays = new CfnParameter(stack, "LinkLifetimeDays", {
    type: "String",
    default: String(Math.min(DEFAULT_LINK_LIFETIME_DAYS, reportRetentionDays)),
    // A link does not outlive its report.
    allowedPattern: wholeNumberUpTo(reportRetentionDays),
    constraintDescription: `must be a whole number from 1 to the days that reports stay (reportRetentionDays: ${reportRetentionDays})`,
    description: "How long the link to a stored report works, in whole days.",
  });
  const linkLifetimeSeconds = new CfnParameter(stack, "LinkLifetimeSeconds", {
    type: "Number",
    default: DEFAULT_LINK_LIFETIME_SECONDS,
    minValue: 60,
    maxValue: 43200,
    description: "Only with -c links=presigned: how long such a URL works at most, in seconds.",
  });
  if (settings.links === "own") {
    // Who had set it is not to find out from a link that it has no effect any more.
    new CfnRule(stack, "LinkLifetimeSecondsIsReplaced", {
      assertions: [
        {
          assert: Fn.conditionEquals(linkLifetimeSeconds, String(DEFAULT_LINK_LIFETIME_SECONDS)),
          assertDescription:
            "LinkLifetimeSeconds is replaced by LinkLifetimeDays: links live for days now. Deploy with " +
            `--parameters LinkLifetimeSeconds=${DEFAULT_LINK_LIFETIME_SECONDS} --parameters LinkLifetimeDays=7, ` +
            "or keep presigned URLs with -c links=presigned.",
        },
      ],
    });
  }
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
    // A day at most: that it does not run is found out after a day.
    allowedPattern:
      "^rate\\((1 (minute|hour)|([2-9]|[1-9][0-9]{1,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440) minutes|([2-9]|1[0-9]|2[0-4]) hours)\\)$",
    constraintDescription: "must be like rate(1 minute), rate(15 minutes), rate(1 hour) or rate(2 hours), and a day at most",
    description: "How often the reconciler looks for reports that are overdue.",
  });
  const slowAfterHours = new CfnParameter(stack, "SlowAfterHours", {
    type: "Number",
    default: 24,
    minValue: 0.01,
    maxValue: 720,
    description: "How long after its order a report that Amazon has not finished is told of as slow, in hours.",
  });
  const reauthorizationDays = new CfnParameter(stack, "ReauthorizationDays", {
    type: "String",
    default: "365",
    // A Number parameter would take fractions, too.
    allowedPattern: "^(0|[1-9][0-9]{0,3})$",
    constraintDescription: "must be a whole number of days from 0 to 9999",
    description:
      "How many days after they were given sellers' authorizations end; they are reminded 30, 7 and 1 days before. 0: never.",
  });
  const contactText = new CfnParameter(stack, "ContactText", {
    type: "String",
    default: "",
    maxLength: 200,
    allowedPattern: "^[^\\r\\n]*$",
    constraintDescription: "must be one line of at most 200 characters, or empty",
    description: "Whom a seller may ask, as it stands at the end of e-mails to sellers; empty for nobody.",
  });
  const gatherMailSeconds = new CfnParameter(stack, "GatherMailSeconds", {
    type: "Number",
    default: 60,
    minValue: 5,
    maxValue: 86400,
    description: "How often an address gets in one e-mail what is too much to be told at once, in seconds.",
  });

  return {
    notificationEmail: notificationEmail.valueAsString,
    hasNotificationEmail:
      settings.mail === "sns"
        ? new CfnCondition(stack, "HasNotificationEmail", {
            expression: Fn.conditionNot(Fn.conditionEquals(notificationEmail, "")),
          })
        : undefined,
    alarmMailbox: declareAlarmEmail(stack),
    spApiEnvironment: spApiEnvironment.valueAsString,
    linkLifetimeDays: linkLifetimeDays.valueAsString,
    // A Number parameter has no string form in the CDK, but its reference is one.
    linkLifetimeSeconds: Fn.ref(linkLifetimeSeconds.logicalId),
    overdueSeconds: Fn.ref(overdueSeconds.logicalId),
    reconcileRate: reconcileRate.valueAsString,
    slowAfterHours: Fn.ref(slowAfterHours.logicalId),
    reauthorizationDays: reauthorizationDays.valueAsString,
    contactText: contactText.valueAsString,
    gatherMailSeconds: Fn.ref(gatherMailSeconds.logicalId),
    mailFrom: settings.mail === "ses" ? declareMailFrom(stack) : undefined,
    onboarding: settings.onboarding === "on" ? declareOnboarding(stack) : undefined,
  };
}

/** Which application it is, and who has it, nobody can know for the owner. */
function declareOnboarding(stack: Construct): OnboardingParameters {
  const onOrOff = { type: "String", default: "off", allowedValues: ["on", "off"] };
  const applicationId = new CfnParameter(stack, "OnboardingApplicationId", {
    type: "String",
    allowedPattern: "^amzn1\\.[A-Za-z0-9._-]{1,120}$",
    constraintDescription: "must be an application's id, such as amzn1.sp.solution.…",
    description: "Id of the application that sellers authorize in a browser, as the developer console shows it.",
  });
  const name = new CfnParameter(stack, "OnboardingName", {
    type: "String",
    allowedPattern: "^\\S([^\\r\\n]{0,98}\\S)?$",
    constraintDescription: "must be one line of 1 to 100 characters",
    description: "Who invites sellers, as the pages call it: the name of a company, mostly.",
  });
  const consentHost = new CfnParameter(stack, "ConsentHost", {
    type: "String",
    default: "",
    allowedPattern: "^$|^(https://[^\\s?#@]+|http://(localhost|127\\.0\\.0\\.1)(:[0-9]+)?(/[^\\s?#@]*)?)$",
    constraintDescription: "must be empty, an https URL, or an http URL of this machine",
    description: "Where a stand-in for Amazon has its consent page; {region} stands for na, eu or fe. Empty for Amazon's own.",
  });
  const draft = new CfnParameter(stack, "OnboardingDraft", {
    ...onOrOff,
    description: "Whether the application is a draft at Amazon: on or off.",
  });
  const appstoreLogin = new CfnParameter(stack, "AppstoreLogin", {
    ...onOrOff,
    description: "Whether sellers may come from Amazon's Appstore without an invitation: on or off.",
  });
  return {
    applicationId: applicationId.valueAsString,
    name: name.valueAsString,
    consentHost: consentHost.valueAsString,
    draft: draft.valueAsString,
    appstoreLogin: appstoreLogin.valueAsString,
  };
}

/** SNS sends alarms in any case, also where SES sends the rest: of trouble with SES, SES would not tell. */
function declareAlarmEmail(stack: Construct): Parameters["alarmMailbox"] {
  const alarmEmail = new CfnParameter(stack, "AlarmEmail", {
    ...ADDRESS_OR_NONE,
    description: "E-mail address that is told of alarms; empty for none. It must confirm its subscription.",
  });
  return {
    address: alarmEmail.valueAsString,
    isThere: new CfnCondition(stack, "HasAlarmEmail", {
      expression: Fn.conditionNot(Fn.conditionEquals(alarmEmail, "")),
    }),
  };
}

/** It has no default: SES sends from no address that it has not verified. */
function declareMailFrom(stack: Construct): string {
  const mailFrom = new CfnParameter(stack, "MailFrom", {
    type: "String",
    // What the functions take for an address; one that they don't would stop them all.
    allowedPattern: "^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,}$",
    constraintDescription: "must be an e-mail address that SES has verified, or one of a domain that it has",
    description: "E-mail address that e-mails come from; SES must have verified it, or its domain.",
  });
  return mailFrom.valueAsString;
}

/** A pattern of the whole numbers from 1 to `max`. A Number parameter would take fractions, too. */
function wholeNumberUpTo(max: number): string {
  const digits = String(max);
  const shorter = digits.length === 1 ? [] : [`[1-9][0-9]{0,${digits.length - 2}}`];
  // Of those with as many digits: the same first ones, then a smaller one, then any.
  const smaller = [...digits].flatMap((digit, place) => {
    const lowest = place === 0 ? 1 : 0;
    const highest = Number(digit) - 1;
    const rest = digits.length - place - 1;
    return highest < lowest ? [] : [`${digits.slice(0, place)}[${lowest}-${highest}][0-9]{${rest}}`];
  });
  return `^(${[...shorter, ...smaller, digits].join("|")})$`;
}
