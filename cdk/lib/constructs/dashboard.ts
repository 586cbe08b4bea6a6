import { Duration, Stack } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { Api } from "./api";
import { graph, heading, HEIGHT, labelled, percentiles, rows, WIDTH } from "./graphs";
import type { NotificationsQueue } from "./notifications-queue";
import { ownGraphs, type OwnGraphs } from "./own-graphs";
import type { RustFunction } from "./rust-function";
import type { Storage } from "./storage";
import type { Workflow } from "./workflow";

export interface DashboardProps {
  /** Those that ring. */
  readonly alarms: cloudwatch.IAlarm[];
  readonly api: Api;
  readonly storage: Storage;
  readonly topics: ITopic[];
  readonly queues: {
    readonly notifications: NotificationsQueue;
    readonly reconciler: sqs.Queue;
    readonly mailFeedback: sqs.Queue | undefined;
  };
  readonly workflows: {
    readonly deliveryWorkflow: Workflow;
    readonly expressLane: Workflow | undefined;
    readonly orderWorkflow: Workflow;
    readonly redeliveryWorkflow: Workflow;
    readonly mailWorkflow: Workflow;
  };
  readonly functions: RustFunction[];
  readonly reconciler: RustFunction;
}

const PERIOD = Duration.minutes(5);
const SUM = { period: PERIOD, statistic: cloudwatch.Stats.SUM };
const MAXIMUM = { period: PERIOD, statistic: cloudwatch.Stats.MAXIMUM };
/** S3 measures once a day. */
const DAILY = { period: Duration.days(1), statistic: cloudwatch.Stats.AVERAGE };

/** As many of the errors that were written are shown. */
const ERRORS_SHOWN = 25;

