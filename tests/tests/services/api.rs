//! `docs/api.md` is made of the comments of the protos: this makes it and compares it with the file.
//!
//! `DICTUM_BLESS=1` writes the file. `.ci/readme` runs the call of each RPC that stands in it.

use std::{collections::HashMap, fmt::Write, fs};

use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    MethodDescriptorProto,
    field_descriptor_proto::{Label, Type},
};

const API: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api.md");
/// Services in the order in which their calls build on each other.
const FILES: [&str; 6] = [
    "dictum/v1/ingest.proto",
    "dictum/v1/extraction.proto",
    "dictum/v1/storage.proto",
    "dictum/v1/claim.proto",
    "dictum/v1/document.proto",
    "dictum/v1/error_reason.proto",
];

const HEADER: &str = "\
# API

Package `dictum.v1`, generated from the comments of [`proto/`](../proto/dictum/v1): change those, then run
`DICTUM_BLESS=1 cargo test -p dictum-tests --test services api`. The calls below are run by `.ci/readme`, in this order, with
the [buf](https://buf.build) command (`pip install buf-bin`) against a server of all three services; as processes of their
own, extraction listens on port 50052 and storage on 50053.

<!-- run -->
```sh
dictum serve &
dictum sample > posts.txt
dictum ingest posts.txt
first() { dictum list --form question-answer --limit 1 --output ndjson | grep -o \"\\\"$1\\\":\\\"[0-9a-f]*\" | cut -d '\"' -f 4; }
claim_id=$(first claimId)
document_id=$(first documentId)
```
";

#[test]
fn the_page_is_what_the_protos_say() {
    let set = FileDescriptorSet::decode(dictum_proto::DESCRIPTOR_SET).unwrap();
    let files: Vec<_> =
        FILES.iter().map(|name| set.file.iter().find(|file| file.name() == *name).unwrap()).collect();
    let ours = set.file.iter().filter(|file| file.package() == "dictum.v1").count();
    assert_eq!(ours, files.len(), "a file is missing in the page");
    let mut page = HEADER.to_owned();
    for file in &files {
        services(&mut page, file);
    }
    page.push_str("\n# Messages\n");
    for file in &files {
        let comments = Comments::of(file);
        for (m, message) in (0..).zip(&file.message_type) {
            message_section(&mut page, message, m, &comments);
        }
        for (e, numbered) in (0..).zip(&file.enum_type) {
            enum_section(&mut page, numbered, e, &comments);
        }
    }
    if std::env::var_os("DICTUM_BLESS").is_some() {
        fs::write(API, &page).unwrap();
    }
    let found = fs::read_to_string(API).unwrap_or_default();
    assert!(found == page, "docs/api.md is not what the protos say: run this test with DICTUM_BLESS=1");
}

/// The comment of each element, by its path.
struct Comments(HashMap<Vec<i32>, String>);

impl Comments {
    fn of(file: &FileDescriptorProto) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let text = |comment: &str| {
            let lines = comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
            lines.collect::<Vec<_>>().join("\n").trim().to_owned()
        };
        Self(locations.map(|place| (place.path.clone(), text(place.leading_comments()))).collect())
    }

    fn get(&self, path: &[i32]) -> &str {
        self.0.get(path).map(String::as_str).unwrap_or_default()
    }

    /// Returns a comment in one line, as a cell of a table.
    fn cell(&self, path: &[i32]) -> String {
        let paragraphs = self.get(path).split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        let shown = |paragraph: String| {
            if paragraph.starts_with('{') { format!("`{paragraph}`") } else { paragraph }
        };
        paragraphs.map(shown).collect::<Vec<_>>().join("<br>").replace('|', "\\|")
    }
}

