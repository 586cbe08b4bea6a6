use sp_api::ids::SellerId;

use super::{InvalidRequest, Parameters};

/// `DELETE /tokens/{SellerId}`: keep nothing more of a selling partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgetSeller {
    /// Who is forgotten.
    pub seller_id: SellerId,
}

impl ForgetSeller {
    /// Parses `SellerId`.
    ///
    /// # Errors
    /// Names the first parameter that is missing, empty, ill-formed or unknown.
    pub fn parse(Parameters(mut fields): Parameters) -> Result<Self, InvalidRequest> {
        let seller_id = fields.seller_id()?;
        fields.finish()?;
        Ok(Self { seller_id })
    }
}
