import { Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";

import type { Parameters } from "../parameters";
import type { Settings } from "../settings";
import { useKeyThrough, type Encryption } from "./encryption";
import type { LwaCredentials } from "./lwa-credentials";
import type { ReportTopic } from "./report-topic";
import type { Capability } from "./rust-function";
import type { SesMail } from "./ses-mail";
import type { ReportsIndex, Storage } from "./storage";
import type { Workflow } from "./workflow";

export interface CapabilitiesProps {
  readonly settings: Settings;
  readonly parameters: Parameters;
  /** Where links of our own begin. */
  readonly apiUrl: string;
  readonly encryption: Encryption;
  readonly storage: Storage;
  readonly lwaCredentials: LwaCredentials;
  readonly reportTopic: ReportTopic;
  /** What SES sends with, if it does. */
  readonly sesMail: SesMail | undefined;
}

/** What several functions work with. Each is given only the actions that it names. */
export class Capabilities {
  constructor(private readonly props: CapabilitiesProps) {}

  /** Selling partners and their encrypted refresh tokens. */
  sellingPartners(...actions: string[]): Capability {
    const { storage } = this.props;
    return {
      environment: { SELLING_PARTNERS_TABLE: storage.sellingPartners.tableName },
      permissions: storage.tableAccess(storage.sellingPartners, ...actions),
    };
  }

  /** The key of refresh tokens. */
  tokenKey(action: "kms:Encrypt" | "kms:Decrypt"): Capability {
    const { keyArn } = this.props.encryption.tokenKey;
    return {
      environment: { TOKEN_KEY_ARN: keyArn },
      permissions: [new iam.PolicyStatement({ actions: [action], resources: [keyArn] })],
    };
  }

  /**
   * Calls to the Selling Partner API in a seller's name.
   *
   * @param more what the function does to the table of selling partners besides reading one of them
   */
  spApi(...more: string[]): Capability[] {
    const { parameters, lwaCredentials } = this.props;
    return [
      this.sellingPartners("dynamodb:GetItem", ...more),
      this.tokenKey("kms:Decrypt"),
      {
        environment: {
          LWA_SECRET_NAME: lwaCredentials.secretName,
          SP_API_ENVIRONMENT: parameters.spApiEnvironment,
        },
        permissions: [lwaCredentials.readAccess()],
      },
    ];
  }

  /**
   * Slots within Amazon's quotas: one update reserves one, or moves those to come.
   *
   * @param more what else the function does to the table
   */
  quotas(...more: string[]): Capability {
    const { storage } = this.props;
    return {
      environment: { QUOTAS_TABLE: storage.quotas.tableName },
      permissions: storage.tableAccess(storage.quotas, ...more, "dynamodb:UpdateItem"),
    };
  }

  /** Reports and orders. */
  reports(...actions: string[]): Capability {
    const { storage } = this.props;
    return {
      environment: { REPORTS_TABLE: storage.reports.tableName },
      permissions: storage.tableAccess(storage.reports, ...actions),
    };
  }

  /** Queries of an index of the reports. */
  reportsIndex(index: ReportsIndex): Capability {
    return { permissions: [this.props.storage.reportsIndexAccess(index)] };
  }

  /** Which obstacles stand in the way of deliveries. */
  obstacles(): Capability {
    const { storage } = this.props;
    return {
      environment: { REPORTS_TABLE: storage.reports.tableName },
      permissions: [storage.reportsIndexAccess("byDueTime"), storage.keyAccess()],
    };
  }

  /** When the reconciler is to look after a report. */
  overdue(): Capability {
    return { environment: { OVERDUE_SECONDS: this.props.parameters.overdueSeconds } };
  }

  /** When a report is slow. */
  slowAfter(): Capability {
    return { environment: { SLOW_AFTER_HOURS: this.props.parameters.slowAfterHours } };
  }

  /** When sellers are to authorize again. */
  reauthorization(): Capability {
    return { environment: { REAUTHORIZATION_DAYS: this.props.parameters.reauthorizationDays } };
  }

  /**
   * Stored reports.
   *
   * @param keyActions what S3 does with the key on the function's behalf
   */
  reportObjects(actions: string[], keyActions: string[]): Capability {
    const { storage, encryption } = this.props;
    return {
      environment: { REPORTS_BUCKET: storage.reportsBucket.bucketName },
      permissions: [
        new iam.PolicyStatement({ actions, resources: [storage.reportsBucket.arnForObjects("*")] }),
        useKeyThrough("s3", encryption.dataKey, ...keyActions),
      ],
      wildcardReason: "The objects of one bucket, which has nothing but reports in it.",
    };
  }

  /** The name of the bucket that stored reports are in, for who tells of them. */
  reportsBucketName(): Capability {
    return { environment: { REPORTS_BUCKET: this.props.storage.reportsBucket.bucketName } };
  }

  /** To make the links that people are told. */
  toldLinks(): Capability[] {
    const { settings, parameters } = this.props;
    return settings.links === "own"
      ? this.makingLinks()
      : // A presigned URL can do what its maker may do.
        [
          this.reportObjects(["s3:GetObject"], ["kms:Decrypt"]),
          { environment: { LINK_LIFETIME_SECONDS: parameters.linkLifetimeSeconds } },
        ];
  }

  /** How long stored reports stay. */
  reportRetention(): Capability {
    return { environment: { REPORT_RETENTION_DAYS: String(this.props.settings.reportRetention.toDays()) } };
  }

  /** Links of our own. */
  links(...actions: string[]): Capability {
    const { storage } = this.props;
    return {
      environment: { LINKS_TABLE: storage.links.tableName },
      permissions: storage.tableAccess(storage.links, ...actions),
    };
  }

  /** To make links of our own. */
  makingLinks(): Capability[] {
    const { apiUrl, parameters } = this.props;
    return [
      this.links("dynamodb:PutItem"),
      this.reportRetention(),
      { environment: { API_URL: apiUrl, LINK_LIFETIME_DAYS: parameters.linkLifetimeDays } },
    ];
  }

  /** To end links of our own. */
  revokingLinks(): Capability {
    const { storage } = this.props;
    return { environment: { LINKS_TABLE: storage.links.tableName }, permissions: storage.linkRevocation() };
  }

  /** Where links of our own begin, and pages. */
  apiUrl(): Capability {
    return { environment: { API_URL: this.props.apiUrl } };
  }

  /** Invitations, and authorizations that have begun in a browser; only with onboarding=on. */
  onboardings(...actions: string[]): Capability {
    const { storage } = this.props;
    if (storage.onboardings === undefined) {
      throw new Error("There are no onboardings without the setting onboarding=on.");
    }
    return {
      environment: { ONBOARDINGS_TABLE: storage.onboardings.tableName },
      permissions: storage.tableAccess(storage.onboardings, ...actions),
    };
  }

  /** Addresses that get the news of one seller: subscriptions to the topic, or whatever SES sends to. */
  sellersMail(): Capability {
    const { reportTopic, settings } = this.props;
    if (settings.mail === "ses") {
      return {
        environment: { MAIL: settings.mail },
        permissions: [new iam.PolicyStatement({ actions: ["ses:DeleteSuppressedDestination"], resources: ["*"] })],
        wildcardReason: "SES has one list of addresses that it sends nothing to, and IAM knows no resource for it.",
      };
    }
    const { topicArn } = reportTopic.topic;
    return {
      environment: { MAIL: settings.mail, TOPIC_ARN: topicArn },
      permissions: [
        new iam.PolicyStatement({ actions: ["sns:Subscribe"], resources: [topicArn] }),
        new iam.PolicyStatement({ actions: ["sns:Unsubscribe"], resources: ["*"] }),
      ],
      wildcardReason: "IAM knows no resources of sns:Unsubscribe.",
    };
  }

  /** Messages and e-mails to people and programs, whatever the pace. */
  mailing(): Capability[] {
    const { reportTopic, settings, parameters, sesMail } = this.props;
    return [
      {
        environment: {
          TOPIC_ARN: reportTopic.topic.topicArn,
          CONTACT_TEXT: parameters.contactText,
          MAIL: settings.mail,
          ...sesMail?.environment(parameters.notificationEmail),
        },
        permissions: [...reportTopic.publishAccess(), ...(sesMail === undefined ? [] : [sesMail.sendAccess()])],
      },
      // The addresses that SES sends to.
      ...(sesMail === undefined ? [] : [this.sellingPartners("dynamodb:GetItem")]),
    ];
  }

  /**
   * Messages, events and e-mails about reports.
   *
   * @param mailWorkflow sends what is gathered of them
   */
  publishing(mailWorkflow: Workflow): Capability[] {
    const { reportTopic, settings, parameters } = this.props;
    const bus = { service: "events", resource: "event-bus", resourceName: "default" };
    const events = new iam.PolicyStatement({
      actions: ["events:PutEvents"],
      resources: [Stack.of(reportTopic).formatArn(bus)],
    });
    return [
      ...this.mailing(),
      {
        environment: { EVENTS: settings.events, GATHER_MAIL_SECONDS: parameters.gatherMailSeconds },
        permissions: settings.events === "on" ? [events] : [],
      },
      mailWorkflow.starting(),
    ];
  }
}
