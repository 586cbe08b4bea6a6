import { Duration } from "aws-cdk-lib";

import type { Settings } from "../settings";
import type { Capabilities } from "./capabilities";
import type { Functions } from "./functions";
import type { RustFunction } from "./rust-function";
import type { Workflow } from "./workflow";

/** The functions behind the delivery workflow's states. */
export interface WorkflowFunctions {
  readonly reportDocumentRetrieval: RustFunction;
  readonly reportDocumentStorage: RustFunction;
  readonly presignedUrlGenerator: RustFunction;
  readonly reportNotifier: RustFunction;
}

/** Adds the functions that the delivery workflow calls, each with its environment and its permissions. */
export function addWorkflowFunctions(
  functions: Functions,
  can: Capabilities,
  settings: Settings,
  mailWorkflow: Workflow,
): WorkflowFunctions {
  const reportDocumentRetrieval = functions.add("ReportDocumentRetrieval", {
    name: "report-document-retrieval",
    description: "Workflow: asks Amazon for the URL of a report document",
    timeout: Duration.seconds(60),
    memorySize: 256,
    capabilities: [
      // The region of a seller is learned, and a report given to the account whose it is.
      ...can.spApi("dynamodb:UpdateItem"),
      can.quotas(),
      can.reports("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
    ],
  });

  const reportDocumentStorage = functions.add("ReportDocumentStorage", {
    name: "report-document-storage",
    description: "Workflow: streams a report document into the bucket",
    timeout: Duration.minutes(15),
    memorySize: settings.storageMemory,
    capabilities: [
      { environment: { DOCUMENT_FORMAT: settings.documentFormat, GZIP_CHECK: settings.gzipCheck } },
      can.reportObjects(
        ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        // Parts of a multipart upload are decrypted when it is completed.
        ["kms:GenerateDataKey", "kms:Decrypt"],
      ),
      can.reports("dynamodb:GetItem", "dynamodb:UpdateItem"),
    ],
  });

  const presignedUrlGenerator = functions.add("PresignedUrlGenerator", {
    name: "presigned-url-generator",
    description: "Workflow: makes the link to a stored report",
    timeout: Duration.seconds(30),
    memorySize: 256,
    capabilities: [
      ...can.toldLinks(),
      can.reports("dynamodb:UpdateItem"),
    ],
  });

  const reportNotifier = functions.add("ReportNotifier", {
    name: "report-notifier",
    description: "Workflow: tells the seller about a report",
    timeout: Duration.seconds(30),
    memorySize: 256,
    capabilities: [
      can.reportRetention(),
      ...can.publishing(mailWorkflow),
      can.reportsBucketName(),
      can.reports("dynamodb:UpdateItem"),
      can.sellingPartners("dynamodb:GetItem"),
    ],
  });

  return { reportDocumentRetrieval, reportDocumentStorage, presignedUrlGenerator, reportNotifier };
}

/** Adds the function behind the order workflow, which begins deliveries as well. */
export function addOrderPlacer(functions: Functions, can: Capabilities, deliveryWorkflow: Workflow): RustFunction {
  return functions.add("OrderPlacer", {
    name: "order-placer",
    description: "Workflow: carries out an order that waited for its turn",
    timeout: Duration.seconds(60),
    memorySize: 256,
    capabilities: [
      ...can.spApi(),
      can.quotas(),
      can.reports(
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
      ),
      // A report may be announced before it is known to be ordered.
      deliveryWorkflow.starting(),
      can.overdue(),
    ],
  });
}

/** Adds the function behind the mail workflow. */
export function addMailGatherer(functions: Functions, can: Capabilities): RustFunction {
  return functions.add("MailGatherer", {
    name: "mail-gatherer",
    description: "Workflow: tells in one e-mail what was too much to be told at once",
    timeout: Duration.minutes(2),
    memorySize: 256,
    capabilities: [
      can.reports("dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Query"),
      ...can.toldLinks(),
      ...can.mailing(),
    ],
  });
}

/** Adds the function behind the redelivery workflow, which starts executions of the others. */
export function addRedeliveryWorker(
  functions: Functions,
  can: Capabilities,
  workflows: { deliveryWorkflow: Workflow; orderWorkflow: Workflow; mailWorkflow: Workflow },
): RustFunction {
  return functions.add("RedeliveryWorker", {
    name: "redelivery-worker",
    description: "Workflow: has deliveries and orders go on that had stopped",
    timeout: Duration.seconds(90),
    memorySize: 256,
    capabilities: [
      ...can.spApi(),
      can.reports("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Scan"),
      can.reportsIndex("byDueTime"),
      can.reportsIndex("byStatus"),
      workflows.deliveryWorkflow.starting(),
      workflows.orderWorkflow.starting(),
      ...can.publishing(workflows.mailWorkflow),
      can.overdue(),
    ],
  });
}