fn services(page: &mut String, file: &FileDescriptorProto) {
    let comments = Comments::of(file);
    for (s, service) in (0..).zip(&file.service) {
        writeln!(page, "\n# {}\n\n{}", service.name(), comments.get(&[6, s])).unwrap();
        for (m, method) in (0..).zip(&service.method) {
            let comment = comments.get(&[6, s, 2, m]);
            let (text, call) = comment.split_once("\n\nbuf curl").unwrap_or_else(|| {
                panic!("the comment of {}.{} ends in no `buf curl` call", service.name(), method.name())
            });
            let stream = |streams: bool| if streams { "stream of " } else { "" };
            writeln!(
                page,
                "\n## {}\n\n{text}\n\n{}{} → {}{}\n\n<!-- run: buf -->\n```sh\n{}\n```",
                method.name(),
                stream(method.client_streaming()),
                link(method.input_type()),
                stream(method.server_streaming()),
                link(method.output_type()),
                runnable(method, &format!("buf curl{call}"))
            )
            .unwrap();
        }
    }
}

/// Returns the call of a comment as it runs: one port, ids that are there, an end.
fn runnable(method: &MethodDescriptorProto, call: &str) -> String {
    let call = call
        .replace("localhost:50052", "localhost:50051")
        .replace("localhost:50053", "localhost:50051")
        .replace("\"documentId\":\"…\"", "\"documentId\":\"'$document_id'\"")
        .replace("\"claimId\":\"…\"", "\"claimId\":\"'$claim_id'\"");
    assert!(!call.contains('…'), "{}: a place in the call is not filled", method.name());
    if method.name() == "WatchClaims" {
        return format!("timeout 5 {call} || test $? = 124 # it goes on until it is stopped");
    }
    call
}

fn link(type_name: &str) -> String {
    match type_name.strip_prefix(".dictum.v1.") {
        Some(name) => format!("[{name}](#{})", name.to_lowercase()),
        None => format!("`{}`", type_name.trim_start_matches('.')),
    }
}

fn message_section(page: &mut String, message: &DescriptorProto, m: i32, comments: &Comments) {
    writeln!(page, "\n### {}\n\n{}", message.name(), comments.get(&[4, m])).unwrap();
    if message.field.is_empty() {
        return;
    }
    writeln!(page, "\n| field | type | what |\n|---|---|---|").unwrap();
    for (f, field) in (0..).zip(&message.field) {
        let kind = kind_of(field, message);
        let oneof = field.oneof_index.filter(|_| !field.proto3_optional());
        let of = oneof.map(|o| format!("one of `{}`: ", message.oneof_decl[o as usize].name()));
        let what = comments.cell(&[4, m, 2, f]);
        writeln!(page, "| `{}` | {kind} | {}{what} |", field.name(), of.unwrap_or_default()).unwrap();
    }
}

fn kind_of(field: &FieldDescriptorProto, message: &DescriptorProto) -> String {
    let entry = message
        .nested_type
        .iter()
        .find(|nested| field.type_name().ends_with(&format!(".{}.{}", message.name(), nested.name())));
    if let Some([key, value]) = entry.map(|entry| entry.field.as_slice()) {
        return format!("map of {} to {}", kind_of(key, message), kind_of(value, message));
    }
    let kind = match field.r#type() {
        Type::Message | Type::Enum => link(field.type_name()),
        scalar => format!("{scalar:?}").to_lowercase(),
    };
    match field.label() {
        Label::Repeated => format!("repeated {kind}"),
        _ if field.proto3_optional() => format!("optional {kind}"),
        _ => kind,
    }
}

fn enum_section(page: &mut String, numbered: &EnumDescriptorProto, e: i32, comments: &Comments) {
    writeln!(page, "\n### {}\n\n{}", numbered.name(), comments.get(&[5, e])).unwrap();
    writeln!(page, "\n| value | what |\n|---|---|").unwrap();
    for (v, value) in (0..).zip(&numbered.value) {
        writeln!(page, "| `{}` | {} |", value.name(), comments.cell(&[5, e, 2, v])).unwrap();
    }
}
