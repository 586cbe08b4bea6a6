import { API } from "./api-functions";
import type { Capabilities } from "./capabilities";
import type { Functions } from "./functions";
import type { NotificationsQueue } from "./notifications-queue";
import type { RustFunction } from "./rust-function";
import type { Workflow } from "./workflow";
import type { OnboardingParameters } from "../parameters";

export interface OnboardingFunctionsProps {
  readonly onboarding: OnboardingParameters;
  /** Whom a seller may ask. */
  readonly contactText: string;
  readonly notificationsQueue: NotificationsQueue;
  readonly redeliveryWorkflow: Workflow;
}

/** The functions with which sellers authorize the application in a browser. */
export interface OnboardingFunctions {
  readonly onboardingInviter: RustFunction;
  readonly onboarding: RustFunction;
}

/** Adds them: one that invites and sees no invitation, and one that everybody may call. */
export function addOnboardingFunctions(
  functions: Functions,
  can: Capabilities,
  props: OnboardingFunctionsProps,
): OnboardingFunctions {
  const { onboarding, contactText, notificationsQueue, redeliveryWorkflow } = props;
  return {
    onboardingInviter: functions.add("OnboardingInviter", {
      ...API,
      name: "onboarding-inviter",
      description: "POST /onboardings: invites a selling partner to authorize the application in a browser",
      capabilities: [can.onboardings("dynamodb:PutItem"), can.apiUrl()],
    }),

    onboarding: functions.add("Onboarding", {
      ...API,
      name: "onboarding",
      description: "/onboarding/…, open to everybody: the pages on which a selling partner authorizes the application",
      capabilities: [
        // No invitation can be found out with these.
        can.onboardings("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
        can.apiUrl(),
        {
          environment: {
            ONBOARDING_APPLICATION_ID: onboarding.applicationId,
            ONBOARDING_NAME: onboarding.name,
            ONBOARDING_DRAFT: onboarding.draft,
            CONSENT_HOST: onboarding.consentHost,
            APPSTORE_LOGIN: onboarding.appstoreLogin,
            CONTACT_TEXT: contactText,
          },
        },
        // What POST /tokens and POST /notifications do.
        ...can.spApi("dynamodb:UpdateItem"),
        can.tokenKey("kms:Encrypt"),
        { environment: { NOTIFICATIONS_QUEUE_ARN: notificationsQueue.queue.queueArn } },
        can.sellersMail(),
        can.obstacles(),
        redeliveryWorkflow.starting(),
      ],
    }),
  };
}
