import { Duration, Validations } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as iam from "aws-cdk-lib/aws-iam";
import * as s3 from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

import type { Settings } from "../settings";
import { useKeyThrough, type Encryption } from "./encryption";

export interface StorageProps {
  readonly settings: Settings;
  readonly encryption: Encryption;
}

/** The indexes of *Reports*, by the names that the functions query. */
export type ReportsIndex = "byStatus" | "byDueTime" | "byNotifiedTime";

/** The index of *Links* in which those of a report are together, and those of a selling partner. */
const LINKS_BY_REPORT = "byReport";

/** Amazon's data protection policy: buyers' data goes thirty days after the delivery of the order. */
const PERSONAL_DATA_DAYS = 30;

/** When DynamoDB may delete an item, in seconds since 1970. */
const TIME_TO_LIVE = "expiresAt";

/** Everything that outlives a deployment: the tables and the reports bucket. */
export class Storage extends Construct {
  readonly sellingPartners: dynamodb.Table;
  readonly reports: dynamodb.Table;
  readonly quotas: dynamodb.Table;
  readonly links: dynamodb.Table;
  /** Invitations and begun authorizations, where there are any. */
  readonly onboardings: dynamodb.Table | undefined;
  readonly reportsBucket: s3.Bucket;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: StorageProps,
  ) {
    super(scope, id);
    const sellerId = text("sellerId");

    this.sellingPartners = this.table("SellingPartners", { partitionKey: sellerId });
    // A report's id is unique only together with its seller.
    this.reports = this.table("Reports", {
      partitionKey: sellerId,
      sortKey: text("reportId"),
      timeToLiveAttribute: TIME_TO_LIVE,
    });
    this.addReportsIndex("byStatus", {
      partitionKey: sellerId,
      sortKey: text("status"),
      projectionType: dynamodb.ProjectionType.ALL,
    });
    // Sparse: only rows that somebody must look at some time have these attributes.
    this.addReportsIndex("byDueTime", {
      partitionKey: text("due"),
      sortKey: text("dueAt"),
      projectionType: dynamodb.ProjectionType.KEYS_ONLY,
    });
    // Of reports that Amazon is done with: by the time when it said so. What it holds never changes, so
    // that a report costs it one write.
    this.addReportsIndex("byNotifiedTime", {
      partitionKey: sellerId,
      sortKey: text("notifiedAt"),
      projectionType: dynamodb.ProjectionType.INCLUDE,
      nonKeyAttributes: ["reportType"],
    });
    this.quotas = this.table("Quotas", {
      partitionKey: sellerId,
      sortKey: text("operation"),
      timeToLiveAttribute: TIME_TO_LIVE,
    });
    // Who can read this table can open no link: it has hashes of their tokens.
    this.links = this.table("Links", { partitionKey: text("tokenHash"), timeToLiveAttribute: TIME_TO_LIVE });
    this.links.addGlobalSecondaryIndex({
      indexName: LINKS_BY_REPORT,
      partitionKey: sellerId,
      sortKey: text("reportId"),
      projectionType: dynamodb.ProjectionType.KEYS_ONLY,
    });
    // Nor can who reads this one take up an invitation, or finish what another browser began.
    this.onboardings =
      props.settings.onboarding === "on"
        ? this.table("Onboardings", { partitionKey: text("secretHash"), timeToLiveAttribute: TIME_TO_LIVE })
        : undefined;
    this.reportsBucket = this.bucket();
  }

  /** Allows `actions` on a table, with the key that it is encrypted with. */
  tableAccess(table: dynamodb.Table, ...actions: string[]): iam.PolicyStatement[] {
    return [new iam.PolicyStatement({ actions, resources: [table.tableArn] }), this.keyAccess()];
  }

  /** Allows to use the tables' key, as DynamoDB asks of its callers for a table with a customer key. */
  keyAccess(): iam.PolicyStatement {
    return useKeyThrough(
      "dynamodb",
      this.props.encryption.dataKey,
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    );
  }

  /** Allows to query an index of *Reports*, besides what `tableAccess` or `keyAccess` allows. */
  reportsIndexAccess(index: ReportsIndex): iam.PolicyStatement {
    return new iam.PolicyStatement({
      actions: ["dynamodb:Query"],
      resources: [`${this.reports.tableArn}/index/${index}`],
    });
  }

  /** Allows to delete all links to a report, or to a selling partner's. */
  linkRevocation(): iam.PolicyStatement[] {
    const { tableArn } = this.links;
    return [
      new iam.PolicyStatement({ actions: ["dynamodb:Query"], resources: [`${tableArn}/index/${LINKS_BY_REPORT}`] }),
      ...this.tableAccess(this.links, "dynamodb:DeleteItem"),
    ];
  }

  private addReportsIndex(indexName: ReportsIndex, index: Omit<dynamodb.GlobalSecondaryIndexProps, "indexName">): void {
    this.reports.addGlobalSecondaryIndex({ ...index, indexName });
  }

  private table(
    id: string,
    schema: Pick<dynamodb.TableProps, "partitionKey" | "sortKey" | "timeToLiveAttribute">,
  ): dynamodb.Table {
    return new dynamodb.Table(this, id, {
      ...schema,
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.props.encryption.dataKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: this.props.settings.removalPolicy,
    });
  }

  private bucket(): s3.Bucket {
    const { settings, encryption } = this.props;
    const shared: s3.BucketProps = {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: settings.removalPolicy,
    };

    const accessLogs = new s3.Bucket(this, "AccessLogsBucket", {
      ...shared,
      // S3 can't deliver access logs to a bucket with a customer key.
      encryption: s3.BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ id: "Expire", expiration: Duration.days(settings.logRetention) }],
    });
    Validations.of(accessLogs).acknowledge({
      id: "AwsSolutions-S1",
      reason: "This bucket receives the access logs; logging access to it would never end.",
    });

    return new s3.Bucket(this, "ReportsBucket", {
      ...shared,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: encryption.dataKey,
      bucketKeyEnabled: true,
      // Reports may hold buyers' personal data, and what has expired must be gone: old
      // versions would stay. A report is written once, so there is nothing to go back to.
      versioned: false,
      serverAccessLogsBucket: accessLogs,
      lifecycleRules: [
        {
          id: "ExpireReports",
          expiration: settings.reportRetention,
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
        // Of two rules the one that deletes sooner prevails. The function that stores documents tags them.
        {
          id: "ExpirePersonalData",
          tagFilters: { retention: "personal-data" },
          expiration: Duration.days(Math.min(settings.reportRetention.toDays(), PERSONAL_DATA_DAYS)),
        },
      ],
    });
  }
}

function text(name: string): dynamodb.Attribute {
  return { name, type: dynamodb.AttributeType.STRING };
}
