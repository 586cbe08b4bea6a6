import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";

import type { AlarmTopic } from "./alarm-topic";
import type { Api } from "./api";
import type { MailFeedback } from "./mail-feedback";
import type { NotificationsQueue } from "./notifications-queue";
import { counted } from "./own-metrics";
import type { Reconciler } from "./reconciler";
import type { RustFunction } from "./rust-function";
import type { SecretRotation } from "./secret-rotation";
import type { Storage } from "./storage";
import type { Workflow } from "./workflow";
import type { WorkflowFunctions } from "./workflow-functions";

export interface AlarmsProps {
  readonly topic: AlarmTopic;
  readonly storage: Storage;
  readonly api: Api;
  readonly notificationsQueue: NotificationsQueue;
  readonly deliveryWorkflow: Workflow;
  readonly deliveryFunctions: WorkflowFunctions;
  readonly expressLane: Workflow | undefined;
  readonly orderWorkflow: Workflow;
  readonly redeliveryWorkflow: Workflow;
  readonly mailWorkflow: Workflow;
  readonly reconciler: Reconciler;
  readonly redeliveryWorker: RustFunction;
  /** Where SES sends e-mails: the functions that have it send, and what becomes of bounces and complaints. */
  readonly mail: { readonly senders: RustFunction[]; readonly feedback: MailFeedback } | undefined;
  /** Where the client secret rotates itself. */
  readonly secretRotation: SecretRotation | undefined;
}

/** When an alarm goes off. */
interface Rule {
  /** What is wrong, in one sentence that ends with a full stop. */
  readonly symptom: string;
  readonly metric: cloudwatch.Metric;
  /** As much is too much. */
  readonly threshold: number;
  /** So many periods in a row; one without it. */
  readonly periods?: number;
  /** Less than the threshold is too little, and no data is none. */
  readonly isTooLittle?: true;
  /** That it is over is told, too: it means that something is mended, and not only that nothing more failed. */
  readonly endIsTold?: true;
}

/** A mailbox that is full of what nobody has to act upon is not read. So each of these is about a symptom, and rings once. */
const PERIOD = Duration.minutes(5);
const SUM = { period: PERIOD, statistic: cloudwatch.Stats.SUM };
const HOURLY = { ...SUM, period: Duration.hours(1) };
const MAXIMUM = { period: PERIOD, statistic: cloudwatch.Stats.MAXIMUM };

/** Where the runbook is, as people find it in the repository. */
const RUNBOOK = "cdk/RUNBOOK.md";

/**
 * What an operator is told. Each alarm names its section of the runbook, which is called as the alarm is. Parts of a
 * composite alarm do not ring themselves: it rings once for all of them.
 */
