//! The messages and services of `dictum.v1`, their conversion to and from the types of `dictum-core`, and statuses with
//! rich errors.
//!
//! Wire types become domain types here, once, on the receiving side; nothing behind a handler checks them again.

mod convert;
mod status;

pub use convert::{
    ConvertError, claim_from_wire, claim_to_wire, document_from_wire, document_to_wire, document_within,
    extraction_from_wire, extraction_to_wire, provenance_to_wire, span_to_wire, timestamp_from_wire,
    timestamp_to_wire,
};
pub use status::{
    ERROR_DOMAIN, field_violation, field_violation_with, reason, reason_name, status, status_with_retry,
};

/// The generated code of package `dictum.v1`.
#[expect(clippy::all, clippy::pedantic, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("dictum.v1");
    include!(concat!(env!("OUT_DIR"), "/dictum.v1.serde.rs"));
}

/// The encoded `FileDescriptorSet` of the whole package with its comments, for reflection and for the contract test.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/dictum_descriptor.bin"));
