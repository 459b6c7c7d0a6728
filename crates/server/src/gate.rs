//! Every call's way in: who calls, whether they may call this, and whether there is room for it.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Instant};

use http::{HeaderMap, header::AUTHORIZATION};
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use crate::{
    Access, Health, Identity, Reflection, Scope, ServeError, ServerConfig,
    audit::{Audit, Entry},
    callers::{Callers, Key, Place, Refused},
    connection::Link,
    failure,
    security::Security,
};

/// Calls of health and reflection under way at a time. They have room of their own: an orchestrator whose health checks
/// find none kills an overloaded server when it is needed most.
const MAX_PLUMBING_CALLS: usize = 256;

/// See the module.
#[derive(Debug)]
pub(crate) struct Gate {
    methods: HashMap<Arc<str>, Method>,
    security: Option<Security>,
    callers: Arc<Callers>,
    room: Arc<Semaphore>,
    max_calls: usize,
    plumbing_room: Arc<Semaphore>,
}

/// What is known of a method before it is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Method {
    enough: &'static [Scope],
    /// Requests or answers come as a stream.
    pub(crate) streams: bool,
}

impl Method {
    fn writes(&self) -> bool {
        !self.enough.contains(&Scope::Read)
    }
}

/// A call that came in.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// What is held to the end of its answer.
    pub(crate) places: Places,
    /// Handlers find it in the extensions of their request.
    pub(crate) caller: Caller,
    /// `None` for health, reflection and what is no method of ours.
    pub(crate) method: Option<Method>,
}

/// Room for a call, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Places {
    _room: OwnedSemaphorePermit,
    _caller: Option<Place>,
}

/// Who made a call, and where to write down what came of it.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    identity: Option<Arc<Identity>>,
    address: Option<IpAddr>,
    method: Arc<str>,
    audit: Audit,
}

impl Caller {
    /// Returns who made this call; nobody in particular where no server has said so.
    #[must_use]
    pub fn of<T>(request: &tonic::Request<T>) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// Writes down what came of a document in this call: `STORED`, `REJECTED` with its reason.
    pub fn audit(&self, outcome: &str, document_id: &str, reason: &str) {
        let set = |text| Some(text).filter(|text: &&str| !text.is_empty());
        self.audit.record(&Entry {
            outcome,
            document_id: set(document_id),
            reason: set(reason),
            ..self.entry()
        });
    }

    /// Writes down that a call which may write has failed as a whole.
    pub(crate) fn failed(&self, method: Option<Method>, status: &Status) {
        if method.is_some_and(|method| method.writes()) {
            let reason = format!("{:?}", status.code());
            self.audit.record(&Entry { outcome: "FAILED", reason: Some(&reason), ..self.entry() });
        }
    }

    fn entry(&self) -> Entry<'_> {
        Entry {
            caller: self.identity.as_deref().map(Identity::name),
            address: self.address,
            method: Some(&self.method),
            ..Entry::default()
        }
    }
}

