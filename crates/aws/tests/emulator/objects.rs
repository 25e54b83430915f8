use std::sync::Mutex;

use cloud::objects::{ObjectVersion, PutTarget, unwatched};
use cloud::{Cloud, ErrorKind, Objects};

/// All that a key may hold and that somebody once forgot.
const KEY: &str = "in coming/it's \"new\" $(id)\n+%2F/größe.mp4";

pub(crate) async fn check(cloud: &Cloud, bucket: &str) {
    let objects = cloud.objects.as_ref();
    small(objects, bucket).await;
    conditional(objects, bucket).await;
    large(objects, bucket).await;
    missing(objects, bucket).await;
}

async fn small(objects: &dyn Objects, bucket: &str) {
    let target = PutTarget::new(bucket, KEY).content_type("video/mp4").metadata("job", "a1");
    let first = objects.put(&target, b"first").await.expect("written");
    let second = objects.put(&target, b"the second").await.expect("written");
    assert_ne!(first.version, second.version);

    let newest = ObjectVersion::newest(bucket, KEY);
    let object = objects.get(&newest, 10).await.expect("an object");
    assert_eq!(object.body, b"the second");
    assert_eq!((&object.description.etag, &object.description.version), (&second.etag, &second.version));
    let head = objects.head(&newest).await.expect("an answer").expect("an object");
    assert_eq!((head.bytes, head.content_type.as_deref()), (10, Some("video/mp4")));
    assert_eq!(head.metadata.get("job").map(String::as_str), Some("a1"));

    let older = ObjectVersion { version: first.version.clone(), ..newest.clone() };
    assert_eq!(objects.get(&older, 10).await.expect("an object").body, b"first");
    let other = ObjectVersion { etag: Some(first.etag.clone()), ..newest.clone() };
    assert_eq!(objects.get(&other, 10).await.expect_err("another etag").kind, ErrorKind::PreconditionFailed);
    let error = objects.get(&newest, 9).await.expect_err("too large");
    assert_eq!(error.kind, ErrorKind::Validation);
    assert!(error.message.contains("it has 10 bytes, and 9 are allowed"), "{error}");

    let listed = objects.list(bucket, "in coming/").await.expect("a list");
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].key.as_str(), listed[0].bytes, &listed[0].etag), (KEY, 10, &second.etag));

    objects.delete(&newest).await.expect("deleted");
    assert_eq!(objects.head(&newest).await.expect("an answer"), None);
    objects.delete(&newest).await.expect("deleting nothing is no error");

    let versions = objects.list_versions(bucket, "in coming/").await.expect("versions");
    assert_eq!(versions.iter().filter(|version| !version.is_delete_marker).count(), 2, "{versions:?}");
    assert!(versions.iter().any(|version| version.is_delete_marker), "{versions:?}");
    for version in versions {
        assert_eq!(version.key, KEY);
        let target = ObjectVersion { version: version.version, ..newest.clone() };
        objects.delete(&target).await.expect("deleted");
    }
    assert!(objects.list_versions(bucket, "in coming/").await.expect("versions").is_empty());
}

async fn conditional(objects: &dyn Objects, bucket: &str) {
    let target = PutTarget::new(bucket, "manifest.json").if_absent();
    objects.put(&target, b"one").await.expect("the first is written");
    let error = objects.put(&target, b"other").await.expect_err("the second is not");
    assert_eq!(error.kind, ErrorKind::PreconditionFailed, "{error}");
    let object = objects.get(&ObjectVersion::newest(bucket, "manifest.json"), 10).await.expect("an object");
    assert_eq!(object.body, b"one");
}

async fn large(objects: &dyn Objects, bucket: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.bin");
    let body: Vec<u8> = (0..40_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    std::fs::write(&path, &body).expect("written");

    let seen = Mutex::new(Vec::new());
    let watch = |bytes| seen.lock().expect("no panic").push(bytes);
    let target = PutTarget::new(bucket, "large.bin").if_absent().content_type("video/x-matroska");
    let written = objects.upload(&target, &path, &watch).await.expect("uploaded");
    assert_eq!(written.bytes, 40_000_000);
    assert!(written.etag.ends_with("-3"), "three parts of at most 16 MiB: {written:?}");
    assert_eq!(seen.lock().expect("no panic").last(), Some(&40_000_000));

    let source = ObjectVersion { etag: Some(written.etag.clone()), ..ObjectVersion::newest(bucket, "large.bin") };
    let copy = folder.path().join("copy.bin");
    let description = objects.download(&source, &copy, &watch).await.expect("downloaded");
    assert_eq!((description.bytes, &description.etag), (40_000_000, &written.etag));
    assert!(std::fs::read(&copy).expect("a file") == body, "the bytes differ");

    let error = objects.upload(&target, &path, &unwatched).await.expect_err("it is there already");
    assert_eq!(error.kind, ErrorKind::PreconditionFailed, "{error}");

    let small = folder.path().join("small.bin");
    std::fs::write(&small, b"small").expect("written");
    let target = PutTarget::new(bucket, "small.bin");
    assert_eq!(objects.upload(&target, &small, &watch).await.expect("uploaded").bytes, 5);
    let error = objects.upload(&target, &folder.path().join("none"), &watch).await.expect_err("no such file");
    assert_eq!(error.kind, ErrorKind::File(std::io::ErrorKind::NotFound), "{error}");
}

async fn missing(objects: &dyn Objects, bucket: &str) {
    let nothing = ObjectVersion::newest(bucket, "nothing");
    assert_eq!(objects.head(&nothing).await.expect("an answer"), None);
    let error = objects.get(&nothing, 10).await.expect_err("nothing there");
    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::NotFound, Some("NoSuchKey")));
    assert!(error.message.contains(&format!("s3://{bucket}/nothing")), "{error}");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nothing");
    let error = objects.download(&nothing, &path, &unwatched).await.expect_err("nothing there");
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(!path.exists());
    let error = objects.list("no-such-bucket-here", "").await.expect_err("no bucket");
    assert_eq!(error.kind, ErrorKind::NotFound);
    let error = objects.put(&PutTarget::new("no-such-bucket-here", "x"), b"").await.expect_err("no bucket");
    assert_eq!(error.kind, ErrorKind::NotFound);
}
