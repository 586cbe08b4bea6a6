import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Architecture } from "aws-cdk-lib/aws-lambda";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Node } from "constructs";

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
  /** Whether to add the queue that stands in for a person's mailbox on a local stack. */
  readonly localMailbox: boolean;
}

const ARCHITECTURES: Record<string, Architecture> = {
  x86_64: Architecture.X86_64,
  arm64: Architecture.ARM_64,
};

const REMOVAL_POLICIES: Record<string, RemovalPolicy> = {
  retain: RemovalPolicy.RETAIN,
  destroy: RemovalPolicy.DESTROY,
};

const BOOLEANS: Record<string, boolean> = { true: true, false: false };

/** The periods CloudWatch Logs offers; "never" is 9999 in the CDK and is left out on purpose. */
const LOG_RETENTIONS: Record<string, RetentionDays> = Object.fromEntries(
  Object.values(RetentionDays)
    .filter((days): days is RetentionDays => typeof days === "number" && days !== RetentionDays.INFINITE)
    .map((days) => [String(days), days]),
);

/** Reads the settings from the CDK context; an invalid value is an error that names the setting. */
export function readSettings(node: Node): Settings {
  const read = (name: string, fallback: string): string => {
    const value: unknown = node.tryGetContext(name);
    return value === undefined ? fallback : String(value);
  };

  return {
    stackName: matching("stackName", read("stackName", "SpReports"), /^[A-Za-z][A-Za-z0-9-]{0,63}$/, "a letter, then up to 63 letters, digits and hyphens"),
    architecture: oneOf("architecture", read("architecture", "x86_64"), ARCHITECTURES),
    functionsDir: read("functionsDir", "") || undefined,
    removalPolicy: oneOf("removalPolicy", read("removalPolicy", "retain"), REMOVAL_POLICIES),
    logRetention: oneOf("logRetentionDays", read("logRetentionDays", "90"), LOG_RETENTIONS),
    reportRetention: Duration.days(
      Number(matching("reportRetentionDays", read("reportRetentionDays", "30"), /^[1-9][0-9]{0,3}$/, "a whole number from 1 to 9999")),
    ),
    localMailbox: oneOf("localMailbox", read("localMailbox", "false"), BOOLEANS),
  };
}

function oneOf<T>(setting: string, value: string, choices: Record<string, T>): T {
  const choice = Object.hasOwn(choices, value) ? choices[value] : undefined;
  if (choice === undefined) {
    throw invalid(setting, value, `one of ${Object.keys(choices).join(", ")}`);
  }
  return choice;
}

function matching(setting: string, value: string, pattern: RegExp, expected: string): string {
  if (!pattern.test(value)) {
    throw invalid(setting, value, expected);
  }
  return value;
}

function invalid(setting: string, value: string, expected: string): Error {
  return new Error(`Invalid setting ${setting}: "${value}" is not ${expected}.`);
}
