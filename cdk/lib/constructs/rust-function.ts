import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

import { Stack, type Duration } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { RustFunction as CargoLambdaFunction } from "cargo-lambda-cdk";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import { acknowledgeWildcards } from "./wildcards";

/** The functions; each is the name of a crate and of its binary under `lambdas/`. */
export type FunctionName =
  | "token-storage"
  | "notifications-subscriber"
  | "report-creator"
  | "report-reader"
  | "seller-reader"
  | "report-canceller"
  | "report-scheduler"
  | "order-placer"
  | "redelivery-requester"
  | "redelivery-worker"
  | "mail-gatherer"
  | "notifications-processor"
  | "report-reconciler"
  | "report-document-retrieval"
  | "report-document-storage"
  | "presigned-url-generator"
  | "report-notifier"
  | "link-opener"
  | "document-access"
  | "onboarding-inviter"
  | "onboarding"
  | "mail-feedback"
  | "secret-rotator";

/** Makes a function with its code; injected, so that templates can be tested without building any. */
export type FunctionFactory = (
  scope: Construct,
  id: string,
  name: FunctionName,
  options: lambda.FunctionOptions,
) => lambda.Function;

/** Functions that were built before: `<functionsDir>/<name>/bootstrap`. */
export function fromFolder(functionsDir: string): FunctionFactory {
  return (scope, id, name, options) => {
    const folder = resolve(functionsDir, name);
    if (!existsSync(join(folder, "bootstrap"))) {
      throw new Error(`Invalid setting functionsDir: there is no ${join(folder, "bootstrap")}.`);
    }
    return new lambda.Function(scope, id, {
      ...options,
      runtime: lambda.Runtime.PROVIDED_AL2023,
      handler: "bootstrap",
      code: lambda.Code.fromAsset(folder),
    });
  };
}

/**
 * Functions that cargo-lambda builds from the workspace while the app is synthesized.
 *
 * All builds run in the workspace and share its target folder (or CARGO_TARGET_DIR, when it
 * is set), so the AWS SDK is compiled for the first function only.
 */
export function builtByCargo(): FunctionFactory {
  const manifestPath = resolve(__dirname, "../../../Cargo.toml");
  let isChecked = false;
  return (scope, id, name, options) => {
    // Commands that build nothing, such as `cdk destroy`, do without.
    if (!isChecked && Stack.of(scope).bundlingRequired) {
      requireCargoLambda();
      isChecked = true;
    }
    return new CargoLambdaFunction(scope, id, {
      ...options,
      manifestPath,
      binaryName: name,
      // --package: features as this function needs them, not as the whole workspace does.
      // --skip-target-check: cargo-lambda would otherwise try to install the target by itself.
      bundling: { cargoLambdaFlags: ["--locked", "--package", name, "--skip-target-check"] },
    });
  };
}

/** Without it the construct would try Docker, and would fail speaking of nothing else. */
function requireCargoLambda(): void {
  const { status } = spawnSync("cargo", ["lambda", "--version"], { stdio: "ignore" });
  if (status !== 0) {
    throw new Error(
      "cargo-lambda, which builds the functions, is not found. Install it with `pip install cargo-lambda==1.9.2 ziglang`, " +
        "or name a folder with functions that were built before: `-c functionsDir=…`. " +
        "`cargo local doctor` says what else deploying needs.",
    );
  }
}

/** Something to work with: the variables that say where it is, and the permission to use it. */
export interface Capability {
  readonly environment?: Record<string, string>;
  readonly permissions?: iam.PolicyStatement[];
  /** Why the permissions name resources with a wildcard, if they do. */
  readonly wildcardReason?: string;
}

export interface RustFunctionProps {
  readonly name: FunctionName;
  readonly description: string;
  readonly timeout: Duration;
  readonly memorySize: number;
  /** All that the function knows and may do, besides writing to its own log group. */
  readonly capabilities: Capability[];
  readonly settings: Settings;
  readonly functionFactory: FunctionFactory;
}

/** One function of the pipeline, with a role and a log group of its own. */
export class RustFunction extends Construct {
  readonly name: FunctionName;
  readonly function: lambda.Function;

  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    super(scope, id);
    this.name = props.name;

    const logGroup = new logs.LogGroup(this, "Logs", {
      retention: props.settings.logRetention,
      removalPolicy: props.settings.removalPolicy,
    });
    const role = new iam.Role(this, "Role", {
      assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com"),
      description: `What ${props.name} may do`,
    });
    logGroup.grantWrite(role);
    for (const { permissions = [], wildcardReason } of props.capabilities) {
      permissions.forEach((statement) => role.addToPolicy(statement));
      if (wildcardReason !== undefined) {
        acknowledgeWildcards(role, permissions, wildcardReason);
      }
    }

    this.function = props.functionFactory(this, "Function", props.name, {
      description: props.description,
      architecture: props.settings.architecture,
      timeout: props.timeout,
      memorySize: props.memorySize,
      environment: Object.assign({}, ...props.capabilities.map((capability) => capability.environment)),
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
    });
  }
}
