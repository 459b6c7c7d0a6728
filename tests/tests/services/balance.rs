//! Calls over several servers: none goes to a server that is known to be away, and what comes back gets its share.

use dictum_client::{ClientOptions, Connection, ExtractionClient};
use dictum_extraction::ExtractionConfig;
use dictum_server::{ServerConfig, bind};
use dictum_tests::{Running, start};
use tonic::Code;

async fn extraction() -> Running {
    start(|listener, stopped| async move {
        let config = ExtractionConfig { extraction_workers: None };
        dictum_extraction::serve(
            listener,
            &config,
            ServerConfig::default(),
            &dictum_tests::metrics(),
            async { drop(stopped.await) },
        )
        .await
    })
    .await
}

fn client(endpoints: &[&str], max_attempts: u32) -> ExtractionClient {
    let options = ClientOptions { max_attempts, ..Default::default() };
    ExtractionClient::new(Connection::new(&endpoints.join(","), options).unwrap())
}

#[tokio::test]
async fn a_server_that_was_never_there_gets_no_call() {
    let running = extraction().await;
    let nobody = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let nowhere = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let client = client(&[&nowhere, &running.endpoint], 1);
    for _ in 0..100 {
        client.describe_rules().await.unwrap();
    }
}

#[tokio::test]
async fn calls_go_on_while_servers_come_and_go() {
    let (first, second) = (extraction().await, extraction().await);
    let client = client(&[&first.endpoint, &second.endpoint], 5);
    let call = async || {
        for _ in 0..50 {
            client.describe_rules().await.unwrap();
        }
    };
    call().await;
    let address = first.endpoint.trim_start_matches("http://").parse().unwrap();
    first.stop().await;
    call().await;
    let listener = bind(address).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let again = tokio::spawn(async move {
        let config = ExtractionConfig { extraction_workers: None };
        dictum_extraction::serve(
            listener,
            &config,
            ServerConfig::default(),
            &dictum_tests::metrics(),
            async { drop(stopped.await) },
        )
        .await
    });
    call().await;
    second.stop().await; // from now on only the one that came back can answer
    call().await;
    drop(stop);
    again.await.unwrap().unwrap();
}

/// Where nobody is there, a call says so in time instead of waiting for somebody.
#[tokio::test]
async fn without_any_server_a_call_fails() {
    let client = client(&["http://127.0.0.1:1", "http://127.0.0.1:2"], 1);
    assert_eq!(client.describe_rules().await.unwrap_err().code(), Code::Unavailable);
}

/// A name is looked up, and all that it comes to is tried: here ::1, where nobody listens, and 127.0.0.1.
#[tokio::test]
async fn a_name_stands_for_all_its_addresses() {
    let running = extraction().await;
    let endpoint = running.endpoint.replace("127.0.0.1", "localhost");
    let client = client(&[&endpoint, "http://127.0.0.1:1"], 1);
    for _ in 0..20 {
        client.describe_rules().await.unwrap();
    }
}
