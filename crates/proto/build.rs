//! Generates the messages, services and JSON of `dictum.v1` from `proto/`, in pure Rust: no protoc.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

const PROTOS: [&str; 6] = [
    "dictum/v1/claim.proto",
    "dictum/v1/document.proto",
    "dictum/v1/error_reason.proto",
    "dictum/v1/extraction.proto",
    "dictum/v1/ingest.proto",
    "dictum/v1/storage.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());

    let descriptors = protox::Compiler::new([&root])?
        .include_source_info(true) // the comments: the contract test reads them
        .include_imports(true)
        .open_files(PROTOS)?
        .file_descriptor_set();
    let encoded = descriptors.encode_to_vec();
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("dictum_descriptor.bin"), &encoded)?;

    tonic_prost_build::configure()
        .compile_well_known_types(true) // instead of prost-types, which has no JSON:
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(descriptors)?;
    pbjson_build::Builder::new().register_descriptors(&encoded)?.build(&[".dictum.v1"])?;
    Ok(())
}
