//! What is stored in the things of the account: objects in buckets, items in tables.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud::alarms::AlarmState;
use cloud::tables::Item;

/// What is stored.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    /// The versions of objects, newest last, by bucket and key.
    pub objects: BTreeMap<String, BTreeMap<String, Vec<Version>>>,
    /// The items of tables, by table and by the text of their keys.
    pub tables: BTreeMap<String, BTreeMap<String, Item>>,
    /// What alarms say, and since when, by name.
    pub alarms: BTreeMap<String, (AlarmState, Duration)>,
}

/// A version of an object.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// None in a bucket without versions.
    pub id: Option<String>,
    /// None if it only says that the object was deleted.
    pub body: Option<Vec<u8>>,
    pub etag: String,
    pub written: Duration,
    pub content_type: Option<String>,
    pub metadata: BTreeMap<String, String>,
}

impl Storage {
    /// Says why a thing cannot be deleted: a bucket that holds something.
    pub fn occupied(&self, resource_type: &str, physical_id: &str) -> Option<String> {
        let is_full = resource_type == "AWS::S3::Bucket"
            && self.objects.get(physical_id).is_some_and(|objects| !objects.is_empty());
        is_full.then(|| {
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket. (Service: S3, Status Code: 409, Error Code: BucketNotEmpty)".to_owned()
        })
    }

    /// Forgets what was in a thing that is gone.
    pub fn forget(&mut self, resource_type: &str, physical_id: &str) {
        match resource_type {
            "AWS::S3::Bucket" => {
                self.objects.remove(physical_id);
            }
            "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => {
                self.alarms.remove(physical_id);
            }
            "AWS::DynamoDB::Table" => {
                self.tables.remove(physical_id);
            }
            _ => {}
        }
    }

    /// Reads an object by its address.
    pub fn at_url(&self, url: &str, region: &str) -> Option<Vec<u8>> {
        let rest = url.strip_prefix("https://")?;
        let (host, path) = rest.split_once('/')?;
        let is_path_style = host.starts_with("s3.") || host.starts_with(&format!("s3-{region}"));
        let (bucket, key) = if is_path_style { path.split_once('/')? } else { (host.split_once(".s3.")?.0, path) };
        self.newest(bucket, key)?.body.clone()
    }

    pub fn newest(&self, bucket: &str, key: &str) -> Option<&Version> {
        self.objects.get(bucket)?.get(key)?.last().filter(|version| version.body.is_some())
    }
}
