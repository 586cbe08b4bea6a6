import type { Settings } from "../settings";
import type { ApiFunctions } from "./api-functions";
import type { OnboardingFunctions } from "./onboarding-functions";

/** The functions behind the API; those of settings that are off are not there. */
export type Handlers = ApiFunctions & Partial<OnboardingFunctions>;

/** Whether the caller must send a parameter, by its name. */
type Parameters = Record<string, "required" | "optional">;

/** One method of the API. What it takes in its body, and what it answers, is in `lambdas/contract/openapi.json`. */
export interface Route {
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  readonly path: string;
  readonly handler: keyof Handlers;
  readonly query?: Parameters;
  readonly headers?: Parameters;
  /** Whether anybody may call it, without a signature. */
  readonly isOpen?: true;
  /** The setting that must be on for it. */
  readonly setting?: "onboarding";
}

/** Whose report it is. The region tells reports of the same id apart. */
const sellersReport: Parameters = { SellerId: "required", RegionCode: "optional" };

/** Amazon says why it sends a browser back in whichever of these. */
const AMAZONS_ANSWER: Parameters = {
  state: "optional",
  selling_partner_id: "optional",
  spapi_oauth_code: "optional",
  error: "optional",
  error_code: "optional",
  errorCode: "optional",
  error_description: "optional",
};

/** Everything that the API answers, whatever the settings. */
export const ROUTES: Route[] = [
  { method: "POST", path: "/tokens", handler: "tokenStorage" },
  { method: "DELETE", path: "/tokens/{SellerId}", handler: "tokenStorage", query: { RegionCode: "optional" } },

  { method: "GET", path: "/sellers", handler: "sellerReader", query: { limit: "optional", nextToken: "optional" } },
  { method: "GET", path: "/sellers/{SellerId}", handler: "sellerReader", query: { RegionCode: "optional" } },

  { method: "POST", path: "/notifications", handler: "notificationsSubscriber" },
  {
    method: "DELETE",
    path: "/notifications",
    handler: "notificationsSubscriber",
    query: { SellerId: "required", RegionCode: "required", NotificationType: "required" },
  },

  { method: "POST", path: "/reports", handler: "reportCreator", headers: { "Idempotency-Key": "optional" } },
  {
    method: "GET",
    path: "/reports",
    handler: "reportReader",
    query: {
      SellerId: "required",
      RegionCode: "optional",
      status: "optional",
      ReportType: "optional",
      Since: "optional",
      Until: "optional",
      limit: "optional",
      nextToken: "optional",
    },
  },
  { method: "GET", path: "/reports/{reportId}", handler: "reportReader", query: sellersReport },
  { method: "DELETE", path: "/reports/{reportId}", handler: "reportCanceller", query: sellersReport },

  {
    method: "POST",
    path: "/reports/{reportId}/delivery",
    handler: "redeliveryRequester",
    query: sellersReport,
  },
  { method: "GET", path: "/reports/{reportId}/document", handler: "documentAccess", query: sellersReport },
  { method: "POST", path: "/reports/{reportId}/links", handler: "documentAccess", query: sellersReport },
  { method: "DELETE", path: "/reports/{reportId}/links", handler: "documentAccess", query: sellersReport },
  // Whatever stands there is answered with a page, slashes and all.
  { method: "GET", path: "/links/{token+}", handler: "linkOpener", isOpen: true },
  { method: "HEAD", path: "/links/{token+}", handler: "linkOpener", isOpen: true },

  { method: "POST", path: "/onboardings", handler: "onboardingInviter", setting: "onboarding" },
  { method: "GET", path: "/onboarding/{invitation}", handler: "onboarding", isOpen: true, setting: "onboarding" },
  { method: "GET", path: "/onboarding/{invitation}/consent", handler: "onboarding", isOpen: true, setting: "onboarding" },
  {
    method: "GET",
    path: "/onboarding/callback",
    handler: "onboarding",
    query: AMAZONS_ANSWER,
    isOpen: true,
    setting: "onboarding",
  },
  {
    method: "GET",
    path: "/onboarding/login",
    handler: "onboarding",
    query: { amazon_callback_uri: "optional", amazon_state: "optional", selling_partner_id: "optional" },
    isOpen: true,
    setting: "onboarding",
  },

  { method: "POST", path: "/deliveries", handler: "redeliveryRequester" },
  { method: "GET", path: "/deliveries/{jobId}", handler: "redeliveryRequester" },

  { method: "POST", path: "/schedules", handler: "reportScheduler" },
  {
    method: "GET",
    path: "/schedules",
    handler: "reportScheduler",
    query: { SellerId: "required", RegionCode: "required", ReportTypes: "required" },
  },
  {
    method: "DELETE",
    path: "/schedules/{reportScheduleId}",
    handler: "reportScheduler",
    query: { SellerId: "required", RegionCode: "required" },
  },
];

/** Those of a stack with such settings. */
export function routesOf(settings: Settings): Route[] {
  return ROUTES.filter(({ setting }) => setting === undefined || settings[setting] === "on");
}

/** The parameters of a route, as API Gateway takes them. */
export function requestParameters(route: Route): Record<string, boolean> {
  const named = (where: string, parameters: Parameters = {}): [string, boolean][] =>
    Object.entries(parameters).map(([name, need]) => [`method.request.${where}.${name}`, need === "required"]);
  return Object.fromEntries([...named("querystring", route.query), ...named("header", route.headers)]);
}

/** The path as in ARNs: with a wildcard for each part that differs from call to call. */
export function pathInArn(route: Route): string {
  return route.path.replaceAll(/\{\w+\+?\}/g, "*");
}