/** One page, top to bottom the questions of an operator. Each graph is titled by the question that it answers. */
export class Dashboard extends Construct {
  /** Where people look at it. */
  readonly url: string;
  private readonly own: OwnGraphs;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: DashboardProps,
  ) {
    super(scope, id);
    this.own = ownGraphs(props.functions, SUM);
    const dashboard = new cloudwatch.Dashboard(this, "Dashboard", {
      defaultInterval: Duration.days(1),
      widgets: [
        [heading("Is it working?", "If an alarm rings, its description names its section of `cdk/RUNBOOK.md`.")],
        ...rows(this.isItWorking()),
        [heading("What waits?", "Waiting for Amazon's quota is as it should be, and costs nothing.")],
        ...rows(this.whatWaits()),
        [heading("What failed, and why?", "The row of a report says why it failed: `GET /reports?SellerId=…&status=FAILED`.")],
        ...rows(this.whatFailed()),
        [this.errorsWritten()],
        [heading("What does it cost?", "What AWS counts to make out the bill.")],
        ...rows(this.whatItCosts()),
      ],
    });
    const { region } = Stack.of(this);
    const name = dashboard.dashboardName;
    this.url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${name}`;
  }

  private isItWorking(): cloudwatch.IWidget[] {
    const { alarms, api, workflows, reconciler } = this.props;
    const { deliveryWorkflow, expressLane, orderWorkflow } = workflows;
    return [
      new cloudwatch.AlarmStatusWidget({ title: "Does an alarm ring?", alarms, width: WIDTH, height: HEIGHT }),
      graph("Are reports delivered?", [
        ...(expressLane === undefined ? [] : [labelled("in the express lane", expressLane.stateMachine.metricSucceeded(SUM))]),
        labelled("delivered", deliveryWorkflow.stateMachine.metricSucceeded(SUM)),
        labelled("given up", deliveryWorkflow.stateMachine.metricFailed(SUM)),
      ]),
      graph("Are orders carried out that had to wait?", [
        labelled("carried out", orderWorkflow.stateMachine.metricSucceeded(SUM)),
        labelled("given up", orderWorkflow.stateMachine.metricFailed(SUM)),
      ]),
      graph("Does the API answer?", [
        labelled("calls", api.metric("Count", SUM)),
        labelled("refused (4xx)", api.metric("4XXError", SUM)),
        labelled("failed (5xx)", api.serverErrors(SUM)),
        labelled("links failed (5xx)", api.serverErrors(SUM, "/links/{token}")),
      ]),
      graph("How long do callers of the API wait?", percentiles((statistic) => api.metric("Latency", { period: PERIOD, statistic }))),
      graph("Does the reconciler run?", [
        labelled("runs", reconciler.function.metricInvocations(SUM)),
        labelled("failed", reconciler.function.metricErrors(SUM)),
      ]),
      ...this.own.isItWorking,
    ];
  }

  private whatWaits(): cloudwatch.IWidget[] {
    const { queues, workflows } = this.props;
    const { queue, deadLetterQueue } = queues.notifications;
    const { stateMachine } = workflows.deliveryWorkflow;
    return [
      graph(
        "Do Amazon's notifications wait?",
        [labelled("waiting", queue.metricApproximateNumberOfMessagesVisible(MAXIMUM))],
        { right: [labelled("age of the oldest, s", queue.metricApproximateAgeOfOldestMessage(MAXIMUM))] },
      ),
      graph("Do deliveries begin faster than they end?", [
        labelled("begun", stateMachine.metricStarted(SUM)),
        labelled("ended well", stateMachine.metricSucceeded(SUM)),
        labelled("given up", stateMachine.metricFailed(SUM)),
      ]),
      graph(
        "How long does a delivery take, waiting for the quota included?",
        percentiles((statistic) => stateMachine.metricTime({ period: PERIOD, statistic })),
      ),
      graph("What lies in dead-letter queues?", [
        labelled("notifications", deadLetterQueue.metricApproximateNumberOfMessagesVisible(MAXIMUM)),
        labelled("runs of the reconciler", queues.reconciler.metricApproximateNumberOfMessagesVisible(MAXIMUM)),
        ...(queues.mailFeedback === undefined
          ? []
          : [labelled("bounces and complaints", queues.mailFeedback.metricApproximateNumberOfMessagesVisible(MAXIMUM))]),
      ]),
      ...this.own.whatWaits,
    ];
  }

  private whatFailed(): cloudwatch.IWidget[] {
    const { functions, storage } = this.props;
    return [
      graph("Which workflows failed?", this.workflows().map(({ name, stateMachine }) => labelled(name, stateMachine.metricFailed(SUM)))),
      graph("Which workflows were stopped, or ran out of time?", [
        ...this.workflows().map(({ name, stateMachine }) => labelled(`${name} stopped`, stateMachine.metricAborted(SUM))),
        ...this.workflows().map(({ name, stateMachine }) => labelled(`${name} timed out`, stateMachine.metricTimedOut(SUM))),
      ]),
      graph("Which functions failed?", functions.map((each) => labelled(each.name, each.function.metricErrors(SUM)))),
      graph("Which functions were throttled?", functions.map((each) => labelled(each.name, each.function.metricThrottles(SUM)))),
      graph("Which tables were throttled?", tables(storage).map(([name, table]) =>
        labelled(name, table.metricThrottledRequestsForOperation("UpdateItem", SUM)),
      )),
      ...this.own.whatFailed,
    ];
  }

  /** Logs Insights is asked when the page is opened, and charged by what it reads. */
  private errorsWritten(): cloudwatch.IWidget {
    const { functions } = this.props;
    return new cloudwatch.LogQueryWidget({
      title: "Which errors were written most often, and last?",
      logGroupNames: functions.map((each) => each.function.logGroup.logGroupName),
      queryLines: [
        'filter level = "ERROR"',
        "stats count(*) as times, latest(@timestamp) as last by message as words, @log",
        "sort times desc",
        `limit ${ERRORS_SHOWN}`,
      ],
      width: 3 * WIDTH,
      height: HEIGHT,
    });
  }

  private whatItCosts(): cloudwatch.IWidget[] {
    const { api, functions, queues, storage, topics } = this.props;
    const bucket = (metricName: string, StorageType: string): cloudwatch.Metric =>
      new cloudwatch.Metric({
        ...DAILY,
        namespace: "AWS/S3",
        metricName,
        dimensionsMap: { BucketName: storage.reportsBucket.bucketName, StorageType },
      });
    return [
      graph("How many executions begin? (a delivery enters some eight states)", this.workflows().map(({ name, stateMachine }) =>
        labelled(name, stateMachine.metricStarted(SUM)),
      )),
      graph("How long do functions run? (milliseconds, all together)", functions.map((each) =>
        labelled(each.name, each.function.metricDuration(SUM)),
      )),
      graph("How often do functions run?", functions.map((each) => labelled(each.name, each.function.metricInvocations(SUM)))),
      graph(
        "What do the tables read and write? (units)",
        tables(storage).map(([name, table]) => labelled(`${name} written`, table.metricConsumedWriteCapacityUnits(SUM))),
        { right: tables(storage).map(([name, table]) => labelled(`${name} read`, table.metricConsumedReadCapacityUnits(SUM))) },
      ),
      graph(
        "How much is stored? (day by day)",
        [labelled("bytes", bucket("BucketSizeBytes", "StandardStorage"))],
        { right: [labelled("reports", bucket("NumberOfObjects", "AllStorageTypes"))] },
      ),
      graph("How much is logged? (bytes)", functions.map((each) =>
        labelled(
          each.name,
          new cloudwatch.Metric({
            ...SUM,
            namespace: "AWS/Logs",
            metricName: "IncomingBytes",
            dimensionsMap: { LogGroupName: each.function.logGroup.logGroupName },
          }),
        ),
      )),
      graph("How many calls and messages are there?", [
        labelled("calls of the API", api.metric("Count", SUM)),
        labelled("notifications", queues.notifications.queue.metricNumberOfMessagesSent(SUM)),
        ...topics.map((topic) => labelled(`messages on ${topic.node.path.split("/")[1]}`, topic.metricNumberOfMessagesPublished(SUM))),
      ]),
      ...this.own.whatItCosts,
    ];
  }

  private workflows(): Workflow[] {
    return Object.values(this.props.workflows).filter((each): each is Workflow => each !== undefined);
  }
}

/** The tables that are written to with every report. */
function tables(storage: Storage): [name: string, table: dynamodb.Table][] {
  return [
    ["Reports", storage.reports],
    ["Quotas", storage.quotas],
    ["Links", storage.links],
    ["SellingPartners", storage.sellingPartners],
  ];
}
