import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";

import { graph, labelled, percentiles } from "./graphs";
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

/** What becomes of a report that somebody wants. */
const OUTCOMES = ["Delivered", "Cancelled", "Failed", "Dropped", "NotDelivered", "NotOrdered"];

/** The one place for them: what `lambdas/pipeline/src/metrics.rs` counts and AWS does not. */
export function ownGraphs(functions: RustFunction[], options: cloudwatch.MetricOptions): OwnGraphs {
  /** What a function counts, if the stack has that function. */
  const of = (label: string, metricName: string, ...names: FunctionName[]): cloudwatch.IMetric[] =>
    functions
      .filter(({ name }) => names.includes(name))
      .map((each) => labelled(names.length === 1 ? label : `${label} by ${each.name}`, counted(metricName, each, options)));
  /** The same of each value of a further dimension. */
  const by = (dimension: string, metricName: string, values: readonly string[], ...names: FunctionName[]): cloudwatch.IMetric[] =>
    functions
      .filter(({ name }) => names.includes(name))
      .flatMap((each) =>
        values.map((value) =>
          labelled(names.length === 1 ? value : `${value} by ${each.name}`, counted(metricName, each, options, { [dimension]: value })),
        ),
      );
  /** How long something takes that one function measures, in milliseconds. */
  const times = (metricName: string, name: FunctionName): cloudwatch.IMetric[] =>
    functions
      .filter((each) => each.name === name)
      .flatMap((each) => percentiles((statistic) => counted(metricName, each, { ...options, statistic })));
  const oldest = (label: string, metricName: string): cloudwatch.IMetric[] =>
    functions
      .filter(({ name }) => name === "report-reconciler")
      .map((each) => labelled(label, counted(metricName, each, { ...options, statistic: cloudwatch.Stats.MAXIMUM })));
  const hasMailOfSes = functions.some(({ name }) => name === "mail-feedback");
  return {
    isItWorking: [
      graph("How long is it from Amazon's announcement to the e-mail? (milliseconds)", times("TimeToMail", "report-notifier")),
      graph("What becomes of reports?", [
        ...by("Outcome", "Reports", OUTCOMES, "report-notifier"),
        ...by("Outcome", "Reports", ["Skipped"], "notifications-processor"),
      ]),
      graph("Are links opened?", of("opened", "LinksOpened", "link-opener")),
    ],
    whatWaits: [
      graph("How old is the oldest that is overdue? (seconds)", [
        ...oldest("not delivered", "OldestUndelivered"),
        ...oldest("not finished by Amazon", "OldestUnfinished"),
      ]),
      graph("How long do documents wait for Amazon's quota? (milliseconds)", times("QuotaWait", "report-document-retrieval")),
    ],
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
    whatItCosts: [
      graph("How many e-mails are sent?", of("e-mails", "Mails", ...MAIL_SENDERS)),
      graph("How much do documents weigh? (bytes)", of("stored", "DocumentBytes", "report-notifier")),
    ],
  };
}
