use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use crate::AccessToken;

/// A token that dies within this time is not handed out any more.
const MARGIN: SignedDuration = SignedDuration::from_secs(120);

/// Access tokens that live on between the invocations of one function instance, by what they are for.
#[derive(Debug)]
pub struct TokenCache<Key> {
    tokens: Mutex<HashMap<Key, AccessToken>>,
}

impl<Key> Default for TokenCache<Key> {
    fn default() -> Self {
        Self {
            tokens: Mutex::default(),
        }
    }
}

impl<Key: Eq + Hash> TokenCache<Key> {
    /// The token kept under `key`, unless it is about to expire.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<AccessToken> {
        self.get_at(key, Timestamp::now())
    }

    fn get_at(&self, key: &Key, now: Timestamp) -> Option<AccessToken> {
        let tokens = self.lock();
        tokens
            .get(key)
            .filter(|token| token.outlives(now, MARGIN))
            .cloned()
    }

    /// Keeps `token` under `key`.
    pub fn insert(&self, key: Key, token: AccessToken) {
        self.lock().insert(key, token);
    }

    /// Forgets what is kept under `key`: Amazon did not accept it.
    pub fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, AccessToken>> {
        // A panic elsewhere leaves the map whole: every change to it is one call.
        self.tokens
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn a_token_is_refreshed_before_it_expires() {
        let cache = TokenCache::default();
        cache.insert("seller", AccessToken::new(SecretString::from("Atza|1"), 3600));
        let after = |seconds| Timestamp::now() + SignedDuration::from_secs(seconds);
        assert!(cache.get_at(&"seller", after(0)).is_some());
        assert!(cache.get_at(&"seller", after(3400)).is_some());
        assert!(cache.get_at(&"seller", after(3500)).is_none());
        assert!(cache.get(&"another").is_none());
        cache.forget(&"seller");
        assert!(cache.get(&"seller").is_none());
    }
}
