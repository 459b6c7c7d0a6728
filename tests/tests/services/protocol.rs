//! What clients of any make rely on: health, reflection, gRPC-web, and the limits of the transport.

use std::time::Duration;

use dictum_proto::{
    DESCRIPTOR_SET,
    v1::{self, extraction_service_client::ExtractionServiceClient},
};
use dictum_tests::{Bench, BenchConfig, document};
use prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::{v1 as reflection, v1alpha as reflection_alpha};

const INGEST: &str = "dictum.v1.IngestService";

#[tokio::test]
async fn health_knows_the_server_and_its_services() {
    let bench = Bench::start().await;
    bench.ingest.connection().until_serving(INGEST, |_| {}).await;
    let mut health = HealthClient::new(bench.ingest.channel());
    for service in ["", "dictum.v1.IngestService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let status = health.check(request).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service}");
    }
    let request = HealthCheckRequest { service: "dictum.v1.StorageService".to_owned() };
    assert_eq!(health.check(request).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn reflection_answers_in_both_versions() {
    let bench = Bench::start().await;
    let expected = ["dictum.v1.ExtractionService", "grpc.health.v1.Health"];

    let mut client =
        reflection::server_reflection_client::ServerReflectionClient::new(bench.extraction.channel());
    let request = reflection::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(reflection::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut answers =
        client.server_reflection_info(futures_util::stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let reflection::server_reflection_response::MessageResponse::ListServicesResponse(list) = answer else {
        panic!("{answer:?}")
    };
    let mut names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    assert_eq!(names, expected);

    let mut client =
        reflection_alpha::server_reflection_client::ServerReflectionClient::new(bench.extraction.channel());
    let request = reflection_alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            reflection_alpha::server_reflection_request::MessageRequest::FileContainingSymbol(
                expected[0].to_owned(),
            ),
        ),
    };
    let mut answers =
        client.server_reflection_info(futures_util::stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let reflection_alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(files) = answer
    else {
        panic!("{answer:?}")
    };
    let described = files.file_descriptor_proto.iter().any(|file| {
        let file = prost_types::FileDescriptorProto::decode(file.as_slice()).unwrap();
        file.service.iter().any(|service| service.name() == "ExtractionService")
    });
    assert!(described && !DESCRIPTOR_SET.is_empty());
}

/// A browser's call: HTTP/1.1, a frame in the body, the status as a last frame of the answer.
#[tokio::test]
async fn grpc_web_is_answered_on_the_same_port_to_allowed_origins() {
    let mut config = BenchConfig::default();
    config.server.cors_origins = vec!["https://desk.example".to_owned()];
    let bench = Bench::with(config).await;
    let message =
        v1::ExtractClaimsRequest { document: Some(document(1)), ..Default::default() }.encode_to_vec();
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let head = |origin: &str| {
        format!(
            "POST /dictum.v1.ExtractionService/ExtractClaims HTTP/1.1\r\nhost: dictum\r\norigin: {origin}\r\n\
             content-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n",
            body.len()
        )
    };
    let answer =
        exchange(&bench.extraction.endpoint, [head("https://desk.example").as_bytes(), &body].concat()).await;
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(answer.contains("access-control-allow-origin: https://desk.example"), "{answer}");
    assert!(answer.contains("grpc-status-details-bin"), "the headers with the status are exposed: {answer}");
    assert!(answer.contains("ada fenwick") && answer.contains("grpc-status:0"), "{answer}");

    let answer =
        exchange(&bench.extraction.endpoint, [head("https://other.example").as_bytes(), &body].concat())
            .await;
    assert!(!answer.contains("access-control-allow-origin"), "{answer}");
}

async fn exchange(endpoint: &str, request: Vec<u8>) -> String {
    let mut socket = TcpStream::connect(endpoint.trim_start_matches("http://")).await.unwrap();
    socket.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).to_lowercase()
}

#[tokio::test]
async fn a_connection_that_stays_mute_is_closed() {
    let mut config = BenchConfig::default();
    config.server.handshake_timeout = Duration::from_millis(50);
    let bench = Bench::with(config).await;
    assert_eq!(exchange(&bench.ingest.endpoint, Vec::new()).await, "");
}

#[tokio::test]
async fn garbage_and_large_headers_do_no_harm() {
    let bench = Bench::start().await;
    exchange(&bench.extraction.endpoint, b"\x16\x03\x01 this is no HTTP at all\r\n\r\n".to_vec()).await;
    let mut service = ExtractionServiceClient::new(bench.extraction.channel());
    let mut request = tonic::Request::new(v1::ExtractClaimsRequest::default());
    request.metadata_mut().insert("x-filler", "a".repeat(32 << 10).parse().unwrap());
    service.extract_claims(request).await.unwrap_err();
    let request = v1::ExtractClaimsRequest { document: Some(document(1)), ..Default::default() };
    service.extract_claims(request).await.unwrap();
}

/// Connections over the limit wait; they are served when one leaves.
#[tokio::test]
async fn connections_are_counted() {
    let mut config = BenchConfig::default();
    config.server.max_connections = 2; // ingest has one
    let bench = Bench::with(config).await;
    bench.ingest.connection().until_serving(INGEST, |_| {}).await;
    let call = |channel| async {
        let request = v1::ExtractClaimsRequest { document: Some(document(1)), ..Default::default() };
        ExtractionServiceClient::new(channel).extract_claims(request).await
    };
    let first = bench.extraction.channel();
    call(first.clone()).await.unwrap();
    let mut waiting = tokio::spawn(call(bench.extraction.channel()));
    for _ in 0..20 {
        call(first.clone()).await.unwrap();
    }
    assert!(futures_util::poll!(&mut waiting).is_pending());
    drop(first);
    waiting.await.unwrap().unwrap();
}
