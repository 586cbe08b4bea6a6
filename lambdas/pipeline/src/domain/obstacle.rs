//! What stands in the way of deliveries and orders, and is neither a report's fault nor its end.

use std::fmt;

use sp_api::ids::ReportType;

use crate::PipelineError;

use super::Account;

/// The status of a report or an order that waits for somebody to mend what is no fault of its own.
pub const WAITING_FOR_OWNER: &str = "WAITING_FOR_OWNER";

/// What a type is called that is not known yet.
const UNKNOWN_TYPE: &str = "UNKNOWN";

/// Something that is mended outside. All that it stops goes on when it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// The application's client id or secret is refused, or there is none. The operator's to mend.
    Credentials,
    /// The seller's authorization is revoked or another application's, or there is no token, or no region.
    Authorization(Account),
    /// The application, or the seller's authorization of it, lacks the role that reports of this type
    /// need. The operator's and the seller's to mend.
    Role(Account, String),
}

impl Obstacle {
    /// What an error says stands in the way of a seller's report or order; `None` if it is the report's
    /// own affair, or passes.
    #[must_use]
    pub fn of(error: &PipelineError, seller: &Account, report_type: Option<&ReportType>) -> Option<Self> {
        match error {
            PipelineError::OrderInDoubt(obstacle) => return Self::of(obstacle, seller, report_type),
            PipelineError::Amazon(refusal) if refusal.lacks_role() => {
                let report_type = report_type.map_or(UNKNOWN_TYPE, ReportType::as_str);
                return Some(Self::Role(seller.clone(), report_type.to_owned()));
            }
            _ => {}
        }
        match error.name() {
            "LwaCredentialsRefused" | "LwaCredentialsMissing" => Some(Self::Credentials),
            "AuthorizationRevoked" | "AuthorizationForeign" | "SellerNotFound" | "RegionUnknown" => {
                Some(Self::Authorization(seller.clone()))
            }
            _ => None,
        }
    }

    /// Reads what [`Self`] is written as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let obstacle = match (parts.next()?, parts.next(), parts.next()) {
            ("credentials", None, None) => Self::Credentials,
            ("authorization", Some(seller), None) => Self::Authorization(Account::parse(seller).ok()?),
            ("role", Some(seller), Some(report_type)) => {
                Self::Role(Account::parse(seller).ok()?, report_type.to_owned())
            }
            _ => return None,
        };
        parts.next().is_none().then_some(obstacle)
    }

    /// The account that it stops; `None` if it stops all of them.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Credentials => None,
            Self::Authorization(seller) | Self::Role(seller, _) => Some(seller),
        }
    }

    /// Whether it may be Amazon's mood: everybody has been denied everything for half an hour before.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Role(..))
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials => formatter.write_str("credentials"),
            Self::Authorization(seller) => write!(formatter, "authorization/{seller}"),
            Self::Role(seller, report_type) => write!(formatter, "role/{seller}/{report_type}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use sp_api::SpApiError;
    use sp_api::rates::Operation;

    use super::*;

    fn seller() -> Account {
        Account::parse("A3TH9S8BH6GOGM").expect("valid")
    }

    fn of(error: impl Into<PipelineError>) -> Option<Obstacle> {
        let report_type = ReportType::parse("GET_X").expect("valid");
        Obstacle::of(&error.into(), &seller(), Some(&report_type))
    }

    fn message() -> String {
        String::new()
    }

    #[test]
    fn what_is_mended_outside_is_told_from_a_reports_own_affairs() {
        let authorization = Some(Obstacle::Authorization(seller()));
        assert_eq!(
            of(SpApiError::AuthorizationRevoked { message: message() }),
            authorization
        );
        assert_eq!(
            of(SpApiError::AuthorizationForeign { message: message() }),
            authorization
        );
        assert_eq!(
            of(PipelineError::SellerNotFound(seller().seller().clone())),
            authorization
        );
        assert_eq!(
            of(PipelineError::RegionUnknown(seller().seller().clone())),
            authorization
        );
        let refused = SpApiError::ClientCredentialsRefused { message: message() };
        assert_eq!(of(refused), Some(Obstacle::Credentials));
        let missing = PipelineError::LwaCredentialsMissing {
            secret: message(),
            problem: "",
        };
        assert_eq!(of(missing), Some(Obstacle::Credentials));
        let rejected = |message: &str| SpApiError::Rejected {
            operation: Operation::CreateReport,
            status: 400,
            code: "InvalidInput".into(),
            message: message.into(),
        };
        let role = Some(Obstacle::Role(seller(), "GET_X".into()));
        assert_eq!(
            of(rejected(
                "Application do not have access to some or all requested resource"
            )),
            role
        );
        assert_eq!(of(rejected("dataStartTime is in the future")), None);
        assert_eq!(of(PipelineError::InvalidInput(message())), None);
        let in_doubt = SpApiError::AuthorizationRevoked { message: message() };
        assert_eq!(
            of(PipelineError::OrderInDoubt(Box::new(in_doubt.into()))),
            authorization
        );
    }

    #[test]
    fn an_obstacle_is_read_as_it_is_written() {
        for obstacle in [
            Obstacle::Credentials,
            Obstacle::Authorization(seller()),
            Obstacle::Role(seller(), "GET_X".into()),
        ] {
            assert_eq!(Obstacle::parse(&obstacle.to_string()), Some(obstacle));
        }
        for text in [
            "",
            "authorization",
            "role/A3",
            "credentials/A3",
            "role/A3/GET_X/more",
        ] {
            assert_eq!(Obstacle::parse(text), None, "{text}");
        }
    }
}
