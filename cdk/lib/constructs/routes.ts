import type { ApiFunctions } from "./api-functions";

/** Whether the caller must send a parameter, by its name. */
type Parameters = Record<string, "required" | "optional">;

/** One method of the API. What it takes in its body, and what it answers, is in `lambdas/contract/openapi.json`. */
export interface Route {
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  readonly path: string;
  readonly handler: keyof ApiFunctions;
  readonly query?: Parameters;
  readonly headers?: Parameters;
  /** Whether anybody may call it, without a signature. */
  readonly isOpen?: true;
}

/** Whose report it is. The region tells reports of the same id apart. */
const sellersReport: Parameters = { SellerId: "required", RegionCode: "optional" };

/** Everything that the API answers. */
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
