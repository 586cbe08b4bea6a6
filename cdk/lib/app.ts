import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";

import { builtByCargo, fromFolder, type FunctionFactory } from "./constructs/rust-function";
import { MailboxStack } from "./mailbox-stack";
import { readSettings } from "./settings";
import { SpReportsStack } from "./sp-reports-stack";

/** Feature flags; here rather than in cdk.json, so that tests synthesize the very same templates. */
const FEATURE_FLAGS = {
  // The log bucket takes server access logs by its bucket policy; new buckets refuse ACLs.
  "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": true,
  // The mailbox stack imports the topic from the stack that has it.
  "@aws-cdk/core:defaultCrossStackReferences": "strong",
  // Synthesis stops when a secret's value would end up in a function's environment.
  "@aws-cdk/core:checkSecretUsage": true,
};

export interface CreateAppProps {
  /** Context on top of what the CDK CLI passes. */
  readonly context?: Record<string, unknown>;
  /** Where the functions' code comes from; by default what the `functionsDir` setting says. */
  readonly functionFactory?: FunctionFactory;
}

/** The whole app, checked against the AWS Solutions rules when it is synthesized. */
export function createApp(props: CreateAppProps = {}): App {
  const app = new App({ context: { ...FEATURE_FLAGS, ...props.context } });
  const settings = readSettings(app.node);
  const functionFactory =
    props.functionFactory ?? (settings.functionsDir === undefined ? builtByCargo() : fromFolder(settings.functionsDir));

  const stack = new SpReportsStack(app, settings.stackName, { settings, functionFactory });
  if (settings.localMailbox) {
    new MailboxStack(app, `${settings.stackName}Mailbox`, { topics: stack.topics });
  }

  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}