export class Alarms extends Construct {
  /** Those that ring. */
  readonly ringing: cloudwatch.IAlarm[] = [];
  private readonly action: SnsAction;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.action = new SnsAction(props.topic.topic);
    this.deliveries(props);
    this.notifications(props.notificationsQueue);
    this.otherWorkflows(props);
    this.reconciler(props.reconciler);
    this.api(props.api);
    this.throttling(props.storage);
    if (props.mail !== undefined) {
      this.mail(props.mail.senders, props.mail.feedback);
    }
    if (props.secretRotation !== undefined) {
      this.clientSecret(props.secretRotation);
    }
  }

  /** Says once that deliveries are failing, whichever stage it is, and whether the first of them has been given up yet. */
  private deliveries({ deliveryWorkflow, deliveryFunctions, expressLane, redeliveryWorker }: AlarmsProps): void {
    const section = "DeliveriesFail";
    const parts = [
      this.part(section, "ReportsNotDelivered", {
        symptom: "A delivery was given up.",
        metric: deliveryWorkflow.stateMachine.metricFailed(SUM),
        // It has an e-mail and a row of its own, and nothing tries again by itself.
        threshold: 1,
      }),
      ...Object.entries(this.stages(deliveryFunctions)).map(([id, [rustFunction, what]]) =>
        this.part(section, id, {
          symptom: `${what} has failed for a quarter of an hour.`,
          metric: rustFunction.function.metricErrors(SUM),
          // A stage is tried again for two hours. What passes is over sooner than this, and what does not is known an
          // hour and three quarters before the first delivery is given up.
          threshold: 5,
          periods: 3,
        }),
      ),
    ];
    if (expressLane !== undefined) {
      const { stateMachine } = expressLane;
      parts.push(
        this.part(section, "ExpressLaneFails", {
          symptom: "The express lane could not hand a delivery over.",
          metric: stateMachine.metricFailed(SUM),
          threshold: 1,
        }),
        this.part(section, "ExpressLaneTimesOut", {
          symptom: "Deliveries did not end in the express lane's five minutes.",
          metric: stateMachine.metricTimedOut(SUM),
          // AWS may lose one, which the reconciler delivers. So many are a rule.
          threshold: 5,
        }),
      );
    }
    this.composite(section, "Deliveries of reports fail.", parts);
    this.alarm("CredentialsRefused", {
      symptom: "Amazon refuses the application's LWA credentials, so that nothing is fetched or ordered.",
      // Longer than from one look to the next, so that one alarm tells of it and not one a look.
      metric: counted("CredentialsRefused", redeliveryWorker, HOURLY),
      threshold: 1,
      endIsTold: true,
    });
  }

  private stages(functions: WorkflowFunctions): Record<string, [rustFunction: RustFunction, what: string]> {
    return {
      RetrievalFails: [functions.reportDocumentRetrieval, "Asking Amazon for documents"],
      StorageFails: [functions.reportDocumentStorage, "Storing documents"],
      LinkingFails: [functions.presignedUrlGenerator, "Making links"],
      TellingFails: [functions.reportNotifier, "Telling of reports"],
    };
  }

  private notifications({ queue, deadLetterQueue }: NotificationsQueue): void {
    this.alarm("DeadLetterQueueNotEmpty", {
      symptom: "Amazon's notifications could not be processed and lie in the dead-letter queue.",
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible(MAXIMUM),
      threshold: 1,
    });
    this.alarm("NotificationsWait", {
      symptom: "A notification of Amazon's has waited for an hour.",
      metric: queue.metricApproximateAgeOfOldestMessage(MAXIMUM),
      // Five attempts, after which it would lie in the dead-letter queue, take a quarter of an hour.
      threshold: Duration.hours(1).toSeconds(),
      endIsTold: true,
    });
  }

  /** What these give up has been tried for two hours. Nobody can do anything about an execution that somebody stopped. */
  private otherWorkflows({ orderWorkflow, redeliveryWorkflow, mailWorkflow }: AlarmsProps): void {
    this.alarm("OrdersFail", {
      symptom: "An order that was taken was not carried out.",
      metric: orderWorkflow.stateMachine.metricFailed(SUM),
      threshold: 1,
    });
    this.alarm("RedeliveriesFail", {
      symptom: "What had stopped does not go on.",
      metric: redeliveryWorkflow.stateMachine.metricFailed(SUM),
      threshold: 1,
    });
    this.alarm("GatheredMailFails", {
      symptom: "News that were gathered for one e-mail were not sent.",
      metric: mailWorkflow.stateMachine.metricFailed(SUM),
      threshold: 1,
    });
  }

  private reconciler({ rustFunction, deadLetterQueue }: Reconciler): void {
    this.alarm("ReconcilerFails", {
      symptom: "The reconciler fails, so that overdue reports are not looked after.",
      metric: rustFunction.function.metricErrors(HOURLY),
      // Lambda tries a run three times; one that fails once is made up for by the next.
      threshold: 3,
    });
    const section = "ReconcilerDoesNotRun";
    const notStarted = {
      symptom: "The reconciler's schedule can't start it.",
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible(MAXIMUM),
      threshold: 1,
    };
    this.alarm("ReconcilerNotStarted", notStarted, section);
    this.alarm(section, {
      symptom: "The reconciler has not run for more than a day.",
      metric: rustFunction.function.metricInvocations(HOURLY),
      threshold: 1,
      // ReconcileRate is a day at most.
      periods: 25,
      isTooLittle: true,
      endIsTold: true,
    });
  }

  private api(api: Api): void {
    this.alarm("ApiFails", {
      symptom: "The API has answered with errors of its own (5xx) for a quarter of an hour.",
      metric: api.serverErrors(SUM),
      // A caller who tries again gets over what passes, as Amazon's and AWS's moments do.
      threshold: 5,
      periods: 3,
    });
    this.alarm("LinksFail", {
      symptom: "Links to reports do not open.",
      metric: api.serverErrors(SUM, "/links/{token}"),
      // People see that, and do not try again by themselves. One time may be AWS's moment.
      threshold: 3,
    });
  }

  /** Everything is tried again, so that only what lasts delays anything. */
  private throttling({ reports }: Storage): void {
    this.alarm("FunctionsThrottled", {
      symptom: "The account's functions have been throttled for a quarter of an hour, so that reports are late.",
      // Of the whole account: all functions without reserved concurrency share it, and these have none.
      metric: lambda.Function.metricAllThrottles(SUM),
      threshold: 10,
      periods: 3,
    });
    this.alarm("TableThrottled", {
      symptom: "The table of reports has been throttled for a quarter of an hour, so that reports are late.",
      // Unlike the events of the table, requests count what an index held up as well. Nearly all writes are updates.
      metric: reports.metricThrottledRequestsForOperation("UpdateItem", SUM),
      // One a second. DynamoDB splits a busy partition within minutes.
      threshold: 300,
      periods: 3,
    });
  }

  /** Of what goes wrong with mail no mail of SES's can be relied upon to tell. */
  private mail(senders: RustFunction[], { rustFunction, deadLetterQueue }: MailFeedback): void {
    const section = "MailRefused";
    const parts = senders.map((sender) =>
      this.part(section, `${sender.node.id}MailRefused`, {
        symptom: `SES refused an e-mail of ${sender.name}.`,
        metric: counted("MailRefused", sender, SUM),
        threshold: 1,
      }),
    );
    this.composite(section, "SES refuses e-mails for good, and they are not sent again.", parts);
    this.alarm("OwnersMailUndeliverable", {
      symptom: "The address NotificationEmail bounces or complains, so that nobody is told of trouble with reports.",
      metric: counted("OwnersMailUndeliverable", rustFunction, SUM),
      threshold: 1,
    });
    this.alarm("MailDeadLetterQueueNotEmpty", {
      symptom: "Bounces or complaints could not be acted upon and lie in their dead-letter queue.",
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible(MAXIMUM),
      threshold: 1,
    });
  }

  /** What keeps a client secret from rotating itself, long before it ends. */
  private clientSecret({ rustFunction, queue, deadLetterQueue }: SecretRotation): void {
    this.alarm("ClientSecretEndsSoon", {
      symptom: "The client secret ends within a week, and no new one has come.",
      // Seen twice a day: one alarm tells of it until it is mended.
      metric: counted("ClientSecretEndsSoon", rustFunction, { ...SUM, period: Duration.days(1) }),
      threshold: 1,
      endIsTold: true,
    });
    this.alarm("ClientSecretRejected", {
      symptom: "What came as a new client secret can't be used; the present one stays.",
      metric: counted("ClientSecretRejected", rustFunction, HOURLY),
      threshold: 1,
    });
    const section = "ClientSecretNotRotated";
    const parts = [
      this.part(section, "SecretRotatorFails", {
        symptom: "A new client secret could not be asked for.",
        metric: rustFunction.function.metricErrors(HOURLY),
        // The scheduled look itself and both its retries.
        threshold: 3,
      }),
      this.part(section, "SecretRotatorNotStarted", {
        symptom: "The secret rotator's schedule can't start it.",
        metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible(MAXIMUM),
        threshold: 1,
      }),
      this.part(section, "SecretMessageWaits", {
        symptom: "A message about the client secret is neither used nor kept aside.",
        metric: queue.metricApproximateAgeOfOldestMessage(MAXIMUM),
        // What can't be used is kept aside after an hour.
        threshold: Duration.hours(2).toSeconds(),
      }),
    ];
    this.composite(section, "The client secret does not rotate itself.", parts);
  }

  /** An alarm that rings by itself; the runbook's section is its own, unless another says what to do. */
  private alarm(id: string, rule: Rule, section = id): void {
    const alarm = this.metricAlarm(id, section, rule);
    this.ring(alarm);
    if (rule.endIsTold) {
      alarm.addOkAction(this.action);
    }
  }

  /** An alarm that is part of a composite one, which rings for it. */
  private part(composite: string, id: string, rule: Rule): cloudwatch.Alarm {
    return this.metricAlarm(id, composite, rule);
  }

  private composite(id: string, symptom: string, parts: cloudwatch.Alarm[]): void {
    const goesOff = parts.map((part) => cloudwatch.AlarmRule.fromAlarm(part, cloudwatch.AlarmState.ALARM));
    this.ring(
      new cloudwatch.CompositeAlarm(this, id, {
        alarmDescription: described(symptom, id),
        alarmRule: cloudwatch.AlarmRule.anyOf(...goesOff),
      }),
    );
  }

  private metricAlarm(id: string, section: string, rule: Rule): cloudwatch.Alarm {
    const { symptom, metric, threshold, periods = 1, isTooLittle = false } = rule;
    const { LESS_THAN_THRESHOLD, GREATER_THAN_OR_EQUAL_TO_THRESHOLD } = cloudwatch.ComparisonOperator;
    const { BREACHING, NOT_BREACHING } = cloudwatch.TreatMissingData;
    return new cloudwatch.Alarm(this, id, {
      alarmDescription: described(symptom, section),
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: isTooLittle ? LESS_THAN_THRESHOLD : GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: isTooLittle ? BREACHING : NOT_BREACHING,
    });
  }

  private ring(alarm: cloudwatch.AlarmBase): void {
    alarm.addAlarmAction(this.action);
    this.ringing.push(alarm);
  }
}

/** What is wrong, and where it says what to do: the section that is called as the alarm is. */
function described(symptom: string, alarm: string): string {
  const anchor = alarm.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
  return `${symptom} Runbook: ${RUNBOOK}#${anchor}`;
}