impl Gate {
    /// Returns the gate of a server with these services; every method of theirs must say who may call it.
    pub(crate) fn new(
        services: &[(&'static str, Access)],
        descriptor_set: &[u8],
        config: &ServerConfig,
        security: Security,
    ) -> Result<Self, ServeError> {
        let mut methods = HashMap::new();
        for (service, access) in services {
            methods.extend(methods_of(service, access, descriptor_set)?);
        }
        Ok(Self {
            methods,
            security: Some(security),
            callers: Callers::new(config.max_calls_per_caller, config.max_calls_per_second),
            room: Arc::new(Semaphore::new(config.max_calls)),
            max_calls: config.max_calls,
            plumbing_room: Arc::new(Semaphore::new(MAX_PLUMBING_CALLS)),
        })
    }

    /// Returns the gate of the address that answers health checks alone, to anybody.
    pub(crate) fn of_health(config: &ServerConfig) -> Self {
        Self {
            methods: HashMap::new(),
            security: None,
            callers: Callers::new(config.max_calls_per_caller, 0),
            room: Arc::new(Semaphore::new(0)),
            max_calls: 0,
            plumbing_room: Arc::new(Semaphore::new(MAX_PLUMBING_CALLS)),
        }
    }

    /// Lets a call in, or says why not.
    pub(crate) fn admit(
        &self,
        path: &str,
        headers: &HeaderMap,
        link: Option<&Link>,
    ) -> Result<Admitted, Status> {
        let known = self.methods.get_key_value(path);
        let (method, name) =
            known.map_or_else(|| (None, path.into()), |(name, method)| (Some(*method), Arc::clone(name)));
        let address = link.and_then(Link::address);
        let audit = self.security.as_ref().map(Security::audit).cloned().unwrap_or_default();
        let mut caller = Caller { identity: None, address, method: name, audit };
        let outcome = self.identify(path, headers, link).and_then(|identity| {
            caller.identity = identity;
            if let (Some(identity), Some(method)) = (&caller.identity, method)
                && !identity.may(method.enough)
            {
                return Err(Refusal::permission_denied(identity.name(), method.enough));
            }
            self.room_for(path, &caller)
        });
        match outcome {
            Ok(places) => Ok(Admitted { places, caller, method }),
            Err(refusal) => {
                caller.audit.refused(&Entry { reason: Some(refusal.reason), ..caller.entry() });
                Err(refusal.status)
            }
        }
    }

    /// Returns who calls, if that is asked for. What is no method of ours is told so by the router, once it is known who
    /// asks.
    fn identify(
        &self,
        path: &str,
        headers: &HeaderMap,
        link: Option<&Link>,
    ) -> Result<Option<Arc<Identity>>, Refusal> {
        let Some(security) = self.security.as_ref().filter(|security| security.config().identifies()) else {
            return Ok(None);
        };
        let config = security.config();
        let is_open = is_health(path) && config.health == Health::Anybody
            || is_reflection(path) && config.reflection == Reflection::Anybody;
        if is_open {
            return Ok(None);
        }
        identity(security, headers, link).map(Some).ok_or_else(Refusal::unauthenticated)
    }

    fn room_for(&self, path: &str, caller: &Caller) -> Result<Places, Refusal> {
        if is_plumbing(path) {
            let room = Arc::clone(&self.plumbing_room).try_acquire_owned();
            let room = room.map_err(|_| Refusal::overloaded(MAX_PLUMBING_CALLS, "the server"))?;
            return Ok(Places { _room: room, _caller: None });
        }
        let key = match (&caller.identity, caller.address) {
            (Some(identity), _) => Some(Key::Identity(identity.shared_name())),
            (None, Some(address)) => Some(Key::of_address(address)),
            (None, None) => None, // this process calls itself
        };
        let place = key.map(|key| self.callers.admit(key, Instant::now())).transpose();
        let place = place.map_err(|refused| match refused {
            Refused::Full => Refusal::overloaded(self.callers.max_calls(), "one caller"),
            Refused::TooOften { retry_after } => {
                Refusal::rate_limited(self.callers.calls_per_second(), retry_after)
            }
        })?;
        let room = Arc::clone(&self.room).try_acquire_owned();
        let room = room.map_err(|_| Refusal::overloaded(self.max_calls, "the server"))?;
        Ok(Places { _room: room, _caller: place })
    }
}

/// A token wins over a certificate; a wrong one is not made good by a certificate.
fn identity(security: &Security, headers: &HeaderMap, link: Option<&Link>) -> Option<Arc<Identity>> {
    let access = security.access();
    let names = link.and_then(Link::peer_names);
    let Some(access) = access else {
        // The handshake lets nobody in without a certificate of the authority.
        let name = names?.first().filter(|name| crate::is_identity_name(name));
        return Some(Arc::new(Identity::of_authority(name.map_or("certificate", String::as_str))));
    };
    let mut given = headers.get_all(AUTHORIZATION).iter();
    match (given.next(), given.next()) {
        (Some(value), None) => access.by_token(bearer(value.as_bytes())?),
        (Some(_), Some(_)) => None,
        (None, _) => access.by_certificate(names?),
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

struct Refusal {
    status: Status,
    reason: &'static str,
}

impl Refusal {
    fn unauthenticated() -> Self {
        Self { status: failure::unauthenticated(), reason: "UNAUTHENTICATED" }
    }

    fn permission_denied(name: &str, enough: &[Scope]) -> Self {
        Self { status: failure::permission_denied(name, enough), reason: "PERMISSION_DENIED" }
    }

    fn overloaded(max_calls: usize, whose: &str) -> Self {
        Self { status: failure::overloaded(max_calls, whose), reason: "OVERLOADED" }
    }

    fn rate_limited(calls_per_second: u32, retry_after: std::time::Duration) -> Self {
        Self { status: failure::rate_limited(calls_per_second, retry_after), reason: "RATE_LIMITED" }
    }
}

/// Health and reflection, and nothing that merely begins like them.
fn is_plumbing(path: &str) -> bool {
    is_health(path) || is_reflection(path)
}

/// Returns whether a call is to the health service; the two methods of it are all there is.
pub(crate) fn is_health(path: &str) -> bool {
    matches!(
        path,
        "/grpc.health.v1.Health/Check" | "/grpc.health.v1.Health/Watch" | "/grpc.health.v1.Health/List"
    )
}

fn is_reflection(path: &str) -> bool {
    matches!(
        path,
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
            | "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    )
}

/// Returns whether nobody waits for this call when the server stops.
pub(crate) fn ends_at_once(path: &str) -> bool {
    is_plumbing(path)
}

/// Compares what a service says of its methods with what the contract has.
fn methods_of(
    service: &'static str,
    access: Access,
    descriptor_set: &[u8],
) -> Result<Vec<(Arc<str>, Method)>, ServeError> {
    let wrong = |what: String| ServeError::Access { what };
    let set = FileDescriptorSet::decode(descriptor_set).map_err(|error| wrong(error.to_string()))?;
    let described = set.file.iter().flat_map(|file| {
        file.service.iter().map(move |service| (format!("{}.{}", file.package(), service.name()), service))
    });
    let Some((_, described)) = described.into_iter().find(|(name, _)| name == service) else {
        return Err(wrong(format!("{service} is not described")));
    };
    if let Some((name, _)) =
        access.iter().find(|(name, _)| !described.method.iter().any(|method| method.name() == *name))
    {
        return Err(wrong(format!("{service} has no method {name}")));
    }
    let method = |method: &prost_types::MethodDescriptorProto| {
        let name = method.name();
        let mut said = access.iter().filter(|(known, _)| *known == name);
        let (Some((_, enough)), None) = (said.next(), said.next()) else {
            return Err(wrong(format!("{service} must say once who may call {name}")));
        };
        let streams = method.client_streaming() || method.server_streaming();
        Ok((format!("/{service}/{name}").into(), Method { enough, streams }))
    };
    described.method.iter().map(method).collect()
}

#[cfg(test)]
mod tests {
    use prost_types::{FileDescriptorProto, MethodDescriptorProto, ServiceDescriptorProto};

    use super::*;

    fn descriptors() -> Vec<u8> {
        let method = |name: &str| MethodDescriptorProto { name: Some(name.to_owned()), ..Default::default() };
        let service = ServiceDescriptorProto {
            name: Some("Desk".to_owned()),
            method: vec![method("Get"), method("Put")],
            ..Default::default()
        };
        let file = FileDescriptorProto {
            package: Some("a.v1".to_owned()),
            service: vec![service],
            ..Default::default()
        };
        FileDescriptorSet { file: vec![file] }.encode_to_vec()
    }

    fn check(service: &'static str, access: Access) -> Result<usize, String> {
        methods_of(service, access, &descriptors())
            .map(|methods| methods.len())
            .map_err(|error| error.to_string())
    }

    /// A method without scopes does not come up: no server with it starts.
    #[test]
    fn every_method_says_who_may_call_it() {
        assert_eq!(check("a.v1.Desk", &[("Get", &[Scope::Read]), ("Put", &[])]), Ok(2));
        assert!(check("a.v1.Desk", &[("Get", &[Scope::Read])]).unwrap_err().contains("Put"));
        assert!(
            check("a.v1.Desk", &[("Get", &[]), ("Put", &[]), ("Put", &[])]).unwrap_err().contains("once")
        );
        assert!(check("a.v1.Desk", &[("Get", &[]), ("Put", &[]), ("Pat", &[])]).unwrap_err().contains("Pat"));
        assert!(check("a.v1.Other", &[]).is_err());
    }

    #[test]
    fn only_the_very_paths_of_health_are_open() {
        assert!(is_health("/grpc.health.v1.Health/Check"));
        for path in
            ["/grpc.health.v1.Health/", "/grpc.health.v1.Health/Check/", "//grpc.health.v1.Health/Check"]
        {
            assert!(!is_plumbing(path), "{path}");
        }
    }

    #[test]
    fn a_bearer_token_has_its_scheme() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bEARER abc"), Some(&b"abc"[..]));
        for wrong in [&b"abc"[..], b"Basic abc", b"Bearer", b""] {
            assert_eq!(bearer(wrong), None);
        }
    }
}
