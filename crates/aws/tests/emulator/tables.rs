use std::collections::{BTreeMap, BTreeSet};

use cloud::tables::{AttributeValue, Expression, Item, Query, Scan, Tables, Update};
use cloud::{Cloud, ErrorKind};

pub(crate) async fn check(cloud: &Cloud, table: &str) {
    let tables = cloud.tables.as_ref();
    values(tables, table).await;
    conditions(tables, table).await;
    pages(tables, table).await;
    let error = tables.get("no-such-table", &key("a")).await.expect_err("no table");
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
}

async fn values(tables: &dyn Tables, table: &str) {
    let mut item = key("all");
    item.extend([
        ("text".to_owned(), "größe".into()),
        ("number".to_owned(), AttributeValue::Number("12345678901234567890.5".to_owned())),
        ("bytes".to_owned(), AttributeValue::Binary(vec![0, 255])),
        ("truth".to_owned(), true.into()),
        ("nothing".to_owned(), AttributeValue::Null),
        ("list".to_owned(), AttributeValue::List(vec![1_u64.into(), "two".into()])),
        ("map".to_owned(), AttributeValue::Map(key("inner"))),
        ("texts".to_owned(), AttributeValue::StringSet(BTreeSet::from(["a".to_owned(), "b".to_owned()]))),
    ]);
    tables.put(table, &item, None).await.expect("written");
    assert_eq!(tables.get(table, &key("all")).await.expect("an answer"), Some(item));
    tables.delete(table, &key("all"), None).await.expect("deleted");
    assert_eq!(tables.get(table, &key("all")).await.expect("an answer"), None);
    tables.delete(table, &key("all"), None).await.expect("deleting nothing is no error");
}

async fn conditions(tables: &dyn Tables, table: &str) {
    let mut item = key("job");
    item.insert("execution".to_owned(), "one".into());
    let mine = |me: &str| Expression::new("attribute_not_exists(id) OR execution = :me").value(":me", me);
    tables.put(table, &item, Some(&mine("one"))).await.expect("registered");
    tables.put(table, &item, Some(&mine("one"))).await.expect("the same registration again");
    let error = tables.put(table, &item, Some(&mine("other"))).await.expect_err("another one");
    assert_eq!(error.kind, ErrorKind::ConditionFailed, "{error}");

    let advance = |from: &str| Update {
        key: key("job"),
        change: Expression::new("SET #state = :to ADD attempt :one")
            .name("#state", "state")
            .value(":to", "enhancing")
            .value(":one", 1_u64),
        condition: Some(Expression::new("attribute_not_exists(#state) OR #state = :from").value(":from", from)),
    };
    let updated = tables.update(table, &advance("planning")).await.expect("updated");
    assert_eq!(updated["attempt"].as_u64(), Some(1));
    assert_eq!(updated["state"].as_str(), Some("enhancing"));
    let error = tables.update(table, &advance("planning")).await.expect_err("it is in another state");
    assert_eq!(error.kind, ErrorKind::ConditionFailed, "{error}");

    let never = Expression::new("attribute_not_exists(id)");
    let error = tables.delete(table, &key("job"), Some(&never)).await.expect_err("it exists");
    assert_eq!(error.kind, ErrorKind::ConditionFailed, "{error}");
    tables.delete(table, &key("job"), None).await.expect("deleted");
}

async fn pages(tables: &dyn Tables, table: &str) {
    for index in 0..5 {
        let mut item = key(&format!("page-{index}"));
        item.insert("owner".to_owned(), "media".into());
        item.insert("created".to_owned(), format!("2026-01-0{}", index + 1).into());
        tables.put(table, &item, None).await.expect("written");
    }
    let mut query = Query {
        index: Some("by-owner".to_owned()),
        key_condition: Expression::new("#owner = :owner").name("#owner", "owner").value(":owner", "media"),
        descending: true,
        limit: Some(2),
        ..Query::default()
    };
    let mut ids = Vec::new();
    loop {
        let page = tables.query(table, &query).await.expect("a page");
        assert!(page.items.len() <= 2);
        ids.extend(page.items.iter().map(id));
        query.start = page.next;
        if query.start.is_none() {
            break;
        }
    }
    assert_eq!(ids, ["page-4", "page-3", "page-2", "page-1", "page-0"]);

    let mut scan = Scan {
        filter: Some(Expression::new("created > :after").value(":after", "2026-01-03")),
        limit: Some(2),
        start: None,
    };
    let mut ids = BTreeSet::new();
    loop {
        let page = tables.scan(table, &scan).await.expect("a page");
        ids.extend(page.items.iter().map(id));
        scan.start = page.next;
        if scan.start.is_none() {
            break;
        }
    }
    assert_eq!(ids, BTreeSet::from(["page-3".to_owned(), "page-4".to_owned()]));
}

fn key(id: &str) -> Item {
    BTreeMap::from([("id".to_owned(), id.into())])
}

fn id(item: &Item) -> String {
    item["id"].as_str().expect("a text").to_owned()
}
