//! How each thing that can fail is told.

use serde_json::Value;

use crate::instance::{Ended, Instance, bluewhale, sample, video};

/// Runs a command that fails, and holds it to having published nothing.
#[track_caller]
fn fail<'v>(source: Option<&[u8]>, more: impl IntoIterator<Item = (&'v str, &'v str)>) -> Ended {
    let instance = Instance::new();
    if let Some(source) = source {
        instance.put("sources", "source", source, &Value::Null);
    }
    let ended = instance.run("enhance-bluewhale", &bluewhale(more));
    assert_eq!(instance.bucket("enhanced"), [] as [Value; 0]);
    ended
}

#[test]
fn the_source_must_be_the_one_that_was_asked_for() {
    let sample = sample();
    let bytes = (sample.len() + 1).to_string();
    fail(None, []).failed("input", "404");
    fail(Some(&sample), [("SSM_SourceVersion", "v7")]).failed("input", "404");
    fail(Some(&sample), [("SSM_SourceEtag", "other")]).failed("input", "etag etag0 instead of other");
    fail(Some(&sample), [("SSM_SourceBytes", bytes.as_str())]).failed("input", "size");
    fail(Some(&sample), [("AWS_FAULTS", "get-object:half")]).failed("input", "size");
    fail(Some(&sample), [("AWS_FAULTS", "get-object:PreconditionFailed")]).failed("input", "PreconditionFailed");
    fail(Some(&sample), [("AWS_FAULTS", "get-object:InvalidObjectState")]).failed("input", "InvalidObjectState");
}

#[test]
fn the_version_that_was_asked_for_is_the_one_that_is_enhanced() {
    let instance = Instance::new();
    let version = instance.put("sources", "source", &sample(), &Value::Null);
    instance.put("sources", "source", b"a newer one that is no video", &Value::Null);
    let asked_for = [("SSM_SourceVersion", version.as_str()), ("SSM_SourceEtag", "etag0")];
    assert_eq!(instance.run("enhance-bluewhale", &bluewhale(asked_for)).report().frames, 10);
    for call in instance.calls().iter().filter(|call| call.contains(&"sources".to_owned())) {
        assert!(call.contains(&format!("--version-id={version}")), "{call:?}");
    }
    let download = instance.calls().into_iter().find(|call| call[1] == "get-object").unwrap();
    assert!(download.contains(&"--if-match=\"etag0\"".to_owned()), "{download:?}");
}

#[test]
fn what_is_downloaded_is_what_was_looked_at() {
    let instance = Instance::new();
    instance.put("sources", "source", &sample(), &Value::Null);
    instance.run("enhance-bluewhale", &bluewhale([])).report();
    let download = instance.calls().into_iter().find(|call| call[1] == "get-object").unwrap();
    assert!(download.contains(&"--version-id=v0".to_owned()), "{download:?}");
    assert!(download.contains(&"--if-match=\"etag0\"".to_owned()), "{download:?}");
}

#[test]
fn calls_that_fail_are_told_by_kind() {
    let sample = sample();
    for (fault, kind) in [
        ("head-object:SlowDown", "transient"),
        ("head-object:503", "transient"),
        ("head-object:network", "transient"),
        ("head-object:403", "internal"),
        ("head-object:NoSuchBucket", "internal"),
        ("head-object:credentials", "internal"),
        ("get-object:InternalError", "transient"),
        ("get-object:network", "transient"),
        ("get-object:AccessDenied", "internal"),
        ("get-object:disk", "resource"),
        ("get-object:KMS.DisabledException", "internal"),
        ("put-object:SlowDown", "transient"),
        ("put-object:network", "transient"),
        ("put-object:AccessDenied", "internal"),
    ] {
        let ended = fail(Some(&sample), [("AWS_FAULTS", fault)]);
        ended.failed(kind, "");
        assert!(ended.errors.contains("\nhint: "), "{}", ended.errors);
    }
}

