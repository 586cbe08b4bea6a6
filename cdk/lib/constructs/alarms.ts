import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";

import type { MailFeedback } from "./mail-feedback";
import type { NotificationsQueue } from "./notifications-queue";
import type { RustFunction } from "./rust-function";
import type { Workflow } from "./workflow";

export interface AlarmsProps {
  readonly notificationsQueue: NotificationsQueue;
  readonly deliveryWorkflow: Workflow;
  readonly expressLane: Workflow | undefined;
  readonly orderWorkflow: Workflow;
  readonly redeliveryWorkflow: Workflow;
  readonly mailWorkflow: Workflow;
  /** The functions that are called again when they fail. */
  readonly functions: RustFunction[];
  readonly reconciler: RustFunction;
  readonly redeliveryWorker: RustFunction;
  /** Where SES sends e-mails: the functions that have it send, and what becomes of bounces and complaints. */
  readonly mail: { readonly senders: RustFunction[]; readonly feedback: MailFeedback } | undefined;
}

/** What an operator should look at. The alarms have no actions: who is told is the account's affair. */
export class Alarms extends Construct {
  private readonly period = Duration.minutes(5);

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { queue, deadLetterQueue } = props.notificationsQueue;
    const maximum = { period: this.period, statistic: "Maximum" };

    this.alarm(
      "DeadLetterQueueNotEmpty",
      "Notifications could not be processed. Read them in the dead-letter queue, mend the cause, redrive them.",
      deadLetterQueue.metricApproximateNumberOfMessagesVisible(maximum),
      1,
    );
    this.alarm(
      "OldestNotification",
      "A notification has waited for an hour. See the notifications processor's log group and its throttles.",
      queue.metricApproximateAgeOfOldestMessage(maximum),
      Duration.hours(1).toSeconds(),
    );
    this.executionAlarms(
      "",
      "A report was not delivered",
      "once that is mended, start a new one with its input.",
      props.deliveryWorkflow,
    );
    this.executionAlarms(
      "Order",
      "An order was not carried out",
      "once that is mended, order again.",
      props.orderWorkflow,
    );
    this.executionAlarms(
      "Redelivery",
      "What had stopped does not go on",
      "once that is mended, the reconciler starts another.",
      props.redeliveryWorkflow,
    );
    this.executionAlarms(
      "Mail",
      "News that were gathered for an e-mail were not sent",
      "once that is mended, start a new one with its input.",
      props.mailWorkflow,
    );
    this.credentialsAlarm(props.redeliveryWorker);
    if (props.expressLane !== undefined) {
      this.laneAlarms(props.expressLane);
    }
    if (props.mail !== undefined) {
      this.mailAlarms(props.mail.senders, props.mail.feedback);
    }
    for (const rustFunction of props.functions) {
      this.errorsAlarm(rustFunction, 5, "failed five times within five minutes, more than retries are there for");
    }
    this.errorsAlarm(props.reconciler, 1, "failed, so that reports that are overdue were not looked after");
  }

  private executionAlarms(prefix: string, what: string, andThen: string, workflow: Workflow): void {
    const { stateMachine } = workflow;
    const sum = { period: this.period, statistic: "Sum" };
    this.alarm(
      `${prefix}ExecutionsFailed`,
      `${what}. The failed execution says why; ${andThen}`,
      stateMachine.metricFailed(sum),
      1,
    );
    this.alarm(
      `${prefix}ExecutionsTimedOut`,
      `${what} within the time it has. The execution that timed out says what it waited for; ${andThen}`,
      stateMachine.metricTimedOut(sum),
      1,
    );
    this.alarm(
      `${prefix}ExecutionsAborted`,
      `${what}, because somebody stopped its execution. Ask why; ${andThen}`,
      stateMachine.metricAborted(sum),
      1,
    );
  }

  /** Nobody can abort an execution of the Express type. */
  private laneAlarms({ stateMachine }: Workflow): void {
    const what = "A report got stuck in the express lane. The reconciler delivers it once it is overdue; meanwhile";
    const sum = { period: this.period, statistic: "Sum" };
    this.alarm(
      "ExpressLaneExecutionsFailed",
      `${what} see the lane's log group for why it could not be handed over.`,
      stateMachine.metricFailed(sum),
      1,
    );
    this.alarm(
      "ExpressLaneExecutionsTimedOut",
      `${what} see its row for how far it came.`,
      stateMachine.metricTimedOut(sum),
      1,
    );
  }

  /** No delivery fails for it, and none succeeds. */
  private credentialsAlarm(redeliveryWorker: RustFunction): void {
    this.alarm(
      "CredentialsRefused",
      "Amazon refuses the application's LWA credentials: nothing is fetched or ordered. Put the current client id and " +
        "secret into the secret; everything that waits then goes on by itself.",
      // Longer than from one look to the next, so that one alarm tells of it and not one a look.
      this.counted("CredentialsRefused", redeliveryWorker, Duration.hours(1)),
      1,
    );
  }

  /** Of what goes wrong with mail no mail can be relied upon to tell. */
  private mailAlarms(senders: RustFunction[], { rustFunction, deadLetterQueue }: MailFeedback): void {
    for (const sender of senders) {
      this.alarm(
        `${sender.node.id}MailRefused`,
        `SES refused an e-mail of ${sender.name} for good. The report's row says why; mend the sender's identity or the ` +
          "account at SES. Those mails are not sent again.",
        this.counted("MailRefused", sender),
        1,
      );
    }
    this.alarm(
      "OwnersMailUndeliverable",
      "The address NotificationEmail bounces or complains, so that nobody is told of trouble. Mend it and take it from " +
        "SES's suppression list, or deploy with another one.",
      this.counted("OwnersMailUndeliverable", rustFunction),
      1,
    );
    this.alarm(
      "MailDeadLetterQueueNotEmpty",
      "A bounce or complaint could not be acted upon. See the log group of mail-feedback, mend the cause, redrive it.",
      deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: this.period, statistic: "Maximum" }),
      1,
    );
  }

  /** What a function counts by itself. */
  private counted(metricName: string, { function: counting }: RustFunction, period = this.period): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: "SpReports",
      metricName,
      dimensionsMap: { FunctionName: counting.functionName },
      period,
      statistic: "Sum",
    });
  }

  private errorsAlarm(rustFunction: RustFunction, threshold: number, what: string): void {
    this.alarm(
      `${rustFunction.node.id}Errors`,
      `${rustFunction.name} ${what}. See its log group.`,
      rustFunction.function.metricErrors({ period: this.period, statistic: "Sum" }),
      threshold,
    );
  }

  private alarm(id: string, alarmDescription: string, metric: cloudwatch.Metric, threshold: number): void {
    new cloudwatch.Alarm(this, id, {
      alarmDescription,
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }
}
