use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::{Checksummed, RunningCrc64Nvme};

/// What the memory is counted in.
const UNIT: usize = 64 << 10;

/// The memory that a function's transfers may take up. Who wants a buffer waits until there is room
/// for it: that is the back-pressure from S3 to the source.
#[derive(Clone, Debug)]
pub struct BufferPool(Arc<Memory>);

#[derive(Debug)]
struct Memory {
    units: u32,
    free_units: Arc<Semaphore>,
    /// Buffers that are used again, so that the memory is not given back and asked for all the time.
    unused: Mutex<Vec<Vec<u8>>>,
}

/// A buffer out of the pool; it goes back when the last of the [`Bytes`] made of it is dropped. The
/// checksum is computed while what is put in is in the processor's cache.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    checksum: RunningCrc64Nvme,
    memory: Arc<Memory>,
    _held: OwnedSemaphorePermit,
}

impl BufferPool {
    /// A pool of `bytes`.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let units = u32::try_from((bytes / UNIT).max(1)).unwrap_or(u32::MAX);
        Self(Arc::new(Memory {
            units,
            free_units: Arc::new(Semaphore::new(units as usize)),
            unused: Mutex::default(),
        }))
    }

    /// What there is in all, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.units as usize * UNIT
    }

    /// An empty buffer with room for `size` bytes, as soon as there is that much. One that is larger
    /// than the whole pool is had when nothing else is in use.
    pub async fn buffer(&self, size: usize) -> Buffer {
        let units = u32::try_from(size.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let wanted = units.clamp(1, self.0.units);
        let semaphore = Arc::clone(&self.0.free_units);
        let held = semaphore
            .acquire_many_owned(wanted)
            .await
            .expect("it is never closed");
        let mut bytes = self.0.unused().pop().unwrap_or_default();
        bytes.reserve_exact(size);
        Buffer {
            bytes,
            checksum: RunningCrc64Nvme::default(),
            memory: Arc::clone(&self.0),
            _held: held,
        }
    }
}

impl Memory {
    fn unused(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffer {
    /// How many bytes have been put in.
    #[must_use]
    pub fn filled(&self) -> usize {
        self.bytes.len()
    }

    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.checksum.update(bytes);
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.checksum = RunningCrc64Nvme::default();
    }

    /// What has been put in, to be shared without copies.
    #[must_use]
    pub fn freeze(self) -> Checksummed {
        let checksum = self.checksum.checksum();
        let bytes = Bytes::from_owner(self);
        Checksummed { bytes, checksum }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        self.memory.unused().push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Crc64Nvme;

    async fn full(pool: &BufferPool, size: usize) -> Bytes {
        let mut buffer = pool.buffer(size).await;
        buffer.add(&[7]);
        buffer.clear();
        buffer.add(&vec![1; size]);
        let filled = buffer.freeze();
        assert_eq!(filled.checksum, Crc64Nvme::of(&filled.bytes));
        filled.bytes
    }

    #[tokio::test]
    async fn there_is_never_more_in_use_than_the_pool_has() {
        let pool = BufferPool::new(4 * UNIT);
        let first = full(&pool, 2 * UNIT).await;
        let second = full(&pool, 2 * UNIT).await;
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { full(&pool, UNIT).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        let (at, clone) = (second.as_ptr(), second.clone());
        drop(second);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "a clone holds it still");
        drop(clone);
        assert_eq!(waiting.await.expect("no panic").as_ptr(), at, "it is used again");
        drop(first);
    }

    #[tokio::test]
    async fn what_is_larger_than_the_pool_comes_alone() {
        let pool = BufferPool::new(2 * UNIT);
        let large = full(&pool, 5 * UNIT).await;
        assert_eq!(large.len(), 5 * UNIT);
        assert_eq!(pool.0.free_units.available_permits(), 0);
        drop(large);
        assert_eq!(pool.0.free_units.available_permits(), 2);
    }
}
