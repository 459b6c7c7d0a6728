//! What one caller may have under way, and how often it may call. A caller is an identity; without one, an address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Callers that are remembered before those who have nothing under way are forgotten.
const MAX_REMEMBERED: usize = 4096;

/// Whom calls are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Identity(Arc<str>),
    Address(IpAddr),
}

impl Key {
    /// Returns the key of an address. One customer has a whole network of IPv6: its first 64 bits count.
    pub(crate) fn of_address(address: IpAddr) -> Self {
        Self::Address(network(address))
    }
}

/// Returns the part of an address that belongs to one customer.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => Ipv6Addr::from(u128::from(v6) >> 64 << 64).into(),
        },
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Why a caller has to wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It has as many calls under way as it may.
    Full,
    /// It calls too often.
    TooOften { retry_after: Duration },
}

#[derive(Debug)]
pub(crate) struct Callers {
    max_calls: usize,
    calls_per_second: u32, // 0: as often as it likes
    known: Mutex<HashMap<Key, Caller>>,
}

#[derive(Debug)]
struct Caller {
    under_way: usize,
    /// Calls that may be made at once; refilled as time goes by.
    left: f64,
    refilled: Instant,
}

impl Callers {
    pub(crate) fn new(max_calls: usize, calls_per_second: u32) -> Arc<Self> {
        Arc::new(Self { max_calls, calls_per_second, known: Mutex::default() })
    }

    pub(crate) fn max_calls(&self) -> usize {
        self.max_calls
    }

    pub(crate) fn calls_per_second(&self) -> u32 {
        self.calls_per_second
    }

    /// Counts a call; it is under way until the place is dropped.
    pub(crate) fn admit(self: &Arc<Self>, key: Key, now: Instant) -> Result<Place, Refused> {
        let burst = f64::from(self.calls_per_second);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.retain(|_, caller| {
                caller.under_way > 0 || now.duration_since(caller.refilled) < Duration::from_secs(1)
            });
        }
        let caller = known.entry(key.clone()).or_insert(Caller { under_way: 0, left: burst, refilled: now });
        if caller.under_way >= self.max_calls {
            return Err(Refused::Full);
        }
        if self.calls_per_second > 0 {
            let earned = now.saturating_duration_since(caller.refilled).as_secs_f64() * burst;
            caller.left = (caller.left + earned).min(burst);
            caller.refilled = now;
            if caller.left < 1.0 {
                let retry_after = Duration::from_secs_f64((1.0 - caller.left) / burst);
                return Err(Refused::TooOften { retry_after });
            }
            caller.left -= 1.0;
        }
        caller.under_way += 1;
        drop(known);
        Ok(Place { callers: Arc::clone(self), key })
    }
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Place {
    callers: Arc<Callers>,
    key: Key,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut known = self.callers.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caller) = known.get_mut(&self.key) {
            caller.under_way -= 1;
            // With a rate the caller is remembered, so that leaving does not refill its calls.
            if caller.under_way == 0 && self.callers.calls_per_second == 0 {
                known.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk() -> Key {
        Key::Identity("desk".into())
    }

    #[test]
    fn a_caller_has_its_own_places() {
        let callers = Callers::new(1, 0);
        let now = Instant::now();
        let first = callers.admit(desk(), now).unwrap();
        assert_eq!(callers.admit(desk(), now).unwrap_err(), Refused::Full);
        callers.admit(Key::Identity("other".into()), now).unwrap();
        drop(first);
        callers.admit(desk(), now).unwrap();
        assert!(callers.known.lock().unwrap().is_empty());
    }

    #[test]
    fn a_caller_earns_calls_as_time_goes_by() {
        let callers = Callers::new(100, 10);
        let now = Instant::now();
        let admitted = (0..20).filter(|_| callers.admit(desk(), now).is_ok()).count();
        assert_eq!(admitted, 10);
        let Err(Refused::TooOften { retry_after }) = callers.admit(desk(), now) else { panic!() };
        assert_eq!(retry_after, Duration::from_millis(100));
        callers.admit(desk(), now + retry_after).unwrap();
        let later = now + Duration::from_secs(60);
        assert_eq!((0..20).filter(|_| callers.admit(desk(), later).is_ok()).count(), 10);
    }

    #[test]
    fn strangers_are_forgotten() {
        let callers = Callers::new(100, 10);
        let now = Instant::now();
        for n in 0..3 * u32::try_from(MAX_REMEMBERED).unwrap() {
            let address = IpAddr::V4(n.into());
            callers.admit(Key::of_address(address), now + Duration::from_millis(n.into())).unwrap();
        }
        assert!(callers.known.lock().unwrap().len() <= MAX_REMEMBERED);
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        let key = |text: &str| Key::of_address(text.parse().unwrap());
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.7"), key("192.0.2.7"));
    }
}