#[test]
fn sources_that_cannot_be_enhanced_are_refused() {
    let ended = fail(Some(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), []);
    ended.failed("input", "no video that can be opened");
    let sound = video("-f lavfi -i sine=duration=0.4 -c:a aac sound.mp4");
    fail(Some(&sound), []).failed("input", "no video stream");
    let two = video(
        "-f lavfi -i testsrc2=size=64x48:duration=0.4 -f lavfi -i testsrc2=size=64x48:duration=0.4 -map 0 -map 1 \
         -c:v libx264 two.mkv",
    );
    fail(Some(&two), []).failed("input", "more than one video stream: stream 0 (video h264) and stream 1");
    let tiny = video("-f lavfi -i testsrc2=size=64x8:duration=0.4 -c:v libx264 tiny.mp4");
    fail(Some(&tiny), []).failed("input", "64x8");
    let wide = video("-f lavfi -i testsrc2=size=2080x16:duration=0.08 -c:v libx264 -preset ultrafast wide.mp4");
    fail(Some(&wide), []).failed("input", "h264_nvenc writes at most 4096 pixels a side");
    let bright = video(
        "-f lavfi -i testsrc2=size=64x48:duration=0.4 -c:v libx265 -pix_fmt yuv420p10le -x265-params log-level=error \
         -color_trc smpte2084 -color_primaries bt2020 -colorspace bt2020nc bright.mp4",
    );
    fail(Some(&bright), []).failed("input", "high dynamic range");
    let pcm =
        video("-f lavfi -i testsrc2=size=64x48:duration=0.4 -f lavfi -i sine=duration=0.4 -c:a pcm_s16le pcm.mkv");
    let ended = fail(Some(&pcm), []);
    ended.failed("input", "stream 1 (audio pcm_s16le) cannot be written to mp4");
    assert!(ended.errors.contains("hint: use container mkv"), "{}", ended.errors);
}

#[test]
fn damaged_sources_are_refused() {
    let matroska = sample();
    fail(Some(&matroska[..matroska.len() * 2 / 3]), []).failed("input", "the source");
    let mp4 = video(
        "-f lavfi -i testsrc2=size=64x48:rate=25:duration=4 -c:v libx264 -preset ultrafast -movflags +faststart long.mp4",
    );
    fail(Some(&mp4[..mp4.len() / 2]), []).failed("input", "the source");
    // Cut off between two of its tags, a Flash video decodes without an error.
    let flash = video("-f lavfi -i testsrc2=size=64x48:rate=25:duration=4 -c:v libx264 -preset ultrafast flash.flv");
    let mut end = 13;
    while end < flash.len() / 2 {
        let [high, middle, low] = [1, 2, 3].map(|byte| usize::from(flash[end + byte]));
        end += 11 + (high << 16 | middle << 8 | low) + 4;
    }
    fail(Some(&flash[..end]), []).failed("input", "the source declares 4.000000 s, and ends after ");
    let mut flipped = mp4.clone();
    let middle = mp4.len() / 2;
    flipped[middle..middle + 64].fill(0xa5);
    fail(Some(&flipped), []).failed("input", "the source does not decode to its end");
}

#[test]
fn an_engine_that_fails_is_told_by_kind() {
    let sample = sample();
    let run = |fault| fail(Some(&sample), [("FFMPEG_FAULT", fault)]);
    run("fail").failed("engine", "enhancing with bluewhale: [bdsr] [error] the model does not load");
    run("crash").failed("engine", "enhancing with bluewhale");
    run("memory").failed("resource", "CUDA error: out of memory");
    run("disk").failed("resource", "exit code 228");
}

#[test]
fn a_result_that_is_wrong_is_not_published() {
    let sample = sample();
    let run = |fault| fail(Some(&sample), [("FFMPEG_FAULT", fault)]);
    run("small").failed("engine", "the result is wrong: size: 64x48 instead of 128x96");
    run("drop").failed("engine", "the result is wrong: frames: 5 instead of 10");
    let long = video(
        "-f lavfi -i testsrc2=size=64x48:rate=25:duration=0.4 -f lavfi -i sine=duration=1 -c:v libx264 \
         -preset ultrafast -c:a aac long.mkv",
    );
    let short = fail(Some(&long), [("FFMPEG_FAULT", "short")]);
    short.failed("engine", "the result is wrong: duration: 0.");
    run("deaf").failed("engine", "the result is wrong: audio streams: 0 instead of 2");
}

#[test]
fn an_instance_that_cannot_do_it_says_so() {
    let sample = sample();
    fail(Some(&sample), [("GPUS", "No devices were found")]).failed("resource", "nvidia-smi finds no GPU");
    let instance = Instance::new();
    std::fs::write(instance.stand_in("active"), "").unwrap();
    let ended = instance.run("enhance-bluewhale", &bluewhale([]));
    ended.failed("resource", "the agent works on this instance");
    assert!(instance.operations().is_empty());
    // No disk holds a part of this size.
    let ended = fail(Some(&sample), [("BALEEN_PART_BYTES", "1152921504606846976")]);
    ended.failed("resource", "bytes of disk");
}

/// Whatever nobody thought of ends as a mistake of the command, and not as a code that means something else.
#[test]
fn an_unexpected_end_is_internal() {
    let instance = Instance::new();
    std::fs::create_dir_all(instance.root("var/lib/baleen")).unwrap();
    std::fs::write(instance.root("var/lib/baleen/commands"), "no folder").unwrap();
    let ended = instance.start("enhance-bluewhale", &bluewhale([])).ended();
    ended.failed("internal", "exit code 1 at line ");
}
