import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Architecture } from "aws-cdk-lib/aws-lambda";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Node } from "constructs";

export type WorkflowType = "standard" | "express";
export type Links = "own" | "presigned";
export type Mail = "sns" | "ses";

/** What is decided when the templates are made; set with `cdk --context NAME=VALUE`. */
export interface Settings {
  readonly stackName: string;
  readonly architecture: Architecture;
  /** A folder with one folder a function, each holding a `bootstrap`. Absent: cargo builds them. */
  readonly functionsDir: string | undefined;
  /** What becomes of data, keys and logs when the stack is destroyed. */
  readonly removalPolicy: RemovalPolicy;
  readonly logRetention: RetentionDays;
  readonly reportRetention: Duration;
  /** Whether deliveries begin in the express lane, or each has a Standard execution from the start. */
  readonly workflowType: WorkflowType;
  /** Which announced reports are delivered of sellers who say nothing: all, or those that were ordered here. */
  readonly deliver: string;
  /** Whether e-mails have links of our own, or presigned URLs. */
  readonly links: Links;
  /** The API's URL where it is not the one that API Gateway gives it; `{apiId}` stands for its id. */
  readonly apiUrl: string | undefined;
  /** Whether documents are stored byte for byte, or texts in UTF-8. */
  readonly documentFormat: string;
  /** Whether gzip documents that are stored as they are get read, or only counted. */
  readonly gzipCheck: string;
  /** Whether everything that is told of reports is an event on the account's default bus, too. */
  readonly events: "on" | "off";
  /** Whether the application's client secret is rotated here, or by a person. */
  readonly rotateSecret: "on" | "off";
  /** Who sends e-mails: SNS to those who confirm a subscription, or SES from an address of one's own. */
  readonly mail: Mail;
  /** Whether sellers can be invited to authorize the application in a browser. */
  readonly onboarding: "on" | "off";
  /** The memory of the function that stores documents, in MiB; its share of a processor grows with it. */
  readonly storageMemory: number;
  /** Whether to add the queue that stands in for a person's mailbox on a local stack. */
  readonly localMailbox: boolean;
}

const NAMES = [
  "stackName",
  "architecture",
  "functionsDir",
  "removalPolicy",
  "logRetentionDays",
  "reportRetentionDays",
  "workflowType",
  "deliver",
  "links",
  "apiUrl",
  "documentFormat",
  "gzipCheck",
  "events",
  "rotateSecret",
  "mail",
  "onboarding",
  "storageMemory",
  "localMailbox",
] as const;

type Name = (typeof NAMES)[number];

const ARCHITECTURES: Record<string, Architecture> = {
  x86_64: Architecture.X86_64,
  arm64: Architecture.ARM_64,
};

const REMOVAL_POLICIES: Record<string, RemovalPolicy> = {
  retain: RemovalPolicy.RETAIN,
  destroy: RemovalPolicy.DESTROY,
};

const WORKFLOW_TYPES: Record<string, WorkflowType> = { standard: "standard", express: "express" };

const DELIVERS: Record<string, string> = { all: "all", ordered: "ordered" };

const LINKS: Record<string, Links> = { own: "own", presigned: "presigned" };

const DOCUMENT_FORMATS: Record<string, string> = { "as-is": "as-is", utf8: "utf8" };

const GZIP_CHECKS: Record<string, string> = { contents: "contents", length: "length" };

const MAILS: Record<string, Mail> = { sns: "sns", ses: "ses" };

const SWITCHES: Record<string, "on" | "off"> = { on: "on", off: "off" };

const BOOLEANS: Record<string, boolean> = { true: true, false: false };

/** What Amazon's data protection policy asks for at least. */
const SHORTEST_LOG_RETENTION = 365;

