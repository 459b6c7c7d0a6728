//! What calls go through: one server, or the best of several; with the caller's token.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use tonic::{body::Body, transport::Channel};
use tower::{BoxError, Service};

use crate::balance::Balancer;

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Transport {
    target: Target,
    authorization: Option<HeaderValue>,
}

#[derive(Debug, Clone)]
enum Target {
    One(Channel),
    Many(Balancer),
}

impl Transport {
    pub(crate) fn one(channel: Channel, authorization: Option<HeaderValue>) -> Self {
        Self { target: Target::One(channel), authorization }
    }

    pub(crate) fn many(balancer: Balancer, authorization: Option<HeaderValue>) -> Self {
        Self { target: Target::Many(balancer), authorization }
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    /// Which server it will be is not known yet: the call waits for it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(value) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, value.clone());
        }
        match self.target.clone() {
            Target::One(channel) => Box::pin(async move { Ok(send(channel, request).await?) }),
            Target::Many(balancer) => Box::pin(async move {
                let backend = balancer.pick().await?;
                match send(backend.channel(), request).await {
                    Ok(response) => Ok(response.map(|body| backend.until_end_of(body))),
                    Err(error) => {
                        backend.suspect();
                        Err(error.into())
                    }
                }
            }),
        }
    }
}

async fn send(
    mut channel: Channel,
    request: Request<Body>,
) -> Result<Response<Body>, tonic::transport::Error> {
    poll_fn(|cx| channel.poll_ready(cx)).await?;
    channel.call(request).await
}
