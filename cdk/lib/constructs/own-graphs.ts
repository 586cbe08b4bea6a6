import type * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";

import { graph, labelled } from "./graphs";
import { counted } from "./own-metrics";
import type { FunctionName, RustFunction } from "./rust-function";

/** Graphs of what the functions count themselves, by the part of the dashboard that they stand in. */
export interface OwnGraphs {
  readonly isItWorking: cloudwatch.IWidget[];
  readonly whatWaits: cloudwatch.IWidget[];
  readonly whatFailed: cloudwatch.IWidget[];
  readonly whatItCosts: cloudwatch.IWidget[];
}

const MAIL_SENDERS: FunctionName[] = [
  "report-notifier",
  "mail-gatherer",
  "redelivery-worker",
  "report-reconciler",
  "mail-feedback",
];

/** The one place for them: what `lambdas/pipeline/src/metrics.rs` counts and AWS does not. */
export function ownGraphs(functions: RustFunction[], options: cloudwatch.MetricOptions): OwnGraphs {
  /** What a function counts, if the stack has that function. */
  const of = (label: string, metricName: string, ...names: FunctionName[]): cloudwatch.IMetric[] =>
    functions
      .filter(({ name }) => names.includes(name))
      .map((each) => labelled(names.length === 1 ? label : `${label} by ${each.name}`, counted(metricName, each, options)));
  const hasMailOfSes = functions.some(({ name }) => name === "mail-feedback");
  return {
    isItWorking: [],
    whatWaits: [],
    whatFailed: [
      graph("What does Amazon refuse or announce that is nobody's here?", [
        ...of("credentials refused", "CredentialsRefused", "redelivery-worker"),
        ...of("of unknown sellers", "AnnouncementsOfUnknownSellers", "notifications-processor"),
      ]),
      ...(hasMailOfSes
        ? [
            graph("Which e-mails does SES not deliver?", [
              ...of("refused", "MailRefused", ...MAIL_SENDERS),
              ...of("to the owner, undeliverable", "OwnersMailUndeliverable", "mail-feedback"),
            ]),
          ]
        : []),
    ],
    whatItCosts: [],
  };
}