/** The periods of CloudWatch Logs that are long enough; "never" is 9999 in the CDK and is left out on purpose. */
const LOG_RETENTIONS: Record<string, RetentionDays> = Object.fromEntries(
  Object.values(RetentionDays)
    .filter((days): days is RetentionDays => typeof days === "number")
    .filter((days) => days >= SHORTEST_LOG_RETENTION && days !== RetentionDays.INFINITE)
    .map((days) => [String(days), days]),
);

/** Reads the settings from the CDK context; what is unknown or invalid is an error that names the setting. */
export function readSettings(node: Node): Settings {
  refuseUnknown(node);
  const read = (name: Name, fallback: string): string => {
    const value: unknown = node.tryGetContext(name);
    return value === undefined ? fallback : String(value);
  };

  return {
    stackName: matching(
      "stackName",
      read("stackName", "SpReports"),
      /^[A-Za-z][A-Za-z0-9-]{0,63}$/,
      "a letter, then up to 63 letters, digits and hyphens",
    ),
    architecture: oneOf("architecture", read("architecture", "x86_64"), ARCHITECTURES),
    functionsDir: read("functionsDir", "") || undefined,
    removalPolicy: oneOf("removalPolicy", read("removalPolicy", "retain"), REMOVAL_POLICIES),
    logRetention: oneOf("logRetentionDays", read("logRetentionDays", "365"), LOG_RETENTIONS),
    reportRetention: Duration.days(within("reportRetentionDays", read("reportRetentionDays", "540"), 1, 548)),
    workflowType: oneOf("workflowType", read("workflowType", "standard"), WORKFLOW_TYPES),
    deliver: oneOf("deliver", read("deliver", "all"), DELIVERS),
    links: oneOf("links", read("links", "own"), LINKS),
    apiUrl:
      node.tryGetContext("apiUrl") === undefined
        ? undefined
        : matching("apiUrl", read("apiUrl", ""), /^https:\/\/[^\s?#]+[^\s?#/]$/, "an https URL without a slash at its end"),
    documentFormat: oneOf("documentFormat", read("documentFormat", "as-is"), DOCUMENT_FORMATS),
    gzipCheck: oneOf("gzipCheck", read("gzipCheck", "contents"), GZIP_CHECKS),
    events: oneOf("events", read("events", "on"), SWITCHES),
    rotateSecret: oneOf("rotateSecret", read("rotateSecret", "off"), SWITCHES),
    mail: oneOf("mail", read("mail", "sns"), MAILS),
    onboarding: oneOf("onboarding", read("onboarding", "off"), SWITCHES),
    storageMemory: within("storageMemory", read("storageMemory", "512"), 256, 10240),
    localMailbox: oneOf("localMailbox", read("localMailbox", "false"), BOOLEANS),
  };
}

/** A misspelt setting would otherwise leave the default in force without a word. */
function refuseUnknown(node: Node): void {
  const known: readonly string[] = NAMES;
  // The CDK's own context has punctuation in its names: feature flags, cached look-ups.
  const unknown = Object.keys(node.getAllContext()).filter((key) => /^\w+$/.test(key) && !known.includes(key));
  if (unknown.length > 0) {
    throw new Error(`Unknown setting ${unknown.join(", ")}; there are ${known.join(", ")}.`);
  }
}

function oneOf<T>(setting: Name, value: string, choices: Record<string, T>): T {
  const choice = Object.hasOwn(choices, value) ? choices[value] : undefined;
  if (choice === undefined) {
    throw invalid(setting, value, `one of ${Object.keys(choices).join(", ")}`);
  }
  return choice;
}

function within(setting: Name, value: string, least: number, most: number): number {
  const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most)) {
    throw invalid(setting, value, `a whole number from ${least} to ${most}`);
  }
  return number;
}

function matching(setting: Name, value: string, pattern: RegExp, expected: string): string {
  if (!pattern.test(value)) {
    throw invalid(setting, value, expected);
  }
  return value;
}

function invalid(setting: Name, value: string, expected: string): Error {
  return new Error(`Invalid setting ${setting}: "${value}" is not ${expected}.`);
}
