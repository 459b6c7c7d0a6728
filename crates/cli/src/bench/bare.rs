//! A service that answers reads of storage with what it was given and does nothing else: what an RPC costs by itself.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use dictum_proto::v1::{
    GetDocumentRequest, GetDocumentResponse, ListClaimsRequest, ListClaimsResponse, storage_service_server,
};
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{Service, http},
    server::{Grpc, NamedService, UnaryService},
};
use tonic_prost::ProstCodec;

/// The two answers.
#[derive(Debug, Clone)]
pub(crate) struct Bare {
    pub(crate) document: Arc<GetDocumentResponse>,
    pub(crate) page: Arc<ListClaimsResponse>,
}

impl NamedService for Bare {
    const NAME: &'static str = storage_service_server::SERVICE_NAME;
}

struct Answer<T>(Arc<T>);

impl<T: Clone + Send + 'static> Answer<T> {
    fn now(&self) -> Ready<Result<Response<T>, Status>> {
        ready(Ok(Response::new(T::clone(&self.0))))
    }
}

impl UnaryService<GetDocumentRequest> for Answer<GetDocumentResponse> {
    type Response = GetDocumentResponse;
    type Future = Ready<Result<Response<Self::Response>, Status>>;

    fn call(&mut self, _: Request<GetDocumentRequest>) -> Self::Future {
        self.now()
    }
}

impl UnaryService<ListClaimsRequest> for Answer<ListClaimsResponse> {
    type Response = ListClaimsResponse;
    type Future = Ready<Result<Response<Self::Response>, Status>>;

    fn call(&mut self, _: Request<ListClaimsRequest>) -> Self::Future {
        self.now()
    }
}

impl Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let Self { document, page } = self.clone();
        Box::pin(async move {
            Ok(if request.uri().path().ends_with("/GetDocument") {
                Grpc::new(ProstCodec::default()).unary(Answer(document), request).await
            } else {
                Grpc::new(ProstCodec::default()).unary(Answer(page), request).await
            })
        })
    }
}
