//! Waiting for a server that is not ready yet.

use tokio::time::{sleep, timeout};
use tonic::Status;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{ClientError, Connection, retry::pause};

impl Connection {
    /// Returns once the server says that `service` serves. Asks again and again, with growing pauses; `waiting` is told
    /// each time why it still waits.
    pub async fn until_serving(&self, service: &str, mut waiting: impl FnMut(&str) + Send) {
        for attempts in 1.. {
            let reason = match self.health(service).await {
                Ok(ServingStatus::Serving) => return,
                Ok(status) => status.as_str_name().to_owned(),
                Err(error) => error.to_string(),
            };
            waiting(&reason);
            sleep(pause(&self.options, attempts, &Status::unavailable(""))).await;
        }
    }

    async fn health(&self, service: &str) -> Result<ServingStatus, ClientError> {
        let mut client = HealthClient::new(self.channel.clone());
        let request = HealthCheckRequest { service: service.to_owned() };
        match timeout(self.options.connect_timeout, client.check(request)).await {
            Ok(answer) => Ok(answer?.into_inner().status()),
            Err(_) => Err(Status::deadline_exceeded("no answer in time").into()),
        }
    }
}
