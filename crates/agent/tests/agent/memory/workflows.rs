//! Step Functions in memory: task tokens.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use cloud::workflows::{Execution, Workflows};
use cloud::{Error, ErrorKind, Result};

use super::lock;

#[derive(Default)]
pub struct MemoryWorkflows {
    tokens: Mutex<BTreeMap<String, Token>>,
}

/// What became of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Waiting,
    Succeeded { output: String },
    Failed { error: String, cause: String },
    TimedOut,
}

impl MemoryWorkflows {
    pub fn wait(&self, token: &str) {
        lock(&self.tokens).insert(token.to_owned(), Token::Waiting);
    }

    pub fn time_out(&self, token: &str) {
        lock(&self.tokens).insert(token.to_owned(), Token::TimedOut);
    }

    pub fn token(&self, token: &str) -> Token {
        lock(&self.tokens)[token].clone()
    }

    fn answer(&self, token: &str, operation: &'static str, answer: Option<Token>) -> Result<()> {
        match lock(&self.tokens).get_mut(token) {
            Some(waiting @ Token::Waiting) => {
                if let Some(answer) = answer {
                    *waiting = answer;
                }
                Ok(())
            }
            _ => Err(Error::new(ErrorKind::TokenDead, operation, "task timed out, or was answered")),
        }
    }
}

#[async_trait]
impl Workflows for MemoryWorkflows {
    async fn task_success(&self, token: &str, output: &str) -> Result<()> {
        self.answer(token, "states:SendTaskSuccess", Some(Token::Succeeded { output: output.to_owned() }))
    }

    async fn task_failure(&self, token: &str, error: &str, cause: &str) -> Result<()> {
        assert!(error.chars().count() <= 256 && cause.chars().count() <= 32_768);
        let failed = Token::Failed { error: error.to_owned(), cause: cause.to_owned() };
        self.answer(token, "states:SendTaskFailure", Some(failed))
    }

    async fn task_heartbeat(&self, token: &str) -> Result<()> {
        self.answer(token, "states:SendTaskHeartbeat", None)
    }

    async fn start_execution(&self, _: &str, _: &str, _: &str) -> Result<String> {
        Err(Error::new(ErrorKind::AccessDenied, "states:StartExecution", "workers start none"))
    }

    async fn describe_execution(&self, _: &str) -> Result<Execution> {
        Err(Error::new(ErrorKind::AccessDenied, "states:DescribeExecution", "workers describe none"))
    }

    async fn stop_execution(&self, _: &str, _: &str, _: &str) -> Result<()> {
        Err(Error::new(ErrorKind::AccessDenied, "states:StopExecution", "workers stop none"))
    }
}
