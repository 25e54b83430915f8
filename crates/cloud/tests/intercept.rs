//! Recording and faults in front of a table that lives in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloud::faults::{Fault, Faults, Moment};
use cloud::intercept::{self, Call};
use cloud::recording::Recording;
use cloud::tables::{Expression, Item, Page, Query, Scan, Tables, Update};
use cloud::{Error, ErrorKind, Interceptor, Result};

/// Knows only `put` and `get`, and nobody else's table.
#[derive(Default)]
struct Memory {
    items: Mutex<Vec<Item>>,
}

#[async_trait]
impl Tables for Memory {
    async fn get(&self, _table: &str, key: &Item) -> Result<Option<Item>> {
        let items = self.items.lock().expect("no panic");
        Ok(items.iter().find(|item| item["id"] == key["id"]).cloned())
    }

    async fn put(&self, table: &str, item: &Item, _condition: Option<&Expression>) -> Result<()> {
        if table != "jobs" {
            return Err(Error::new(ErrorKind::NotFound, "dynamodb:PutItem", "no such table"));
        }
        self.items.lock().expect("no panic").push(item.clone());
        Ok(())
    }

    async fn update(&self, _table: &str, _update: &Update) -> Result<Item> {
        unsupported()
    }

    async fn delete(&self, _table: &str, _key: &Item, _condition: Option<&Expression>) -> Result<()> {
        unsupported()
    }

    async fn query(&self, _table: &str, _query: &Query) -> Result<Page> {
        unsupported()
    }

    async fn scan(&self, _table: &str, _scan: &Scan) -> Result<Page> {
        unsupported()
    }
}

fn unsupported<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Service, "none", "not here"))
}

fn behind(interceptor: Arc<dyn Interceptor>) -> (Arc<Memory>, Arc<dyn Tables>) {
    let memory = Arc::new(Memory::default());
    (Arc::clone(&memory), intercept::tables(memory, interceptor))
}

fn item(id: &str) -> Item {
    BTreeMap::from([("id".to_owned(), id.into())])
}

fn put_fails(call: u32, moment: Moment, kind: ErrorKind) -> Fault {
    Fault { operation: "dynamodb:PutItem", call, moment, kind }
}

#[tokio::test]
async fn a_fault_before_a_call_keeps_it_from_happening() {
    let faults = Arc::new(Faults::planned([put_fails(2, Moment::Before, ErrorKind::Throttled)]));
    let (memory, tables) = behind(Arc::clone(&faults) as Arc<dyn Interceptor>);
    tables.put("jobs", &item("a"), None).await.expect("the first call");
    let error = tables.put("jobs", &item("b"), None).await.expect_err("the second call");
    assert_eq!(error.kind, ErrorKind::Throttled);
    assert_eq!(error.message, "call 2 was made to fail before it took effect");
    tables.put("jobs", &item("c"), None).await.expect("the third call");

    assert_eq!(*memory.items.lock().expect("no panic"), [item("a"), item("c")]);
    let fired = faults.fired();
    assert_eq!(fired.len(), 1);
    assert_eq!(fired[0].call, Call { operation: "dynamodb:PutItem", subject: "jobs".to_owned(), number: 2 });
}

#[tokio::test]
async fn a_fault_after_a_call_hides_that_it_happened() {
    let faults = Arc::new(Faults::planned([put_fails(1, Moment::After, ErrorKind::Timeout)]));
    let (memory, tables) = behind(Arc::clone(&faults) as Arc<dyn Interceptor>);
    let error = tables.put("jobs", &item("a"), None).await.expect_err("the answer is lost");
    assert!(error.may_have_taken_effect());
    assert_eq!(*memory.items.lock().expect("no panic"), [item("a")]);
    assert_eq!(faults.fired().len(), 1);
}

#[tokio::test]
async fn a_call_that_fails_by_itself_is_no_fault() {
    let faults = Arc::new(Faults::planned([put_fails(1, Moment::After, ErrorKind::Timeout)]));
    let (_, tables) = behind(Arc::clone(&faults) as Arc<dyn Interceptor>);
    let error = tables.put("other", &item("a"), None).await.expect_err("no such table");
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(faults.fired().is_empty());
}

#[tokio::test]
async fn a_seed_fails_the_same_calls_every_time() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let faults = Arc::new(Faults::drawn(7, 100));
        let (memory, tables) = behind(Arc::clone(&faults) as Arc<dyn Interceptor>);
        for index in 0..1000 {
            drop(tables.put("jobs", &item(&index.to_string()), None).await);
        }
        let fired = faults.fired();
        let before = fired.iter().filter(|fired| fired.moment == Moment::Before).count();
        // A tenth of a thousand, half of them before: the exact numbers are the seed's.
        assert!((70..130).contains(&fired.len()), "{}", fired.len());
        assert!((20..80).contains(&before), "{before}");
        assert_eq!(memory.items.lock().expect("no panic").len(), 1000 - before);
        runs.push(fired);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_recording_knows_every_call_and_how_it_ended() {
    let recording = Arc::new(Recording::default());
    let (_, tables) = behind(Arc::clone(&recording) as Arc<dyn Interceptor>);
    tables.put("jobs", &item("a"), None).await.expect("written");
    drop(tables.put("other", &item("a"), None).await);
    tables.get("jobs", &item("a")).await.expect("read");

    assert_eq!(recording.operations(), ["dynamodb:PutItem", "dynamodb:PutItem", "dynamodb:GetItem"]);
    assert_eq!(recording.count("dynamodb:PutItem"), 2);
    let errors: Vec<_> = recording.calls().into_iter().map(|recorded| recorded.error.map(|error| error.kind)).collect();
    assert_eq!(errors, [None, Some(ErrorKind::NotFound), None]);
}
