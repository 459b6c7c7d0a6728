//! Calls that are tried again where that can help, and pauses between attempts.

use std::{future::Future, time::Duration};

use tokio::time::{sleep, timeout};
use tonic::{Request, Response, Status};
use tower::retry::budget::Budget;

use crate::{
    ClientError, ClientOptions, Connection, Transport,
    error::{may_pass, retry_after},
    trace::Attempt,
};

impl Connection {
    /// Makes a call with the deadline and the retries of the options.
    pub(crate) async fn call<M, T, F>(
        &self,
        message: M,
        attempt: impl Fn(Transport, Request<M>) -> F,
    ) -> Result<T, ClientError>
    where
        M: Clone,
        F: Future<Output = Result<Response<T>, Status>>,
    {
        self.budget.deposit();
        let mut attempts = 1;
        loop {
            let status = match self.attempt(message.clone(), &attempt).await {
                Ok(answer) => return Ok(answer),
                Err(status) => status,
            };
            if attempts >= self.options.max_attempts || !may_pass(&status) || !self.budget.withdraw() {
                return Err(status.into());
            }
            sleep(pause(&self.options, attempts, &status)).await;
            attempts += 1;
        }
    }

    async fn attempt<M, T, F>(
        &self,
        message: M,
        attempt: impl Fn(Transport, Request<M>) -> F,
    ) -> Result<T, Status>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let mut request = Request::new(message);
        request.set_timeout(self.options.call_timeout); // tells the server
        let span = Attempt::begin(request.metadata_mut());
        let outcome = match timeout(self.options.call_timeout, attempt(self.channel.clone(), request)).await {
            Ok(answer) => answer.map(Response::into_inner),
            Err(_) => {
                Err(Status::deadline_exceeded(format!("no answer within {:?}", self.options.call_timeout)))
            }
        };
        span.end(&outcome);
        outcome
    }
}

/// Returns how long to wait after the attempt with this number, from 1: somewhere between nothing and a bound that
/// doubles, so that callers who failed together do not come back together; but never before the server asked.
pub(crate) fn pause(options: &ClientOptions, attempts: u32, status: &Status) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let bound = options.first_pause.saturating_mul(1 << doublings).min(options.max_pause);
    let jittered = bound.mul_f64(fastrand::f64());
    match retry_after(status) {
        Some(asked) => asked.min(options.max_pause) + jittered,
        None => jittered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_under_their_bound() {
        let options = ClientOptions::default();
        for attempts in 1..100 {
            assert!(pause(&options, attempts, &Status::unavailable("")) <= options.max_pause);
        }
        assert!(pause(&options, 1, &Status::unavailable("")) <= options.first_pause);
    }
}
