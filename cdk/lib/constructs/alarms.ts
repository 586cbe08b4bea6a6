import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { RustFunction } from "./rust-function";

export interface AlarmsProps {
  readonly deadLetterQueue: IQueue;
  readonly stateMachine: StateMachine;
  readonly functions: RustFunction[];
}

/** What an operator should look at. The alarms have no actions: who is told is the account's affair. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const period = Duration.minutes(5);

    this.alarm(
      "DeadLetterQueueNotEmpty",
      "Notifications could not be processed. Read them in the dead-letter queue, mend the cause, redrive them.",
      props.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period, statistic: "Maximum" }),
      1,
    );
    this.alarm(
      "ExecutionsFailed",
      "A report was not delivered. The failed execution says why; once that is mended, start a new one with its input.",
      props.stateMachine.metricFailed({ period, statistic: "Sum" }),
      1,
    );
    for (const rustFunction of props.functions) {
      this.alarm(
        `${rustFunction.node.id}Errors`,
        `${rustFunction.name} failed five times within five minutes, more than retries are there for. See its log group.`,
        rustFunction.function.metricErrors({ period, statistic: "Sum" }),
        5,
      );
    }
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
