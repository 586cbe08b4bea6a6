use schemars::JsonSchema;
use sp_api::RegionCode;
use sp_api::ids::SellerId;

use super::{InvalidRequest, Parameters};

/// `DELETE /tokens/{SellerId}`: keep nothing more of a selling partner, or of it in one region.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ForgetSeller {
    /// Who is forgotten.
    pub seller_id: SellerId,
    /// Where; without it, everywhere.
    #[schemars(rename = "RegionCode")]
    pub region: Option<RegionCode>,
}

impl ForgetSeller {
    /// Parses `SellerId` and `RegionCode?`.
    ///
    /// # Errors
    /// Names the first parameter that is missing, empty, ill-formed or unknown.
    pub fn parse(Parameters(mut fields): Parameters) -> Result<Self, InvalidRequest> {
        let seller_id = fields.seller_id()?;
        let region = fields.optional_region_code()?;
        fields.finish()?;
        Ok(Self { seller_id, region })
    }
}
