//! The contract as our own descriptor tells it: names, comments, numbers.

use std::{collections::HashSet, fmt::Write, fs};

use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::Type,
};

/// Where the wire listing is kept: a change of it is a change for every client.
const WIRE_LISTING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/services/wire.txt");

fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(dictum_proto::DESCRIPTOR_SET).unwrap();
    set.file.into_iter().filter(|file| file.package() == "dictum.v1").collect()
}

#[test]
fn every_element_has_a_comment() {
    for file in files() {
        let commented: HashSet<Vec<i32>> = file
            .source_code_info
            .iter()
            .flat_map(|info| &info.location)
            .filter(|location| !location.leading_comments().trim().is_empty())
            .map(|location| location.path.clone())
            .collect();
        for (path, name) in elements(&file) {
            assert!(commented.contains(&path), "{}: {name} has no comment", file.name());
        }
    }
}

/// Paths as descriptor.proto numbers them: 4 messages, 5 enums, 6 services; in a message 2 fields, 8 oneofs.
fn elements(file: &FileDescriptorProto) -> Vec<(Vec<i32>, String)> {
    let mut found = Vec::new();
    for (m, message) in indexed(&file.message_type) {
        let is_map = |nested: &DescriptorProto| {
            nested.options.as_ref().is_some_and(|o| o.map_entry.unwrap_or_default())
        };
        assert!(message.nested_type.iter().all(is_map) && message.enum_type.is_empty(), "nothing is nested");
        found.push((vec![4, m], message.name().to_owned()));
        for (f, field) in indexed(&message.field) {
            found.push((vec![4, m, 2, f], format!("{}.{}", message.name(), field.name())));
        }
        for (o, oneof) in indexed(&message.oneof_decl).filter(|(_, oneof)| !oneof.name().starts_with('_')) {
            found.push((vec![4, m, 8, o], format!("{}.{}", message.name(), oneof.name())));
        }
    }
    for (e, numbered) in indexed(&file.enum_type) {
        found.push((vec![5, e], numbered.name().to_owned()));
        for (v, value) in indexed(&numbered.value) {
            found.push((vec![5, e, 2, v], value.name().to_owned()));
        }
    }
    for (s, service) in indexed(&file.service) {
        found.push((vec![6, s], service.name().to_owned()));
        for (m, method) in indexed(&service.method) {
            found.push((vec![6, s, 2, m], format!("{}.{}", service.name(), method.name())));
        }
    }
    found
}

fn indexed<T>(items: &[T]) -> impl Iterator<Item = (i32, &T)> {
    (0..).zip(items)
}

#[test]
fn names_are_those_of_the_style_guide() {
    for file in files() {
        for message in &file.message_type {
            assert!(is_camel(message.name()), "{}", message.name());
            assert!(message.field.iter().all(|field| is_snake(field.name())), "{}", message.name());
        }
        for numbered in &file.enum_type {
            let prefix = screaming(numbered.name());
            assert_eq!(numbered.value[0].name(), format!("{prefix}_UNSPECIFIED"));
            assert_eq!(numbered.value[0].number(), 0);
            assert!(numbered.value.iter().all(|value| value.name().starts_with(&prefix)), "{prefix}");
        }
        for service in &file.service {
            assert!(service.name().ends_with("Service"));
            for method in &service.method {
                assert_eq!(method.input_type(), format!(".dictum.v1.{}Request", method.name()));
                assert_eq!(method.output_type(), format!(".dictum.v1.{}Response", method.name()));
            }
        }
    }
}

#[test]
fn no_number_is_used_twice() {
    for file in files() {
        for message in &file.message_type {
            let mut numbers = HashSet::new();
            for field in &message.field {
                let reserved = message
                    .reserved_range
                    .iter()
                    .any(|range| (range.start()..range.end()).contains(&field.number()));
                assert!(!reserved && numbers.insert(field.number()), "{}.{}", message.name(), field.name());
            }
        }
    }
}

#[test]
fn the_wire_is_what_it_was() {
    let mut listing = String::new();
    for file in files() {
        for message in &file.message_type {
            list_message(&mut listing, message);
        }
        for numbered in &file.enum_type {
            list_enum(&mut listing, numbered);
        }
        for service in &file.service {
            for method in &service.method {
                let stream = |streams: bool| if streams { "stream " } else { "" };
                let (input, output) = (method.input_type(), method.output_type());
                let (sent, got) = (stream(method.client_streaming()), stream(method.server_streaming()));
                writeln!(listing, "{}/{} {sent}{input} -> {got}{output}", service.name(), method.name())
                    .unwrap();
            }
        }
    }
    if std::env::var_os("DICTUM_BLESS").is_some() {
        fs::write(WIRE_LISTING, &listing).unwrap();
    }
    let expected = fs::read_to_string(WIRE_LISTING).unwrap_or_default();
    assert!(
        listing == expected,
        "the wire has changed. Numbers and types that are published stay; if this only adds, run the test with \
         DICTUM_BLESS=1 and commit {WIRE_LISTING}"
    );
}

fn list_message(listing: &mut String, message: &DescriptorProto) {
    let mut fields: Vec<_> = message.field.iter().collect();
    fields.sort_by_key(|field| field.number());
    for field in fields {
        let kind = match field.r#type() {
            Type::Message | Type::Enum => field.type_name().to_owned(),
            scalar => format!("{scalar:?}").to_lowercase(),
        };
        let label = format!("{:?}", field.label()).to_lowercase();
        writeln!(listing, "{}.{} = {} {label} {kind}", message.name(), field.name(), field.number()).unwrap();
    }
}

fn list_enum(listing: &mut String, numbered: &EnumDescriptorProto) {
    for value in &numbered.value {
        writeln!(listing, "{} = {}", value.name(), value.number()).unwrap();
    }
}

fn is_camel(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_snake(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn screaming(camel: &str) -> String {
    let mut name = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}
