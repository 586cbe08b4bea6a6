use std::time::Duration;

use jiff::Timestamp;
use sp_api::ids::SellerId;
use sp_api::rates::Operation;
use sp_api::{AccessToken, RegionCode, SpApiClient, SpApiError};

use super::amazon::LONGEST_WAIT;
use super::{Amazon, Quotas};
use crate::PipelineError;
use crate::domain::quota::{Quota, Slot};
use crate::settings::AmazonSettings;

/// What a call that needs a slot came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InSlot<T> {
    /// It was made.
    Done(T),
    /// Not yet: its time is then, and the workflow waits for it.
    Wait(Slot),
}

/// Amazon within its quotas: no call is made before its slot.
#[derive(Debug)]
pub struct MeteredAmazon {
    amazon: Amazon,
    quotas: Quotas,
}

impl MeteredAmazon {
    /// Amazon as `settings` have it, its quotas kept in `quotas_table`.
    #[must_use]
    pub fn connect(settings: &AmazonSettings, quotas_table: String, aws: &aws_config::SdkConfig) -> Self {
        let quotas = Quotas::new(aws_sdk_dynamodb::Client::new(aws), quotas_table);
        Self::new(Amazon::connect(settings, aws), quotas)
    }

    /// `amazon` within `quotas`.
    #[must_use]
    pub fn new(amazon: Amazon, quotas: Quotas) -> Self {
        Self { amazon, quotas }
    }

    /// The limiter itself.
    #[must_use]
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Makes `call`, which uses `operations`, in the slot `held`; without one, in a slot reserved now.
    /// A slot that is a second or two away is waited for here, a later one is given back.
    ///
    /// Should Amazon refuse for its quota all the same, there is a new slot.
    ///
    /// # Errors
    /// The call's own but for refusals, and those of getting a token or a slot.
    pub async fn in_slot<T, Answer>(
        &self,
        seller: &SellerId,
        region: RegionCode,
        operations: &[Operation],
        held: Option<Slot>,
        call: impl Fn(SpApiClient, AccessToken) -> Answer,
    ) -> Result<InSlot<T>, PipelineError>
    where
        Answer: Future<Output = Result<T, SpApiError>>,
    {
        // A call that LWA refuses is not made, and spends no slot.
        self.amazon.sellers_token(seller, region).await?;
        let slot = match held {
            Some(slot) => slot,
            None => self.reserve(seller, region, operations).await?,
        };
        let wait = slot.wait(Timestamp::now());
        if wait > LONGEST_WAIT {
            return Ok(InSlot::Wait(slot));
        }
        pause(wait).await;
        match self.call(seller, region, call).await {
            Err(PipelineError::Amazon(SpApiError::Throttled { operation, .. })) => {
                let next = self
                    .quotas
                    .after_refusal(&quota(seller, region, operation), slot)
                    .await?;
                Ok(InSlot::Wait(next))
            }
            result => Ok(InSlot::Done(result?)),
        }
    }

    /// Makes `call`, which uses `operation`, if its quota allows that within `patience`.
    ///
    /// # Errors
    /// [`SpApiError::Throttled`] if it does not, and then says when it will. Otherwise the call's own,
    /// and those of getting a token or a slot.
    pub async fn if_free<T, Answer>(
        &self,
        seller: &SellerId,
        region: RegionCode,
        operation: Operation,
        patience: Duration,
        call: impl Fn(SpApiClient, AccessToken) -> Answer,
    ) -> Result<T, PipelineError>
    where
        Answer: Future<Output = Result<T, SpApiError>>,
    {
        self.amazon.sellers_token(seller, region).await?;
        let quota = quota(seller, region, operation);
        let slot = self.quotas.reserve_within(&quota, patience).await?;
        pause(slot.wait(Timestamp::now())).await;
        let result = self.call(seller, region, call).await;
        if let Err(PipelineError::Amazon(SpApiError::Throttled { .. })) = &result {
            self.quotas.after_refusal(&quota, slot).await?;
        }
        result
    }

    /// Reserves one call of each of `operations`: the slot that is the latest.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn reserve(
        &self,
        seller: &SellerId,
        region: RegionCode,
        operations: &[Operation],
    ) -> Result<Slot, PipelineError> {
        let mut latest: Option<Slot> = None;
        for operation in operations {
            let slot = self.quotas.reserve(&quota(seller, region, *operation)).await?;
            if latest.is_none_or(|other| slot.not_before > other.not_before) {
                latest = Some(slot);
            }
        }
        latest.ok_or_else(|| PipelineError::InvalidInput("a call uses no operation".to_owned()))
    }

    async fn call<T, Answer>(
        &self,
        seller: &SellerId,
        region: RegionCode,
        call: impl Fn(SpApiClient, AccessToken) -> Answer,
    ) -> Result<T, PipelineError>
    where
        Answer: Future<Output = Result<T, SpApiError>>,
    {
        let (result, rates) = self.amazon.as_seller_once(seller, region, call).await;
        for (operation, per_second) in rates {
            // A correction that is lost comes again with the next answer; the call's result does not.
            if let Err(error) = self
                .quotas
                .learn(&quota(seller, region, operation), per_second)
                .await
            {
                tracing::warn!("Amazon's rate could not be noted: {error}");
            }
        }
        result
    }
}

/// Nothing to wait for takes no time; the timer would take a millisecond or two.
async fn pause(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

fn quota(seller: &SellerId, region: RegionCode, operation: Operation) -> Quota {
    Quota {
        seller_id: seller.clone(),
        region,
        operation,
    }
}
