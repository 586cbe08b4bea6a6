import { Duration } from "aws-cdk-lib";

import type { Capabilities } from "./capabilities";
import type { Functions } from "./functions";
import type { NotificationsQueue } from "./notifications-queue";
import type { RustFunction } from "./rust-function";
import type { Workflow } from "./workflow";

/** API Gateway gives up after 29 seconds, so a function behind it has no use for more. */
export const API = { timeout: Duration.seconds(29), memorySize: 256 };

export interface ApiFunctionsProps {
  readonly notificationsQueue: NotificationsQueue;
  readonly deliveryWorkflow: Workflow;
  readonly orderWorkflow: Workflow;
  readonly redeliveryWorkflow: Workflow;
}

/** The functions behind the API's methods. */
export interface ApiFunctions {
  readonly tokenStorage: RustFunction;
  readonly notificationsSubscriber: RustFunction;
  readonly reportCreator: RustFunction;
  readonly reportReader: RustFunction;
  readonly sellerReader: RustFunction;
  readonly reportCanceller: RustFunction;
  readonly reportScheduler: RustFunction;
  readonly redeliveryRequester: RustFunction;
  readonly documentAccess: RustFunction;
  readonly linkOpener: RustFunction;
}

/** Adds the functions that the API calls, each with its environment and its permissions. */
export function addApiFunctions(functions: Functions, can: Capabilities, props: ApiFunctionsProps): ApiFunctions {
  const { notificationsQueue, deliveryWorkflow, orderWorkflow, redeliveryWorkflow } = props;
  // What waits for a seller goes on when the seller is heard of.
  const redelivering = [can.obstacles(), redeliveryWorkflow.starting()];
  const destination = { environment: { NOTIFICATIONS_QUEUE_ARN: notificationsQueue.queue.queueArn } };
  return {
    tokenStorage: functions.add("TokenStorage", {
      ...API,
      name: "token-storage",
      description: "POST, DELETE /tokens: stores a selling partner's refresh token, forgets a selling partner",
      capabilities: [
        // A seller who is forgotten is unsubscribed first.
        ...can.spApi("dynamodb:UpdateItem", "dynamodb:DeleteItem"),
        can.tokenKey("kms:Encrypt"),
        destination,
        can.revokingLinks(),
        can.sellersMail(),
        ...redelivering,
      ],
    }),

    notificationsSubscriber: functions.add("NotificationsSubscriber", {
      ...API,
      name: "notifications-subscriber",
      description: "POST, DELETE /notifications: subscribes a selling partner to notifications, or no longer",
      capabilities: [...can.spApi("dynamodb:UpdateItem"), destination, ...redelivering],
    }),

    reportCreator: functions.add("ReportCreator", {
      ...API,
      name: "report-creator",
      description: "POST /reports: orders reports from Amazon, or has them ordered when it is their turn",
      capabilities: [
        ...can.spApi("dynamodb:UpdateItem"),
        can.quotas(),
        // There is no permission for transactions, only for what they do to items.
        can.reports(
          "dynamodb:GetItem",
          "dynamodb:PutItem",
          "dynamodb:UpdateItem",
          "dynamodb:DeleteItem",
          "dynamodb:Query",
        ),
        orderWorkflow.starting(),
        // A report may be announced before it is known to be ordered.
        deliveryWorkflow.starting(),
        can.overdue(),
      ],
    }),

    reportReader: functions.add("ReportReader", {
      ...API,
      name: "report-reader",
      description: "GET /reports: says where reports are",
      capabilities: [
        can.reports("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"),
        can.reportsIndex("byStatus"),
        can.reportsIndex("byNotifiedTime"),
        can.reportsBucketName(),
      ],
    }),

    // Apart from the reader of reports, whose callers need not know who else sells.
    sellerReader: functions.add("SellerReader", {
      ...API,
      name: "seller-reader",
      description: "GET /sellers: shows sellers at a glance",
      capabilities: [
        // It sees encrypted tokens at most: it has no use of their key.
        can.sellingPartners("dynamodb:GetItem", "dynamodb:Scan"),
        can.reports("dynamodb:GetItem", "dynamodb:BatchGetItem"),
        can.reportsIndex("byDueTime"),
        can.reportsIndex("byNotifiedTime"),
        can.reauthorization(),
      ],
    }),

    reportCanceller: functions.add("ReportCanceller", {
      ...API,
      name: "report-canceller",
      description: "DELETE /reports: cancels a report or an order",
      capabilities: [...can.spApi(), can.quotas(), can.reports("dynamodb:GetItem", "dynamodb:UpdateItem")],
    }),

    reportScheduler: functions.add("ReportScheduler", {
      ...API,
      name: "report-scheduler",
      description: "/schedules: has Amazon make reports regularly",
      // Whose schedules were made here is kept with the seller.
      capabilities: [...can.spApi("dynamodb:UpdateItem"), can.quotas()],
    }),

    redeliveryRequester: functions.add("RedeliveryRequester", {
      ...API,
      name: "redelivery-requester",
      description: "/deliveries, /reports/…/delivery: has deliveries begin that were skipped or stopped",
      capabilities: [
        can.reports("dynamodb:GetItem", "dynamodb:UpdateItem"),
        redeliveryWorkflow.starting(),
        deliveryWorkflow.starting(),
        can.overdue(),
        // What was delivered before gets a new link.
        ...can.makingLinks(),
      ],
    }),

    documentAccess: functions.add("DocumentAccess", {
      ...API,
      name: "document-access",
      description: "/reports/…/document, /reports/…/links: lets callers at stored documents",
      capabilities: [
        can.reports("dynamodb:GetItem"),
        // A presigned URL can do what its maker may do.
        can.reportObjects(["s3:GetObject"], ["kms:Decrypt"]),
        ...can.makingLinks(),
        can.revokingLinks(),
      ],
    }),

    linkOpener: functions.add("LinkOpener", {
      ...API,
      name: "link-opener",
      description: "GET /links/…, open to everybody: leads who has a link to its document",
      capabilities: [
        // No key of an object, and no link, can be found out with these.
        can.links("dynamodb:GetItem", "dynamodb:UpdateItem"),
        can.reportObjects(["s3:GetObject"], ["kms:Decrypt"]),
      ],
    }),
  };
}
