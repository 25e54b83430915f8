//! What tests put in front of the cloud.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use cloud::intercept::Call;
use cloud::{Cloud, Error, Interceptor, Result};

type Answer = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Calls a closure before every call.
struct Hook<F>(F);

#[async_trait]
impl<F: Fn(Call) -> Answer + Send + Sync> Interceptor for Hook<F> {
    async fn before(&self, call: &Call) -> Result<()> {
        (self.0)(call.clone()).await
    }
}

/// Puts a closure in front of every call; an error that it returns is the call's answer.
pub fn hooked<F>(cloud: &Cloud, hook: impl Fn(Call) -> F + Send + Sync + 'static) -> Cloud
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let hook = Hook(move |call| -> Answer { Box::pin(hook(call)) });
    let interceptor: Arc<dyn Interceptor> = Arc::new(hook);
    cloud.intercepted(&interceptor)
}

/// Leaves calls of one operation alone.
pub struct Except<T> {
    pub operation: &'static str,
    pub inner: Arc<T>,
}

#[async_trait]
impl<T: Interceptor> Interceptor for Except<T> {
    async fn before(&self, call: &Call) -> Result<()> {
        if call.operation == self.operation { Ok(()) } else { self.inner.before(call).await }
    }

    async fn after(&self, call: &Call, error: Option<&Error>) -> Result<()> {
        if call.operation == self.operation { Ok(()) } else { self.inner.after(call, error).await }
    }
}

/// Puts an interceptor in front of a cloud.
pub fn with(cloud: &Cloud, interceptor: &Arc<impl Interceptor + 'static>) -> Cloud {
    let interceptor: Arc<dyn Interceptor> = Arc::clone(interceptor) as _;
    cloud.intercepted(&interceptor)
}
