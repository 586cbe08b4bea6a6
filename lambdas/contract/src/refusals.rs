//! How requests are refused: the status, the codes under it, and what they mean.

/// A status, a code that comes under it, and why. A status that ends in `XX` is any of its kind.
pub(crate) type Refusal = (&'static str, &'static str, &'static str);

/// Of every operation: by API Gateway, or because AWS fails.
pub(crate) const ALWAYS: &[Refusal] = &[
    (
        "400",
        "InvalidRequest",
        "a field or a parameter is missing, empty, malformed or unknown",
    ),
    (
        "403",
        "AccessDenied",
        "the request is not signed, or signed by another role, wrongly or too long ago",
    ),
    ("403", "RequestRefused", "API Gateway refused the request"),
    ("429", "Throttled", "too many requests at once"),
    ("4XX", "RequestRefused", "API Gateway refused the request"),
    ("500", "InternalError", "something here is amiss"),
    ("502", "InternalError", "something here is amiss"),
    ("503", "ServiceUnavailable", "AWS fails for the moment"),
    (
        "504",
        "InternalError",
        "the request was not answered in time; it may have been carried out",
    ),
];

/// Of an operation that asks Amazon.
pub(crate) const BY_AMAZON: &[Refusal] = &[
    (
        "400",
        "AuthorizationRevoked",
        "the seller's refresh token is no longer good",
    ),
    (
        "400",
        "AuthorizationForeign",
        "the refresh token is another application's",
    ),
    ("4XX", AMAZONS_OWN, "Amazon refused, in Amazon's words"),
    (
        "404",
        "SellerNotFound",
        "no refresh token is stored for this seller",
    ),
    ("429", "QuotaExceeded", "Amazon's quota is spent for the moment"),
    ("502", "UnexpectedAnswer", "Amazon answered something unknown"),
    (
        "503",
        "LwaCredentialsMissing",
        "the secret holds no LWA credentials",
    ),
    (
        "503",
        "LwaCredentialsRefused",
        "the secret holds wrong or expired LWA credentials",
    ),
    (
        "503",
        "AccessDenied",
        "Amazon denies access, which may pass; if it stays, a role is missing",
    ),
    ("503", "AmazonUnavailable", "Amazon fails for the moment"),
];

/// Stands for the codes that Amazon has.
pub(crate) const AMAZONS_OWN: &str = "Amazon's own";

/// Of an operation on one report.
pub(crate) const OF_REPORTS: &[Refusal] = &[
    (
        "400",
        "RegionNeeded",
        "the seller has a report of that id in several regions",
    ),
    ("404", "ReportNotFound", "there is none"),
];

/// Of an operation on a report's document.
pub(crate) const OF_DOCUMENTS: &[Refusal] = &[
    ("404", "NoDocument", "Amazon made no document"),
    (
        "404",
        "DocumentGone",
        "the document has been deleted after its time",
    ),
    ("409", "NotDelivered", "there is no document yet"),
];

pub(crate) const OF_TOKENS: &[Refusal] = &[
    ("400", "RegionNeeded", "the seller has tokens for several regions"),
    (
        "409",
        "MailSubscriptionsFull",
        "the token is stored, but SNS takes no further subscription with a filter",
    ),
    (
        "409",
        "AddressTaken",
        "the token is stored, but the address gets other news of this topic",
    ),
];

pub(crate) const OF_SELLERS: &[Refusal] = &[(
    "404",
    "SellerNotFound",
    "no refresh token is stored for this seller",
)];

pub(crate) const OF_FORGETTING: &[Refusal] = &[
    (
        "404",
        "SellerNotFound",
        "no refresh token is stored for this seller",
    ),
    (
        "503",
        "StillSubscribed",
        "the subscription could not be ended; nothing is forgotten",
    ),
];

pub(crate) const OF_SUBSCRIBING: &[Refusal] = &[
    (
        "409",
        "SubscribedElsewhere",
        "there is a subscription that sends elsewhere",
    ),
    (
        "409",
        "SubscriptionConflict",
        "Amazon says that there is a subscription, and shows none",
    ),
    (
        "503",
        "DestinationNotVisible",
        "Amazon does not see the queue yet; nothing has changed",
    ),
    (
        "503",
        "NotReplaced",
        "the other subscription is still there; nothing has changed",
    ),
    (
        "503",
        "SubscriptionLost",
        "the old subscription is deleted, and no new one could be made",
    ),
];

pub(crate) const OF_UNSUBSCRIBING: &[Refusal] = &[
    ("404", "SubscriptionNotFound", "there is none"),
    (
        "409",
        "SubscribedElsewhere",
        "there is a subscription that sends elsewhere",
    ),
];

pub(crate) const OF_ORDERS: &[Refusal] = &[
    (
        "409",
        "IdempotencyKeyReused",
        "this key came with another order before",
    ),
    (
        "409",
        "OrderInProgress",
        "the first request with this key is not answered yet",
    ),
    (
        "500",
        "OrderNotRecorded",
        "Amazon may have taken the order, and nothing could be written down",
    ),
];

pub(crate) const OF_CANCELLING: &[Refusal] = &[
    ("409", "NotCancellable", "it is too late"),
    (
        "409",
        "RegionUnknown",
        "it is not known here where the seller sells",
    ),
];

pub(crate) const OF_DELIVERING: &[Refusal] =
    &[("409", "NotDeliverable", "Amazon has not finished the report")];

pub(crate) const OF_JOBS: &[Refusal] = &[("404", "JobNotFound", "there is none")];
